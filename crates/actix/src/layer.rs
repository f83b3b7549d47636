//! The layer: configuration.

use std::future::{Ready, ready};
use std::net::IpAddr;
use std::sync::Arc;

use actix_web::Error;
use actix_web::body::{EitherBody, MessageBody};
use actix_web::dev::{Service, ServiceRequest, ServiceResponse, Transform};
use cloakroom_core::{Sessions, TrustedProxies};

use crate::SessionService;

/// Gives an application, a scope or a route sessions: `.wrap(SessionLayer::new(sessions))`. See the
/// [crate's documentation](crate).
#[derive(Clone, Debug)]
pub struct SessionLayer {
    pub(crate) sessions: Sessions,
    pub(crate) address: fn(&ServiceRequest) -> Option<IpAddr>,
    pub(crate) proxies: Option<Arc<TrustedProxies>>,
    pub(crate) ambient: bool,
}

impl SessionLayer {
    /// Makes a layer. One [`Sessions`] may be used by several, on one route, a scope or everything, and in every worker.
    #[must_use]
    pub fn new(sessions: Sessions) -> Self {
        let address = |request: &ServiceRequest| request.peer_addr().map(|peer| peer.ip());
        Self { sessions, address, proxies: None, ambient: false }
    }

    /// Tells how to find the address that a request comes from, for [`Sessions::of_user`]. It is kept only of requests
    /// that sign somebody in. Default: the other end of the connection, [`ServiceRequest::peer_addr`]. To keep none:
    /// `.address(|_| None)`.
    ///
    /// Behind a proxy that is the proxy's own address: see [`trusted_proxies`](Self::trusted_proxies).
    #[must_use]
    pub fn address(mut self, address: fn(&ServiceRequest) -> Option<IpAddr>) -> Self {
        self.address = address;
        self
    }

    /// Believes these proxies about whose requests they pass on; see [`TrustedProxies`]. Default: no header is believed.
    ///
    /// ```
    /// # use cloakroom_actix::SessionLayer;
    /// # use cloakroom_core::{ConfigError, Sessions, TrustedProxies};
    /// fn layer(sessions: Sessions) -> Result<SessionLayer, ConfigError> {
    ///     Ok(SessionLayer::new(sessions).trusted_proxies(TrustedProxies::new(["10.0.0.0/8"])?))
    /// }
    /// ```
    #[must_use]
    pub fn trusted_proxies(mut self, proxies: TrustedProxies) -> Self {
        self.proxies = Some(Arc::new(proxies));
        self
    }

    /// Lets code that has no request in its hand use its session, by the functions of
    /// [`ambient`](cloakroom_core::ambient). Default: off, and costs nothing.
    ///
    /// ```
    /// use actix_web::{App, web};
    /// use cloakroom_actix::{Session, SessionLayer};
    /// use cloakroom_core::{Error, MemoryStore, Secret, Sessions, ambient};
    ///
    /// fn greeting() -> Result<String, Error> {
    ///     Ok(ambient::get("name")?.unwrap_or_else(|| "stranger".to_owned()))
    /// }
    ///
    /// async fn greet(_: Session) -> Result<String, cloakroom_actix::Error> {
    ///     Ok(greeting()?)
    /// }
    ///
    /// let sessions = Sessions::builder(MemoryStore::new()).secret(Secret::generate()?).build()?;
    /// let app = App::new()
    ///     .route("/", web::get().to(greet))
    ///     .wrap(SessionLayer::new(sessions).ambient());
    /// # drop(app);
    /// # Ok::<(), cloakroom_core::ConfigError>(())
    /// ```
    #[must_use]
    pub fn ambient(mut self) -> Self {
        self.ambient = true;
        self
    }
}

impl<S, B> Transform<S, ServiceRequest> for SessionLayer
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error>,
    B: MessageBody,
{
    type Response = ServiceResponse<EitherBody<B>>;
    type Error = Error;
    type Transform = SessionService<S>;
    type InitError = ();
    type Future = Ready<Result<Self::Transform, ()>>;

    fn new_transform(&self, inner: S) -> Self::Future {
        ready(Ok(SessionService { inner, layer: self.clone() }))
    }
}
