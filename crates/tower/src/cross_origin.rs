//! The layer that refuses unsafe requests from other origins.

use std::sync::Arc;
use std::task::{Context, Poll};

use cloakroom_core::CrossOrigin;
use http::{Request, Response};
use tower_layer::Layer;
use tower_service::Service;

use crate::AnsweredFuture;

/// Refuses what other sites' pages make a visitor's browser send (CSRF), by the rules of [`CrossOrigin`]: with 403, before
/// the service sees it. Needs no session and keeps nothing; round the whole application it is one look at two headers for
/// each unsafe request, and none for the others.
///
/// ```
/// use axum::{Router, routing::post};
/// use cloakroom_core::CrossOrigin;
/// use cloakroom_tower::CrossOriginLayer;
///
/// let policy = CrossOrigin::new().trust_origin("https://accounts.example.com")?;
/// let app: Router =
///     Router::new().route("/cart", post(async || "put")).layer(CrossOriginLayer::new(policy));
/// # Ok::<(), cloakroom_core::ConfigError>(())
/// ```
///
/// To draw a page of your own, look for a [`CrossOriginRefusal`](cloakroom_core::CrossOriginRefusal) in the response's
/// extensions, in a layer outside of this one.
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

impl<S> Layer<S> for CrossOriginLayer {
    type Service = CrossOriginService<S>;

    fn layer(&self, inner: S) -> Self::Service {
        CrossOriginService { inner, policy: self.policy.clone() }
    }
}

/// A service behind a [`CrossOriginLayer`].
#[derive(Clone, Debug)]
pub struct CrossOriginService<S> {
    inner: S,
    policy: Arc<CrossOrigin>,
}

impl<S, Req, Res> Service<Request<Req>> for CrossOriginService<S>
where
    S: Service<Request<Req>, Response = Response<Res>>,
    Res: From<String>,
{
    type Response = Response<Res>;
    type Error = S::Error;
    type Future = AnsweredFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<Req>) -> Self::Future {
        match self.policy.check(request.method(), request.uri(), request.headers()) {
            Ok(()) => AnsweredFuture::service(self.inner.call(request)),
            Err(refusal) => AnsweredFuture::answer(refusal.answer()),
        }
    }
}
