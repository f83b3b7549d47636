//! Errors as responses.

use std::fmt;

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, ResponseError};
use cloakroom_core::{Answer, misconfigured};

use crate::border;

/// A [`cloakroom_core::Error`] that a handler can return: `?` in a handler turns it into a response.
///
/// 503 with `Retry-After` if the store is down, 500 for everything else. The cause is logged, not sent.
#[derive(Clone, Debug)]
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

impl ResponseError for Error {
    fn status_code(&self) -> StatusCode {
        border::actix_status(self.0.status())
    }

    fn error_response(&self) -> HttpResponse {
        border::answer(self.0.answer())
    }
}

/// Why a session could not be extracted.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum SessionRejection {
    /// The session could not be loaded.
    Load(cloakroom_core::Error),
    /// No [`SessionLayer`](crate::SessionLayer) round this route.
    NoLayer,
}

impl SessionRejection {
    pub(crate) fn answer(&self) -> Answer {
        match self {
            Self::Load(error) => error.answer(),
            Self::NoLayer => misconfigured(&self.to_string()),
        }
    }
}

impl fmt::Display for SessionRejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Load(error) => error.fmt(f),
            Self::NoLayer => f.write_str(
                "this route has no session: add `.wrap(SessionLayer::new(sessions))` to its application, scope or route",
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

impl ResponseError for SessionRejection {
    fn status_code(&self) -> StatusCode {
        match self {
            Self::Load(error) => border::actix_status(error.status()),
            Self::NoLayer => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    fn error_response(&self) -> HttpResponse {
        border::answer(self.answer())
    }
}
