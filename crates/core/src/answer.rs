//! Answers that are given in place of the application's: short texts, never kept by a cache.

use http::header::{CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER, X_CONTENT_TYPE_OPTIONS};
use http::{HeaderValue, Response, StatusCode};

use crate::{Error, ErrorKind};

/// What a request gets in place of the application's own response: a short text in plain English. Adapters turn it into
/// their framework's response.
///
/// What it is about stands in its extensions, so that an outer layer can draw a page of the application's own instead:
/// a [`CrossOriginRefusal`](crate::CrossOriginRefusal), a [`CsrfRefusal`](crate::CsrfRefusal) or a
/// [`GuardRefusal`](crate::GuardRefusal).
pub type Answer = Response<String>;

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
    let cause: &dyn std::error::Error = error;
    tracing::error!(target: "cloakroom::load", error = cause, "session not loaded");
    match error.kind() {
        ErrorKind::Unavailable | ErrorKind::Conflict => {
            let text = "The service is busy. Please try again.";
            let mut response = answer(StatusCode::SERVICE_UNAVAILABLE, text);
            response.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("5"));
            response
        }
        _ => answer(StatusCode::INTERNAL_SERVER_ERROR, "Something went wrong."),
    }
}

/// Makes the answer of a layer that needs a session where none is: a mistake of the developer, who sees it at the first
/// request; nothing of a visitor is in it.
pub(crate) fn no_sessions(layer: &str) -> Answer {
    let text = format!(
        "{layer} needs a session, and there is none at this point: add the layer of the sessions after it, so that it \
         stands outside"
    );
    tracing::error!(target: "cloakroom::load", "{text}");
    answer(StatusCode::INTERNAL_SERVER_ERROR, text)
}
