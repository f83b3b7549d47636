//! What extractors find, what they wait for, and what no handler may overlook.

use actix_web::test::{TestRequest, call_service, init_service, read_body};
use actix_web::{App, HttpResponse, web};
use cloakroom_actix::{Error, Lazy, Session, SessionLayer, SessionRejection, SignedIn, Typed};
use serde::{Deserialize, Serialize};

use crate::support::{ann, cookie_of, gauged, get, lines, memory, visits};

#[actix_web::test]
async fn without_the_layer_there_is_no_session_and_the_message_says_how_to_get_one() {
    let app = App::new()
        .route("/", web::get().to(async |session: Option<Session>| session.is_none().to_string()))
        .route("/session", web::get().to(async |_: Session| ""))
        .route("/lazy", web::get().to(async |_: Lazy| ""))
        .route("/user", web::get().to(async |_: SignedIn| ""));
    let app = init_service(app).await;
    let response = call_service(&app, TestRequest::with_uri("/").to_request()).await;
    assert_eq!(read_body(response).await, "true");
    for path in ["/session", "/lazy", "/user"] {
        let response = call_service(&app, TestRequest::with_uri(path).to_request()).await;
        assert_eq!(response.status(), 500);
        let text = String::from_utf8(read_body(response).await.to_vec()).unwrap();
        assert!(text.contains(".wrap(SessionLayer::new(sessions))"), "{path}: {text}");
    }
}

/// The defaults of extractors that hide why they failed.
#[actix_web::test]
async fn a_store_that_is_down_is_no_visitor_without_a_session() {
    let (sessions, gauge) = gauged();
    let result = async |session: Result<Session, SessionRejection>| match session {
        Ok(_) => HttpResponse::Ok().finish(),
        Err(_) => HttpResponse::BadGateway().finish(),
    };
    let app = App::new()
        .route(
            "/session",
            web::get().to(async |session: Option<Session>| session.is_some().to_string()),
        )
        .route("/user", web::get().to(async |user: Option<SignedIn>| user.is_some().to_string()))
        .route("/both", web::get().to(async |_: Option<SignedIn>, _: Session| "true"))
        .route("/result", web::get().to(result))
        .route("/lazy", web::get().to(async |lazy: Lazy| lazy.load().await.is_ok().to_string()))
        .wrap(SessionLayer::new(sessions.clone()));
    let app = init_service(app).await;
    let cookie = ann(&sessions).await;
    for path in ["/session", "/user", "/both", "/lazy"] {
        let response = call_service(&app, get(path, &cookie).to_request()).await;
        assert_eq!(read_body(response).await, "true", "{path}");
        gauge.fail(true);
        let response = call_service(&app, get(path, &cookie).to_request()).await;
        gauge.fail(false);
        assert_eq!(lines(&response, "vary"), ["cookie"], "{path}");
        if path == "/lazy" {
            assert_eq!(read_body(response).await, "false");
            continue;
        }
        assert_eq!(response.status(), 503, "{path}");
        assert_eq!(lines(&response, "retry-after"), ["5"], "{path}");
        assert_eq!(read_body(response).await, "The service is busy. Please try again.\n");
    }
    gauge.fail(true);
    let response = call_service(&app, get("/result", &cookie).to_request()).await;
    assert_eq!(response.status(), 502, "a server error of its own is told");
}

#[derive(Default, Serialize, Deserialize)]
#[serde(default)]
struct Shop {
    visits: i64,
}

#[actix_web::test]
async fn a_struct_is_the_schema_and_what_does_not_fit_is_told() {
    let sessions = memory();
    let app = App::new()
        .route(
            "/",
            web::get().to(async |mut shop: Typed<Shop>| {
                shop.visits += 1;
                shop.save().map(|()| shop.visits.to_string()).map_err(Error::from)
            }),
        )
        .route(
            "/spoil",
            web::get().to(async |session: Session| {
                session.set("visits", "x").map_err(Error::from).map(|()| "")
            }),
        )
        .route(
            "/maybe",
            web::get().to(async |shop: Option<Typed<Shop>>| shop.is_some().to_string()),
        )
        .wrap(SessionLayer::new(sessions.clone()));
    let app = init_service(app).await;
    let response = call_service(&app, TestRequest::default().to_request()).await;
    let cookie = cookie_of(&response).unwrap();
    assert_eq!(visits(&sessions, &cookie).await, Some(1));
    call_service(&app, get("/spoil", &cookie).to_request()).await;
    for path in ["/", "/maybe"] {
        let response = call_service(&app, get(path, &cookie).to_request()).await;
        assert_eq!(response.status(), 500, "{path}");
    }
}

/// actix-web runs the extractors of one handler at once.
#[actix_web::test]
async fn all_extractors_of_a_request_load_the_session_once() {
    let (sessions, gauge) = gauged();
    let app = App::new()
        .route(
            "/",
            web::get().to(
                async |_: SignedIn, a: Session, _: Option<SignedIn>, b: Session, _: Typed<Shop>| {
                    a.set("visits", &1).unwrap();
                    b.get_or("visits", 0).unwrap().to_string()
                },
            ),
        )
        .wrap(SessionLayer::new(sessions.clone()));
    let app = init_service(app).await;
    let cookie = ann(&sessions).await;
    assert_eq!(gauge.take(), (0, 1), "signed in");
    let response = call_service(&app, get("/", &cookie).to_request()).await;
    assert_eq!(read_body(response).await, "1");
    assert_eq!(gauge.take(), (1, 1));
}

#[actix_web::test]
async fn a_route_that_does_not_ask_costs_nothing() {
    let (sessions, gauge) = gauged();
    let app = App::new()
        .route("/", web::get().to(async |_: Lazy| "the same for everybody"))
        .wrap(SessionLayer::new(sessions.clone()));
    let cookie = ann(&sessions).await;
    assert_eq!(gauge.take(), (0, 1), "signed in");
    let response = call_service(&init_service(app).await, get("/", &cookie).to_request()).await;
    assert_eq!(lines(&response, "vary"), [""; 0]);
    assert_eq!(gauge.take(), (0, 0));
}
