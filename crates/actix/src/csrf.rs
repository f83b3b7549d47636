//! The layer that wants a CSRF token with each unsafe request.

use std::future::{Ready, ready};
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll};

use actix_web::Error;
use actix_web::body::{EitherBody, MessageBody};
use actix_web::dev::{Payload, Service, ServiceRequest, ServiceResponse, Transform};
use actix_web::web::{Bytes, BytesMut};
use cloakroom_core::{Answer, Csrf, CsrfRefusal, CsrfStep, Session};
use futures_util::StreamExt as _;
use futures_util::future::LocalBoxFuture;

use crate::border;

/// Wants a CSRF token with each unsafe request, by the rules of [`Csrf`]. It stands inside the layer of the sessions and
/// outside of what reads the body. A form is read to find the token, as far as [`Csrf::largest_form`], and handed on whole.
///
/// ```
/// use actix_web::{App, web};
/// use cloakroom_actix::{CrossOriginLayer, CsrfLayer, SessionLayer};
/// use cloakroom_core::{MemoryStore, Secret, Sessions};
///
/// let sessions = Sessions::builder(MemoryStore::new()).secret(Secret::generate()?).build()?;
/// let app = App::new()
///     .route("/", web::get().to(async || "a form"))
///     .route("/", web::post().to(async || "done"))
///     .wrap(CsrfLayer::default())
///     .wrap(SessionLayer::new(sessions))
///     .wrap(CrossOriginLayer::default());
/// # drop(app);
/// # Ok::<(), cloakroom_core::ConfigError>(())
/// ```
///
/// To draw a page of your own, look for a [`CsrfRefusal`] in the response's extensions, in a middleware outside of this one.
#[derive(Clone, Debug, Default)]
pub struct CsrfLayer {
    policy: Arc<Csrf>,
}

impl CsrfLayer {
    /// Makes a layer of a policy. `CsrfLayer::default()` exempts nothing and reads forms of at most 64 KiB.
    #[must_use]
    pub fn new(policy: Csrf) -> Self {
        Self { policy: Arc::new(policy) }
    }
}

impl<S, B> Transform<S, ServiceRequest> for CsrfLayer
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error> + 'static,
    B: MessageBody + 'static,
{
    type Response = ServiceResponse<EitherBody<B>>;
    type Error = Error;
    type Transform = CsrfService<S>;
    type InitError = ();
    type Future = Ready<Result<Self::Transform, ()>>;

    fn new_transform(&self, inner: S) -> Self::Future {
        ready(Ok(CsrfService { inner: Rc::new(inner), policy: Arc::clone(&self.policy) }))
    }
}

/// A service behind a [`CsrfLayer`].
#[derive(Debug)]
pub struct CsrfService<S> {
    inner: Rc<S>,
    policy: Arc<Csrf>,
}

impl<S, B> Service<ServiceRequest> for CsrfService<S>
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error> + 'static,
    B: MessageBody + 'static,
{
    type Response = ServiceResponse<EitherBody<B>>;
    type Error = Error;
    type Future = LocalBoxFuture<'static, Result<Self::Response, Error>>;

    fn poll_ready(&self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&self, mut request: ServiceRequest) -> Self::Future {
        let (inner, policy) = (Rc::clone(&self.inner), Arc::clone(&self.policy));
        Box::pin(async move {
            let head = border::parts(&request, &Csrf::HEADERS);
            match policy.check(&head).await {
                CsrfStep::Pass => {}
                CsrfStep::Refuse(answer) => return Ok(border::respond(request, answer)),
                CsrfStep::Form { session, limit } => {
                    let body = request.parts_mut().1.take();
                    match read_form(&policy, &session, body, limit).await {
                        Ok(form) => request.set_payload(form.into()),
                        Err(answer) => return Ok(border::respond(request, answer)),
                    }
                }
            }
            Ok(inner.call(request).await?.map_into_left_body())
        })
    }
}

/// Reads a form to its end; `Err` is what the request gets instead.
async fn read_form(
    policy: &Csrf,
    session: &Session,
    mut body: Payload,
    limit: usize,
) -> Result<Bytes, Answer> {
    let refused = |refusal| policy.refuse_form(session, refusal);
    let mut form = BytesMut::new();
    while let Some(chunk) = body.next().await {
        let Ok(chunk) = chunk else { return Err(refused(CsrfRefusal::Unreadable)) };
        if chunk.len() > limit - form.len() {
            return Err(refused(CsrfRefusal::FormTooLarge));
        }
        form.extend_from_slice(&chunk);
    }
    policy.check_form(session, &form).map_or(Ok(form.freeze()), Err)
}
