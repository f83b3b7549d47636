//! The layer that refuses unsafe requests from other origins.

use std::future::{Ready, ready};
use std::sync::Arc;
use std::task::{Context, Poll};

use actix_web::Error;
use actix_web::body::{EitherBody, MessageBody};
use actix_web::dev::{Service, ServiceRequest, ServiceResponse, Transform};
use cloakroom_core::CrossOrigin;
use futures_util::TryFutureExt as _;
use futures_util::future::{Either, MapOk};

use crate::border;

/// Refuses what other sites' pages make a visitor's browser send (CSRF), by the rules of [`CrossOrigin`]: with 403, before
/// the application sees it. Needs no session and keeps nothing; it stands round the whole application.
///
/// ```
/// use actix_web::{App, web};
/// use cloakroom_actix::CrossOriginLayer;
/// use cloakroom_core::CrossOrigin;
///
/// let policy = CrossOrigin::new().trust_origin("https://accounts.example.com")?;
/// let app = App::new()
///     .route("/cart", web::post().to(async || "put"))
///     .wrap(CrossOriginLayer::new(policy));
/// # drop(app);
/// # Ok::<(), cloakroom_core::ConfigError>(())
/// ```
///
/// To draw a page of your own, look for a [`CrossOriginRefusal`](cloakroom_core::CrossOriginRefusal) in the response's
/// extensions, in a middleware outside of this one.
#[derive(Clone, Debug, Default)]
pub struct CrossOriginLayer {
    policy: Arc<CrossOrigin>,
}

impl CrossOriginLayer {
    /// Makes a layer of a policy. `CrossOriginLayer::default()` trusts no other origin and exempts nothing.
    #[must_use]
    pub fn new(policy: CrossOrigin) -> Self {
        Self { policy: Arc::new(policy) }
    }
}

impl<S, B> Transform<S, ServiceRequest> for CrossOriginLayer
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error>,
    B: MessageBody,
{
    type Response = ServiceResponse<EitherBody<B>>;
    type Error = Error;
    type Transform = CrossOriginService<S>;
    type InitError = ();
    type Future = Ready<Result<Self::Transform, ()>>;

    fn new_transform(&self, inner: S) -> Self::Future {
        ready(Ok(CrossOriginService { inner, policy: Arc::clone(&self.policy) }))
    }
}

/// A service behind a [`CrossOriginLayer`].
#[derive(Debug)]
pub struct CrossOriginService<S> {
    inner: S,
    policy: Arc<CrossOrigin>,
}

type Answered<B> = ServiceResponse<EitherBody<B>>;
type Passed<F, B> = MapOk<F, fn(ServiceResponse<B>) -> Answered<B>>;

impl<S, B> Service<ServiceRequest> for CrossOriginService<S>
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error>,
    B: MessageBody,
{
    type Response = Answered<B>;
    type Error = Error;
    type Future = Either<Passed<S::Future, B>, Ready<Result<Answered<B>, Error>>>;

    fn poll_ready(&self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&self, request: ServiceRequest) -> Self::Future {
        let head = border::parts(&request, &CrossOrigin::HEADERS);
        match self.policy.check(&head.method, &head.uri, &head.headers) {
            Ok(()) => {
                Either::Left(self.inner.call(request).map_ok(ServiceResponse::map_into_left_body))
            }
            Err(refusal) => Either::Right(ready(Ok(border::respond(request, refusal.answer())))),
        }
    }
}
