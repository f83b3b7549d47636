//! Errors of handlers and of middleware are judged as the responses that they become.

use std::future::ready;

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::error::{ErrorBadRequest, ErrorInternalServerError, InternalError};
use actix_web::http::StatusCode;
use actix_web::middleware::{Next, from_fn};
use actix_web::test::{TestRequest, call_service, init_service, try_call_service};
use actix_web::{App, HttpMessage as _, HttpResponse, ResponseError, web};
use cloakroom_actix::{Error, Session, SessionLayer};
use cloakroom_core::Pending;

use crate::support::{cookie_of, gauged, get, lines, memory, visits};

/// Says its response, but not its status.
#[derive(Debug)]
struct Quiet;

impl std::fmt::Display for Quiet {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("quiet")
    }
}

impl ResponseError for Quiet {
    fn error_response(&self) -> HttpResponse {
        HttpResponse::Conflict().finish()
    }
}

/// The errors that a request may ask for, and whether it is saved.
const ERRORS: [(&str, u16, bool); 4] =
    [("/bad", 400, true), ("/quiet", 409, true), ("/once", 422, true), ("/broken", 500, false)];

fn error(path: &str) -> actix_web::Error {
    match path {
        "/bad" => ErrorBadRequest("bad"),
        "/quiet" => Quiet.into(),
        // Makes its response only once.
        "/once" => {
            let response = HttpResponse::UnprocessableEntity().body("once");
            InternalError::from_response("once", response).into()
        }
        _ => ErrorInternalServerError("broken"),
    }
}

#[actix_web::test]
async fn an_error_of_a_handler_is_judged_by_its_status_and_carries_the_cookie() {
    async fn fail(
        session: Session,
        request: actix_web::HttpRequest,
    ) -> actix_web::Result<&'static str> {
        session.increment("visits", 1).map_err(Error::from)?;
        Err(error(request.path()))
    }
    let sessions = memory();
    let app = App::new().default_service(web::to(fail)).wrap(SessionLayer::new(sessions.clone()));
    let app = init_service(app).await;
    for (path, status, saved) in ERRORS {
        let response = call_service(&app, TestRequest::with_uri(path).to_request()).await;
        assert_eq!(response.status(), status);
        assert_eq!(lines(&response, "vary"), ["cookie"]);
        let cookie = cookie_of(&response);
        assert_eq!(cookie.is_some(), saved, "{path}");
        if let Some(cookie) = cookie {
            assert_eq!(visits(&sessions, &cookie).await, Some(1));
        }
    }
}

/// Lets the application answer, and then fails.
async fn fail_after(
    request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> actix_web::Result<ServiceResponse<impl MessageBody>> {
    let path = request.path().to_owned();
    drop(next.call(request).await?);
    Err::<ServiceResponse, _>(error(&path))
}

#[actix_web::test]
async fn an_error_of_a_middleware_is_judged_by_its_status_and_carries_the_cookie() {
    let sessions = memory();
    let app = App::new()
        .default_service(web::to(crate::support::visit))
        .wrap(from_fn(fail_after))
        .wrap(SessionLayer::new(sessions.clone()));
    let app = init_service(app).await;
    for (path, status, saved) in ERRORS {
        let request = TestRequest::with_uri(path).to_request();
        let error = try_call_service(&app, request).await.expect_err("the middleware failed");
        let response = error.error_response();
        assert_eq!(response.status().as_u16(), status);
        assert_eq!(response.headers().get("vary").unwrap(), "cookie");
        let line = response.headers().get("set-cookie");
        assert_eq!(line.is_some(), saved, "{path}");
        if let Some(line) = line {
            let cookie = line.to_str().unwrap().split(';').next().unwrap();
            assert_eq!(visits(&sessions, cookie).await, Some(1));
        }
        assert_eq!(error.as_error::<Quiet>().is_some(), path == "/quiet", "it is what it was");
    }
}

#[actix_web::test]
async fn an_error_whose_session_is_not_saved_becomes_a_503() {
    let (sessions, gauge) = gauged();
    let failing = gauge.clone();
    let app = App::new()
        .default_service(web::to(move |session: Session| {
            session.set("a", "b").unwrap();
            failing.fail(true);
            ready("saved, or is it?")
        }))
        .wrap(from_fn(async |request: ServiceRequest, next: Next<_>| {
            let fails = request.path() == "/bad";
            let response: ServiceResponse<actix_web::body::BoxBody> = next.call(request).await?;
            if fails { Err(ErrorBadRequest("bad")) } else { Ok(response) }
        }))
        .wrap(SessionLayer::new(sessions));
    let app = init_service(app).await;
    let response = call_service(&app, TestRequest::with_uri("/good").to_request()).await;
    assert_eq!(response.status(), 503);
    assert_eq!(lines(&response, "retry-after"), ["5"]);
    assert_eq!(lines(&response, "set-cookie"), [""; 0]);
    let response = response.into_body().try_into_bytes().expect("no stream");
    assert_eq!(response, "");
    gauge.fail(false);
    let error = try_call_service(&app, TestRequest::with_uri("/bad").to_request()).await;
    let response = error.expect_err("the middleware failed").error_response();
    assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(response.headers().get("retry-after").unwrap(), "5");
}

#[actix_web::test]
async fn a_server_error_still_signs_out() {
    let sessions = memory();
    let app = App::new()
        .default_service(web::to(async |session: Session| {
            session.set("visits", &7).unwrap();
            session.destroy().unwrap();
            HttpResponse::InternalServerError().finish()
        }))
        .wrap(SessionLayer::new(sessions.clone()));
    let cookie = crate::support::ann(&sessions).await;
    let response = call_service(&init_service(app).await, get("/", &cookie).to_request()).await;
    assert_eq!(response.status(), 500);
    assert_eq!(cookie_of(&response).as_deref(), Some("session="));
    assert_eq!(visits(&sessions, &cookie).await, None);
}

#[actix_web::test]
async fn a_middleware_inside_finds_the_pending_session() {
    let app = App::new()
        .default_service(web::to(async || "the page"))
        .wrap(from_fn(async |request: ServiceRequest, next: Next<_>| {
            let pending = request.extensions().get::<Pending>().cloned().expect("it is there");
            pending.load().await.unwrap().increment("visits", 1).unwrap();
            next.call(request).await as actix_web::Result<ServiceResponse>
        }))
        .wrap(SessionLayer::new(memory()));
    let response =
        call_service(&init_service(app).await, TestRequest::default().to_request()).await;
    assert!(cookie_of(&response).is_some());
}
