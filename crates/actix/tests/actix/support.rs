//! What the tests share.

use actix_web::dev::ServiceResponse;
use actix_web::test::TestRequest;
use cloakroom_actix::{Error, Session};
use cloakroom_core::testing::Gauge;
use cloakroom_core::{MemoryStore, Secret, Sessions, testing};
use http::HeaderMap;

/// Sessions in memory, for plain http, and the gauge of their store.
pub(crate) fn gauged() -> (Sessions, Gauge) {
    let gauge = Gauge::default();
    let store = gauge.measure(MemoryStore::new());
    let sessions = Sessions::builder(store).secret(Secret::generate().unwrap());
    (sessions.insecure_http().build().unwrap(), gauge)
}

/// Sessions in memory, for plain http.
pub(crate) fn memory() -> Sessions {
    gauged().0
}

/// The cookie of a visitor who is signed in as Ann.
pub(crate) async fn ann(sessions: &Sessions) -> String {
    testing::signed_in(sessions, "ann").await.to_str().unwrap().to_owned()
}

/// A `GET` with this cookie.
pub(crate) fn get(path: &str, cookie: &str) -> TestRequest {
    TestRequest::with_uri(path).insert_header(("cookie", cookie))
}

/// The values of a header.
pub(crate) fn lines<B>(response: &ServiceResponse<B>, name: &str) -> Vec<String> {
    response.headers().get_all(name).map(|line| line.to_str().unwrap().to_owned()).collect()
}

/// The cookie that a response sets, as a browser sends it back.
pub(crate) fn cookie_of<B>(response: &ServiceResponse<B>) -> Option<String> {
    let lines = lines(response, "set-cookie");
    assert!(lines.len() <= 1, "one cookie at most: {lines:?}");
    Some(lines.first()?.split(';').next().unwrap().to_owned())
}

/// The visits that the store knows under this cookie; `None` if there is no such session.
pub(crate) async fn visits(sessions: &Sessions, cookie: &str) -> Option<i64> {
    let headers = HeaderMap::from_iter([(http::header::COOKIE, cookie.parse().unwrap())]);
    let ticket = sessions.from_request(&headers).await.unwrap()?;
    Some(ticket.get_or("visits", 0).unwrap())
}

/// A handler that counts.
pub(crate) async fn visit(session: Session) -> Result<String, Error> {
    Ok(session.increment("visits", 1)?.to_string())
}
