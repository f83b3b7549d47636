//! The extractors.

use std::future::Future;
use std::ops::Deref;
use std::pin::Pin;

use axum_core::extract::{FromRequestParts, OptionalFromRequestParts};
use cloakroom_core::Pending;
use http::request::Parts;

use crate::SessionRejection;

/// The visitor's session, loaded when it is extracted. All methods are those of [`cloakroom_core::Session`].
///
/// # Rejections
///
/// 503 with `Retry-After` while the store is down; 500 where [`SessionLayer`](crate::SessionLayer) is missing.
#[derive(Clone, Debug)]
pub struct Session(pub cloakroom_core::Session);

impl Deref for Session {
    type Target = cloakroom_core::Session;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Session {
    type Rejection = SessionRejection;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, SessionRejection> {
        let pending = parts.extensions.get::<Pending>().ok_or(SessionRejection::NoLayer)?;
        if let Some(result) = pending.load_now() {
            return result.map(Self).map_err(SessionRejection::Load);
        }
        let pending = pending.clone();
        // In a box, so that every handler's own future stays small.
        let load: Pin<Box<dyn Future<Output = _> + Send>> =
            Box::pin(async move { pending.load().await });
        load.await.map(Self).map_err(SessionRejection::Load)
    }
}

/// The visitor's session, if this request has one that can be loaded without starting anything: for code that
/// works with and without the layer. `None` only where the layer is missing.
impl<S: Send + Sync> OptionalFromRequestParts<S> for Session {
    type Rejection = SessionRejection;

    async fn from_request_parts(
        parts: &mut Parts,
        state: &S,
    ) -> Result<Option<Self>, SessionRejection> {
        match <Self as FromRequestParts<S>>::from_request_parts(parts, state).await {
            Ok(session) => Ok(Some(session)),
            Err(SessionRejection::NoLayer) => Ok(None),
            Err(rejection) => Err(rejection),
        }
    }
}

/// The visitor's session, not loaded until [`load`](Pending::load) is called: for handlers that often do without.
#[derive(Clone, Debug)]
pub struct Lazy(pub Pending);

impl Deref for Lazy {
    type Target = Pending;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Lazy {
    type Rejection = SessionRejection;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, SessionRejection> {
        parts.extensions.get().cloned().map(Self).ok_or(SessionRejection::NoLayer)
    }
}
