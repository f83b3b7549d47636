//! Guards as layers.

use std::future::{Ready, ready};
use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::Duration;

use actix_web::Error;
use actix_web::body::{EitherBody, MessageBody};
use actix_web::dev::{Service, ServiceRequest, ServiceResponse, Transform};
use cloakroom_core::{ConfigError, Guard};
use futures_util::future::LocalBoxFuture;

use crate::border;

/// Lets signed-in visitors through; see [`Guard::require_user`].
///
/// ```
/// use actix_web::{App, web};
/// use cloakroom_actix::{SessionLayer, require_user};
/// use cloakroom_core::{MemoryStore, Secret, Sessions};
///
/// let sessions = Sessions::builder(MemoryStore::new()).secret(Secret::generate()?).build()?;
/// let members = web::scope("/account")
///     .route("/orders", web::get().to(async || "yours")) // more routes
///     .wrap(require_user().or_sign_in_at("/sign-in")?);
/// let app = App::new()
///     .service(members)
///     .route("/", web::get().to(async || "everybody's"))
///     .wrap(SessionLayer::new(sessions)); // outside
/// # drop(app);
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

/// A [`Guard`] round a scope or a route. It stands inside the layer of the sessions. See [`require_user`].
///
/// The page that a visitor is led back to, in `next`, is the request's whole target, also inside of scopes.
#[derive(Clone, Debug)]
pub struct GuardLayer {
    guard: Guard,
}

impl GuardLayer {
    /// Makes a layer of a guard.
    #[must_use]
    pub fn new(guard: Guard) -> Self {
        Self { guard }
    }

    /// Sends those who may not pass to the page at `path`; see [`Guard::or_sign_in_at`].
    ///
    /// # Errors
    ///
    /// [`ConfigError::InvalidPath`] if that is no path on this site.
    pub fn or_sign_in_at(self, path: &str) -> Result<Self, ConfigError> {
        self.guard.or_sign_in_at(path).map(Self::new)
    }
}

impl<S, B> Transform<S, ServiceRequest> for GuardLayer
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error> + 'static,
    B: MessageBody + 'static,
{
    type Response = ServiceResponse<EitherBody<B>>;
    type Error = Error;
    type Transform = GuardService<S>;
    type InitError = ();
    type Future = Ready<Result<Self::Transform, ()>>;

    fn new_transform(&self, inner: S) -> Self::Future {
        ready(Ok(GuardService { inner: Rc::new(inner), guard: Rc::new(self.guard.clone()) }))
    }
}

/// A service behind a [`GuardLayer`].
#[derive(Debug)]
pub struct GuardService<S> {
    inner: Rc<S>,
    guard: Rc<Guard>,
}

impl<S, B> Service<ServiceRequest> for GuardService<S>
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

    fn call(&self, request: ServiceRequest) -> Self::Future {
        let (inner, guard) = (Rc::clone(&self.inner), Rc::clone(&self.guard));
        Box::pin(async move {
            let head = border::parts(&request, &Guard::HEADERS);
            match guard.check(&head, None).await {
                None => Ok(inner.call(request).await?.map_into_left_body()),
                Some(answer) => Ok(border::respond(request, answer)),
            }
        })
    }
}
