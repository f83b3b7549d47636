//! Requests through the layer, as actix-web handles them.

use actix_web::test::{TestRequest, call_service, init_service, read_body};
use actix_web::{App, web};
use cloakroom_actix::{Error, Session, SessionLayer};

use crate::support::{cookie_of, memory};

async fn visit(session: Session) -> Result<String, Error> {
    Ok(session.increment("visits", 1)?.to_string())
}

#[actix_web::test]
async fn a_session_lasts_from_request_to_request() {
    let sessions = memory();
    let app =
        init_service(App::new().route("/", web::get().to(visit)).wrap(SessionLayer::new(sessions)));
    let app = app.await;
    let first = call_service(&app, TestRequest::default().to_request()).await;
    assert_eq!(first.headers().get("vary").unwrap(), "cookie");
    assert_eq!(first.headers().get("cache-control").unwrap(), "no-cache=\"set-cookie\"");
    let cookie = cookie_of(&first).expect("a session has begun");
    assert_eq!(read_body(first).await, "1");
    let again = TestRequest::default().insert_header(("cookie", cookie)).to_request();
    let second = call_service(&app, again).await;
    assert_eq!(cookie_of(&second), None);
    assert_eq!(read_body(second).await, "2");
}
