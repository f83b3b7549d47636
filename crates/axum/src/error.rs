//! Errors as responses.

use std::fmt;

use axum_core::response::{IntoResponse, Response};
use cloakroom_core::ErrorKind;
use http::header::RETRY_AFTER;
use http::{HeaderValue, StatusCode};

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
        tracing::error!(target: "cloakroom::axum", error = &self.0 as &dyn std::error::Error, "session failed");
        match self.0.kind() {
            ErrorKind::Unavailable | ErrorKind::Conflict => {
                let retry = [(RETRY_AFTER, HeaderValue::from_static("5"))];
                let text = "The service is busy. Please try again.\n";
                (StatusCode::SERVICE_UNAVAILABLE, retry, text).into_response()
            }
            _ => (StatusCode::INTERNAL_SERVER_ERROR, "Something went wrong.\n").into_response(),
        }
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
            Self::NoLayer => {
                tracing::error!(target: "cloakroom::axum", "{self}");
                // A mistake of the developer, who sees it at the first request; nothing of a visitor is in it.
                (StatusCode::INTERNAL_SERVER_ERROR, format!("{self}\n")).into_response()
            }
        }
    }
}
