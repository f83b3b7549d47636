//! Which framework serves, and the server that runs.

use std::any::Any;
use std::net::SocketAddr;
use std::sync::Arc;

use cloakroom::Sessions;

use super::{App, Backstage, actix, axum};
use crate::support::Visitor;

/// A framework that has an adapter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Framework {
    Axum,
    Actix,
}

/// An application that is served on a port of the loopback interface, until the last clone of this and the last of its
/// visitors are gone.
#[derive(Clone)]
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    _running: Arc<dyn Any + Send + Sync>,
}

impl Framework {
    /// All of them.
    pub(crate) const ALL: [Self; 2] = [Self::Axum, Self::Actix];

    /// The name that its tests have.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Axum => "axum",
            Self::Actix => "actix",
        }
    }

    /// What somebody has to do who forgot the layer of the sessions.
    pub(crate) fn how_to_add_the_layer(self) -> &'static str {
        match self {
            Self::Axum => {
                "add `.layer(SessionLayer::new(sessions))` to its router, after the route"
            }
            Self::Actix => {
                "add `.wrap(SessionLayer::new(sessions))` to its application, scope or route"
            }
        }
    }

    /// Serves an application.
    pub(crate) async fn serve(self, app: &App, sessions: &Sessions) -> Server {
        self.serve_with(app, sessions, &Backstage::default()).await
    }

    /// Serves an application that shares this with its test.
    pub(crate) async fn serve_with(
        self,
        app: &App,
        sessions: &Sessions,
        backstage: &Backstage,
    ) -> Server {
        match self {
            Self::Axum => axum::serve(app, sessions, backstage).await,
            Self::Actix => actix::serve(app, sessions, backstage).await,
        }
    }
}

impl Server {
    /// A server at this address that runs as long as `running` is there.
    pub(crate) fn new(address: SocketAddr, running: impl Any + Send + Sync) -> Self {
        Self { address, _running: Arc::new(running) }
    }

    /// A new visitor.
    pub(crate) fn visitor(&self) -> Visitor {
        Visitor::new(self)
    }
}
