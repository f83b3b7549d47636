//! The layer: configuration.

use std::net::IpAddr;
use std::sync::Arc;

use cloakroom_core::{Sessions, TrustedProxies};
use http::Extensions;
use tower_layer::Layer;

use crate::SessionService;

/// Gives a service sessions. See the [crate's documentation](crate).
#[derive(Clone, Debug)]
pub struct SessionLayer {
    sessions: Sessions,
    address: Option<Address>,
    proxies: Option<Arc<TrustedProxies>>,
    ambient: bool,
}

/// Finds the address that a request comes from.
pub(crate) type Address = fn(&Extensions) -> Option<IpAddr>;

impl SessionLayer {
    /// Makes a layer. One [`Sessions`] may be used by several, on one route, a group or everything.
    #[must_use]
    pub fn new(sessions: Sessions) -> Self {
        Self { sessions, address: None, proxies: None, ambient: false }
    }

    /// Tells how to find the address that a request comes from, for [`Sessions::of_user`]. It is kept only of requests
    /// that sign somebody in. Default: none is kept.
    ///
    /// With axum, served by `into_make_service_with_connect_info::<SocketAddr>()`:
    ///
    /// ```
    /// # use std::net::SocketAddr;
    /// # use axum::extract::ConnectInfo;
    /// # use cloakroom_core::Sessions;
    /// # use cloakroom_tower::SessionLayer;
    /// fn layer(sessions: Sessions) -> SessionLayer {
    ///     SessionLayer::new(sessions).address(|extensions| {
    ///         extensions.get::<ConnectInfo<SocketAddr>>().map(|peer| peer.0.ip())
    ///     })
    /// }
    /// ```
    ///
    /// Behind a proxy that is the proxy's own address: see [`trusted_proxies`](Self::trusted_proxies).
    #[must_use]
    pub fn address(mut self, address: fn(&Extensions) -> Option<IpAddr>) -> Self {
        self.address = Some(address);
        self
    }

    /// Believes these proxies about whose requests they pass on; see [`TrustedProxies`]. It needs
    /// [`address`](Self::address), which then finds the proxy. Default: no header is believed.
    ///
    /// ```
    /// # use std::net::SocketAddr;
    /// # use axum::extract::ConnectInfo;
    /// # use cloakroom_core::{ConfigError, Sessions, TrustedProxies};
    /// # use cloakroom_tower::SessionLayer;
    /// fn layer(sessions: Sessions) -> Result<SessionLayer, ConfigError> {
    ///     let layer = SessionLayer::new(sessions).address(|extensions| {
    ///         extensions.get::<ConnectInfo<SocketAddr>>().map(|peer| peer.0.ip())
    ///     });
    ///     Ok(layer.trusted_proxies(TrustedProxies::new(["10.0.0.0/8"])?))
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
    /// # use cloakroom_core::{Error, Pending, Sessions, ambient};
    /// # use cloakroom_tower::SessionLayer;
    /// # use http::{Request, Response};
    /// fn greeting() -> Result<String, Error> {
    ///     Ok(ambient::get("name")?.unwrap_or_else(|| "stranger".to_owned()))
    /// }
    ///
    /// async fn greet(_: Request<()>) -> Result<Response<String>, Error> {
    ///     ambient::load().await?;
    ///     Ok(Response::new(greeting()?))
    /// }
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # use tower::{ServiceBuilder, ServiceExt as _};
    /// # use cloakroom_core::{MemoryStore, Secret};
    /// # let sessions = Sessions::builder(MemoryStore::new()).secret(Secret::generate()?).build()?;
    /// let layer = SessionLayer::new(sessions).ambient();
    /// # let service = ServiceBuilder::new().layer(layer).service_fn(greet);
    /// # assert_eq!(service.oneshot(Request::new(())).await?.status(), 200);
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn ambient(mut self) -> Self {
        self.ambient = true;
        self
    }
}

impl<S> Layer<S> for SessionLayer {
    type Service = SessionService<S>;

    fn layer(&self, inner: S) -> Self::Service {
        SessionService {
            inner,
            sessions: self.sessions.clone(),
            address: self.address,
            proxies: self.proxies.clone(),
            ambient: self.ambient,
        }
    }
}
