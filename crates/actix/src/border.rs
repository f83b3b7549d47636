//! The border between `http` 0.2, whose types actix-web has, and `http` 1, whose types the core has. What crosses it is
//! copied, so no more does than somebody looks at; cookies are shared.

use actix_web::body::EitherBody;
use actix_web::dev::{RequestHead, ServiceRequest, ServiceResponse};
use actix_web::http as actix;
use actix_web::{HttpMessage as _, HttpResponse};
use cloakroom_core::{
    Answer, CrossOriginRefusal, CsrfRefusal, GuardRefusal, Head, Pending, ResponseHeaders, Sessions,
};
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri};

const SAME: &str = "both versions read the same";

/// Returns the session of a request, not loaded yet.
pub(crate) fn pending(sessions: &Sessions, request: &RequestHead) -> Pending {
    let cookies = request.headers().get_all(actix::header::COOKIE).cloned();
    sessions.pending_of(cookies, request.headers().get(actix::header::USER_AGENT).cloned())
}

/// Returns the head of a request with these headers alone, and with its session if it has one.
pub(crate) fn parts(request: &ServiceRequest, names: &[HeaderName]) -> Parts {
    let (mut parts, ()) = http::Request::new(()).into_parts();
    parts.method = Method::from_bytes(request.method().as_str().as_bytes()).expect(SAME);
    parts.uri = uri(request.uri().to_string());
    parts.headers = headers(request.head(), names);
    if let Some(pending) = request.extensions().get::<Pending>() {
        parts.extensions.insert(pending.clone());
    }
    parts
}

/// Reads a target. One that the core's version takes for none is exempt from nothing, and nobody is sent back to it.
fn uri(text: String) -> Uri {
    Uri::try_from(text).unwrap_or_else(|_| Uri::from_static("//"))
}

/// Returns the headers of a request that have these names.
pub(crate) fn headers(request: &RequestHead, names: &[HeaderName]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for name in names {
        for line in request.headers().get_all(name.as_str()) {
            headers.append(name, value(line));
        }
    }
    headers
}

fn value(value: &actix::header::HeaderValue) -> HeaderValue {
    HeaderValue::from_bytes(value.as_bytes()).expect(SAME)
}

/// Returns the status that the core knows.
pub(crate) fn status(status: actix::StatusCode) -> StatusCode {
    StatusCode::from_u16(status.as_u16()).expect(SAME)
}

/// Returns the status that actix-web knows.
pub(crate) fn actix_status(status: StatusCode) -> actix::StatusCode {
    actix::StatusCode::from_u16(status.as_u16()).expect(SAME)
}

/// Returns an answer as a response. What it is about stands in its extensions.
pub(crate) fn answer(answer: Answer) -> HttpResponse {
    let (head, text) = answer.into_parts();
    let mut response = HttpResponse::with_body(actix_status(head.status), text);
    for (name, value) in &head.headers {
        response.headers_mut().append(actix_name(name), actix_value(value));
    }
    {
        let mut extensions = response.extensions_mut();
        if let Some(refusal) = head.extensions.get::<CrossOriginRefusal>() {
            extensions.insert(refusal.clone());
        }
        if let Some(refusal) = head.extensions.get::<CsrfRefusal>() {
            extensions.insert(*refusal);
        }
        if let Some(refusal) = head.extensions.get::<GuardRefusal>() {
            extensions.insert(*refusal);
        }
    }
    response.map_into_boxed_body()
}

/// Answers a request that the application does not see.
pub(crate) fn respond<B>(request: ServiceRequest, text: Answer) -> ServiceResponse<EitherBody<B>> {
    request.into_response(answer(text).map_into_right_body())
}

/// Adds a session's headers to those of a response.
pub(crate) fn apply(head: Head, headers: &mut actix::header::HeaderMap) {
    head.apply(&mut Headers(headers));
}

struct Headers<'a>(&'a mut actix::header::HeaderMap);

impl ResponseHeaders for Headers<'_> {
    fn add_unless(&mut self, name: HeaderName, value: HeaderValue, says: impl Fn(&[u8]) -> bool) {
        let name = actix_name(&name);
        if !self.0.get_all(&name).any(|value| says(value.as_bytes())) {
            self.0.append(name, actix_value(&value));
        }
    }

    fn replace(&mut self, name: HeaderName, value: HeaderValue, old: impl Fn(&[u8]) -> bool) {
        let name = actix_name(&name);
        let others = self.0.remove(&name).filter(|value| !old(value.as_bytes()));
        for other in others.collect::<Vec<_>>() {
            self.0.append(name.clone(), other);
        }
        self.0.append(name, actix_value(&value));
    }
}

fn actix_name(name: &HeaderName) -> actix::header::HeaderName {
    // Nearly every response gets this one.
    if name == http::header::VARY {
        return actix::header::VARY;
    }
    actix::header::HeaderName::from_bytes(name.as_str().as_bytes()).expect(SAME)
}

fn actix_value(value: &HeaderValue) -> actix::header::HeaderValue {
    let mut copy = actix::header::HeaderValue::from_bytes(value.as_bytes()).expect(SAME);
    copy.set_sensitive(value.is_sensitive());
    copy
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_versions_read_the_same() {
        for code in 0..=1_000 {
            let other = actix::StatusCode::from_u16(code).is_ok();
            assert_eq!(StatusCode::from_u16(code).is_ok(), other, "{code}");
        }
        for byte in 0..=255 {
            let text = [b'a', byte, b'a'];
            let other = actix::header::HeaderValue::from_bytes(&text).is_ok();
            assert_eq!(HeaderValue::from_bytes(&text).is_ok(), other, "value {byte}");
            // Names cross the border only towards actix-web, methods only towards the core.
            let other = actix::header::HeaderName::from_bytes(&text).is_ok();
            assert!(other || HeaderName::from_bytes(&text).is_err(), "name {byte}");
            let other = actix::Method::from_bytes(&text).is_ok();
            assert!(!other || Method::from_bytes(&text).is_ok(), "method {byte}");
        }
    }

    #[test]
    fn targets_stay_as_they_are() {
        let places = (b' '..=255).map(|byte| [b"/a", &[byte][..], b"?b=", &[byte], b"c"].concat());
        let others = ["*", "/", "/?", "http://host:80/a?b", "host:443"].map(Vec::from);
        let mut read = 0;
        for target in places.chain(others) {
            let Ok(target) = actix::Uri::try_from(&target[..]) else { continue };
            read += 1;
            assert_eq!(uri(target.to_string()).to_string(), target.to_string());
        }
        assert!(read > 80, "{read}");
        assert_eq!(uri("no target".to_owned()).path(), "//");
    }
}
