//! Answers that are given in place of the application's: short texts, never kept by a cache.

use std::error::Error as StdError;

use http::header::{CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER, X_CONTENT_TYPE_OPTIONS};
use http::{HeaderValue, Response, StatusCode};

use crate::{Error, ErrorKind};

/// What `Retry-After` says: a store that is down is mostly back soon, and many ask for it.
pub(crate) const RETRY_SECONDS: &str = "5";

/// What a request gets in place of the application's own response: a short text in plain English. Adapters turn it into
/// their framework's response.
///
/// What it is about stands in its extensions, so that an outer layer can draw a page of the application's own instead:
/// a [`CrossOriginRefusal`](crate::CrossOriginRefusal), a [`CsrfRefusal`](crate::CsrfRefusal) or a
/// [`GuardRefusal`](crate::GuardRefusal).
pub type Answer = Response<String>;

impl Error {
    /// Returns the status of a response that tells of this error: 503 (Service Unavailable) for [`ErrorKind::Unavailable`]
    /// and [`ErrorKind::Conflict`], as to try again helps, else 500. For adapters.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        match self.kind() {
            ErrorKind::Unavailable | ErrorKind::Conflict => StatusCode::SERVICE_UNAVAILABLE,
            _ => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// Returns what a request gets whose handler failed with this error: its [`status`](Self::status), with `Retry-After` if
    /// that is 503. The cause is logged, not sent. For adapters.
    #[must_use]
    pub fn answer(&self) -> Answer {
        log("session failed", self);
        failed(self.status())
    }
}

/// Makes an answer of a status and a text.
pub(crate) fn answer(status: StatusCode, text: impl Into<String>) -> Answer {
    let mut text = text.into();
    text.push('\n');
    let mut response = Response::new(text);
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// Makes the answer to a request whose session could not be loaded. The cause is logged, not sent.
pub(crate) fn not_loaded(error: &Error) -> Answer {
    log("session not loaded", error);
    failed(error.status())
}

/// Returns the answer to a request whose user could not be loaded by [`load_user`](crate::load_user): 500 (Internal Server
/// Error). The cause is logged, not sent. For adapters' extractors.
#[must_use]
pub fn user_not_loaded(error: &(dyn StdError + 'static)) -> Answer {
    log("user not loaded", error);
    failed(StatusCode::INTERNAL_SERVER_ERROR)
}

/// Returns the answer to a request that meets a mistake of the developer, such as a layer that is missing: 500 (Internal Server
/// Error) with this text, which is logged too. They see it at the first request; nothing of a visitor may be in it. For
/// adapters.
#[must_use]
pub fn misconfigured(text: &str) -> Answer {
    tracing::error!(target: "cloakroom::load", "{text}");
    answer(StatusCode::INTERNAL_SERVER_ERROR, text)
}

/// Makes the answer of a layer that needs a session where none is.
pub(crate) fn no_sessions(layer: &str) -> Answer {
    misconfigured(&format!(
        "{layer} needs a session, and there is none at this point: add the layer of the sessions after it, so that it \
         stands outside"
    ))
}

fn log(what: &str, error: &(dyn StdError + 'static)) {
    tracing::error!(target: "cloakroom::load", error, "{what}");
}

fn failed(status: StatusCode) -> Answer {
    if status != StatusCode::SERVICE_UNAVAILABLE {
        return answer(status, "Something went wrong.");
    }
    let mut response = answer(status, "The service is busy. Please try again.");
    response.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static(RETRY_SECONDS));
    response
}
