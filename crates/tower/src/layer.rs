//! The layer: configuration.

use cloakroom_core::Sessions;
use tower_layer::Layer;

use crate::SessionService;

/// Gives a service sessions. See the [crate's documentation](crate).
#[derive(Clone, Debug)]
pub struct SessionLayer(Sessions);

impl SessionLayer {
    /// Makes a layer. One [`Sessions`] may be used by several, on one route, a group or everything.
    #[must_use]
    pub fn new(sessions: Sessions) -> Self {
        Self(sessions)
    }
}

impl<S> Layer<S> for SessionLayer {
    type Service = SessionService<S>;

    fn layer(&self, inner: S) -> Self::Service {
        SessionService::new(inner, self.0.clone())
    }
}
