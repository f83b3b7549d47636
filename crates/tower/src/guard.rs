//! Guards as layers.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use crate::service::take_ready;
use cloakroom_core::{ConfigError, Guard};
use http::{Extensions, Request, Response, Uri};
use tower_layer::Layer;
use tower_service::Service;

/// Lets signed-in visitors through; see [`Guard::require_user`].
///
/// ```
/// use axum::{Router, routing::get};
/// use cloakroom_core::{MemoryStore, Secret, Sessions};
/// use cloakroom_tower::{SessionLayer, require_user};
///
/// let sessions = Sessions::builder(MemoryStore::new()).secret(Secret::generate()?).build()?;
/// let members = Router::new().route("/orders", get(async || "yours")); // more routes
/// let app: Router = members
///     .route_layer(require_user().or_sign_in_at("/sign-in")?)
///     .route("/", get(async || "everybody's"))
///     .layer(SessionLayer::new(sessions)); // outside
/// # Ok::<(), cloakroom_core::ConfigError>(())
/// ```
#[must_use]
pub fn require_user() -> GuardLayer {
    GuardLayer::new(Guard::require_user())
}

/// Lets visitors through who are not signed in, and sends the others to the page at `path`; see [`Guard::guest`].
///
/// # Errors
///
/// [`ConfigError::InvalidPath`] if that is no path on this site.
pub fn guest(path: &str) -> Result<GuardLayer, ConfigError> {
    Guard::guest(path).map(GuardLayer::new)
}

/// Lets visitors through who signed in at most so long ago; see [`Guard::recent_sign_in`].
#[must_use]
pub fn recent_sign_in(at_most: Duration) -> GuardLayer {
    GuardLayer::new(Guard::recent_sign_in(at_most))
}

/// A [`Guard`] round a service. It stands inside the layer of the sessions. See [`require_user`].
#[derive(Clone, Debug)]
pub struct GuardLayer {
    guard: Guard,
    target: Option<Target>,
}

/// Finds the request's target as the browser knows it.
type Target = fn(&Extensions) -> Option<&Uri>;

impl GuardLayer {
    /// Makes a layer of a guard.
    #[must_use]
    pub fn new(guard: Guard) -> Self {
        Self { guard, target: None }
    }

    /// Sends those who may not pass to the page at `path`; see [`Guard::or_sign_in_at`].
    ///
    /// # Errors
    ///
    /// [`ConfigError::InvalidPath`] if that is no path on this site.
    pub fn or_sign_in_at(mut self, path: &str) -> Result<Self, ConfigError> {
        self.guard = self.guard.or_sign_in_at(path)?;
        Ok(self)
    }

    /// Tells how to find the request's whole target, which `next` is to lead back to, where a router takes a prefix away
    /// from it. For axum's `nest`: `|extensions| extensions.get::<OriginalUri>().map(|uri| &uri.0)`. Default: the target as
    /// the layer sees it.
    #[must_use]
    pub fn original_uri(mut self, target: fn(&Extensions) -> Option<&Uri>) -> Self {
        self.target = Some(target);
        self
    }
}

impl<S> Layer<S> for GuardLayer {
    type Service = GuardService<S>;

    fn layer(&self, inner: S) -> Self::Service {
        GuardService { inner, layer: Arc::new(self.clone()) }
    }
}

/// A service behind a [`GuardLayer`].
#[derive(Clone, Debug)]
pub struct GuardService<S> {
    inner: S,
    layer: Arc<GuardLayer>,
}

impl<S, Req, Res> Service<Request<Req>> for GuardService<S>
where
    S: Service<Request<Req>, Response = Response<Res>> + Clone + Send + 'static,
    S::Future: Send,
    Req: Send + 'static,
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
        let layer = self.layer.clone();
        Box::pin(async move {
            let (head, body) = request.into_parts();
            let target = layer.target.and_then(|find| find(&head.extensions));
            match layer.guard.check(&head, target).await {
                None => inner.call(Request::from_parts(head, body)).await,
                Some(answer) => Ok(answer.map(Res::from)),
            }
        })
    }
}
