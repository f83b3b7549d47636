//! Errors as responses.

use std::fmt;

use axum_core::response::{IntoResponse, Response};
use cloakroom_core::misconfigured;

/// A [`cloakroom_core::Error`] that a handler can return: `?` in a handler turns it into a response.
///
/// 503 with `Retry-After` if the store is down, 500 for everything else. The cause is logged, not sent.
#[derive(Debug)]
pub struct Error(cloakroom_core::Error);

impl From<cloakroom_core::Error> for Error {
    fn from(error: cloakroom_core::Error) -> Self {
        Self(error)
    }
}

impl From<Error> for cloakroom_core::Error {
    fn from(error: Error) -> Self {
        error.0
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.source()
    }
}

impl IntoResponse for Error {
    fn into_response(self) -> Response {
        self.0.answer().into_response()
    }
}

/// Why a session could not be extracted.
#[derive(Debug)]
#[non_exhaustive]
pub enum SessionRejection {
    /// The session could not be loaded.
    Load(cloakroom_core::Error),
    /// No [`SessionLayer`](crate::SessionLayer) round this route.
    NoLayer,
}

impl fmt::Display for SessionRejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Load(error) => error.fmt(f),
            Self::NoLayer => f.write_str(
                "this route has no session: add `.layer(SessionLayer::new(sessions))` to its router, after the \
                 route",
            ),
        }
    }
}

impl std::error::Error for SessionRejection {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Load(error) => error.source(),
            Self::NoLayer => None,
        }
    }
}

impl IntoResponse for SessionRejection {
    fn into_response(self) -> Response {
        match self {
            Self::Load(error) => Error(error).into_response(),
            Self::NoLayer => misconfigured(&self.to_string()).into_response(),
        }
    }
}
