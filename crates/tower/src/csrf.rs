//! The layer that wants a CSRF token with each unsafe request.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use crate::service::take_ready;
use bytes::Bytes;
use cloakroom_core::{Answer, Csrf, CsrfRefusal, CsrfStep, Session};
use http::{Request, Response};
use http_body::Body;
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use tower_layer::Layer;
use tower_service::Service;

/// Wants a CSRF token with each unsafe request, by the rules of [`Csrf`]. It stands inside the layer of the sessions and
/// outside of what reads the body. A form is read to find the token, as far as [`Csrf::largest_form`], and handed on whole.
///
/// ```
/// use axum::{Router, routing::get};
/// use cloakroom_core::{MemoryStore, Secret, Sessions};
/// use cloakroom_tower::{CrossOriginLayer, CsrfLayer, SessionLayer};
///
/// let sessions = Sessions::builder(MemoryStore::new()).secret(Secret::generate()?).build()?;
/// let app: Router = Router::new()
///     .route("/", get(async || "a form").post(async || "done"))
///     .layer(CsrfLayer::default())
///     .layer(SessionLayer::new(sessions))
///     .layer(CrossOriginLayer::default());
/// # Ok::<(), cloakroom_core::ConfigError>(())
/// ```
///
/// To draw a page of your own, look for a [`CsrfRefusal`] in the response's extensions, in a layer outside of this one.
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

impl<S> Layer<S> for CsrfLayer {
    type Service = CsrfService<S>;

    fn layer(&self, inner: S) -> Self::Service {
        CsrfService { inner, policy: self.policy.clone() }
    }
}

/// A service behind a [`CsrfLayer`].
#[derive(Clone, Debug)]
pub struct CsrfService<S> {
    inner: S,
    policy: Arc<Csrf>,
}

impl<S, Req, Res> Service<Request<Req>> for CsrfService<S>
where
    S: Service<Request<Req>, Response = Response<Res>> + Clone + Send + 'static,
    S::Future: Send,
    Req: Body<Data: Send, Error: Into<Box<dyn std::error::Error + Send + Sync>>>
        + From<Bytes>
        + Send
        + 'static,
    Res: From<String>,
{
    type Response = Response<Res>;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, S::Error>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<Req>) -> Self::Future {
        let mut inner = take_ready(&mut self.inner);
        let policy = self.policy.clone();
        Box::pin(async move {
            let (head, mut body) = request.into_parts();
            match policy.check(&head).await {
                CsrfStep::Pass => {}
                CsrfStep::Refuse(answer) => return Ok(answer.map(Res::from)),
                CsrfStep::Form { session, limit } => {
                    match read_form(&policy, &session, body, limit).await {
                        Ok(form) => body = Req::from(form),
                        Err(answer) => return Ok(answer.map(Res::from)),
                    }
                }
            }
            inner.call(Request::from_parts(head, body)).await
        })
    }
}

/// Reads a form to its end; `Err` is what the request gets instead.
async fn read_form<B>(
    policy: &Csrf,
    session: &Session,
    body: B,
    limit: usize,
) -> Result<Bytes, Answer>
where
    B: Body<Error: Into<Box<dyn std::error::Error + Send + Sync>>>,
{
    let form = match Limited::new(body, limit).collect().await {
        Ok(form) => form.to_bytes(),
        Err(error) if error.is::<LengthLimitError>() => {
            return Err(policy.refuse_form(session, CsrfRefusal::FormTooLarge));
        }
        Err(_) => return Err(policy.refuse_form(session, CsrfRefusal::Unreadable)),
    };
    policy.check_form(session, &form).map_or(Ok(form), Err)
}
