//! The kit for users' own tests, used as they would: on an axum router, by `oneshot`.

#![cfg(all(feature = "axum", feature = "testing"))]

use std::time::Duration;

use axum::body::Body;
use axum::http::{HeaderMap, HeaderValue, Request, StatusCode};
use axum::routing::get;
use axum::{Router, http::header::COOKIE};
use cloakroom::axum::{Error, Session, SessionLayer};
use cloakroom::testing::{self, Gauge};
use cloakroom::{CookieDriver, FrozenClock, MemoryStore, Secret, Sessions};
use http_body_util::BodyExt as _;
use tower::ServiceExt as _;

async fn visit(session: Session) -> Result<String, Error> {
    let visits = session.increment("visits", 1)?;
    let user = session.user().map_or_else(|| "nobody".to_owned(), |user| user.to_string());
    Ok(format!("{user} {visits}"))
}

struct Kit {
    gauge: Gauge,
    clock: FrozenClock,
    sessions: Sessions,
    app: Router,
}

impl Kit {
    fn new() -> Self {
        let (gauge, clock) = (Gauge::default(), FrozenClock::default());
        let builder = Sessions::builder(gauge.measure(MemoryStore::new()));
        let secret = Secret::generate().unwrap();
        let sessions = builder.secret(secret).clock(clock.clone()).build().unwrap();
        let app = app(&sessions);
        Self { gauge, clock, sessions, app }
    }

    async fn visit(&self, cookie: &HeaderValue) -> (StatusCode, String) {
        let (status, _, body) = ask(&self.app, cookie).await;
        (status, body)
    }
}

fn app(sessions: &Sessions) -> Router {
    Router::new().route("/", get(visit)).layer(SessionLayer::new(sessions.clone()))
}

async fn ask(app: &Router, cookie: &HeaderValue) -> (StatusCode, HeaderMap, String) {
    let request = Request::get("/").header(COOKIE, cookie).body(Body::empty()).unwrap();
    let Ok(response) = app.clone().oneshot(request).await;
    let (head, body) = response.into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    (head.status, head.headers, String::from_utf8(body.into()).unwrap())
}

#[tokio::test]
async fn a_signed_in_visitor_in_a_line() {
    let kit = Kit::new();
    let ann = testing::signed_in(&kit.sessions, "ann").await;
    assert_eq!(kit.visit(&ann).await, (StatusCode::OK, "ann 1".to_owned()));
    let bob = testing::cookie(&kit.sessions, |session| {
        session.sign_in(7)?;
        session.set("visits", &41)
    });
    assert_eq!(kit.visit(&bob.await).await.1, "7 42");
    kit.clock.advance(Duration::from_secs(2 * 60 * 60));
    assert_eq!(kit.visit(&ann).await.1, "nobody 1");
}

#[tokio::test]
async fn cookies_that_hold_the_session_too() {
    let builder = Sessions::in_cookie(CookieDriver::encrypted().split(3));
    let sessions = builder.secret(Secret::generate().unwrap()).build().unwrap();
    let long = "x".repeat(6_000);
    let cookie = testing::cookie(&sessions, |session| {
        session.sign_in("ann")?;
        session.set("long", &long)
    });
    let (_, headers, body) = ask(&app(&sessions), &cookie.await).await;
    assert_eq!(body, "ann 1");
    let next = testing::kept(&headers).unwrap();
    assert_eq!(ask(&app(&sessions), &next).await.2, "ann 2");
}

#[tokio::test]
async fn a_store_that_fails_when_told_to() {
    let kit = Kit::new();
    let ann = testing::signed_in(&kit.sessions, "ann").await;
    kit.gauge.fail(true);
    assert_eq!(kit.visit(&ann).await.0, StatusCode::SERVICE_UNAVAILABLE);
    kit.gauge.fail(false);
    assert_eq!(kit.visit(&ann).await.1, "ann 1");
}

#[tokio::test]
async fn a_store_that_is_slow_for_as_long_as_the_test_wants() {
    let kit = Kit::new();
    let ann = testing::signed_in(&kit.sessions, "ann").await;
    kit.gauge.pause();
    let app = kit.app.clone();
    let waiting = tokio::spawn(async move { ask(&app, &ann).await.2 });
    while kit.gauge.held() == 0 {
        tokio::task::yield_now().await;
    }
    assert!(!waiting.is_finished());
    kit.gauge.resume();
    assert_eq!(waiting.await.unwrap(), "ann 1");
    assert_eq!(kit.gauge.held(), 0);
}

#[tokio::test]
async fn a_request_that_goes_away_is_no_longer_held() {
    let kit = Kit::new();
    let ann = testing::signed_in(&kit.sessions, "ann").await;
    kit.gauge.pause();
    let app = kit.app.clone();
    let waiting = tokio::spawn(async move { ask(&app, &ann).await });
    while kit.gauge.held() == 0 {
        tokio::task::yield_now().await;
    }
    waiting.abort();
    assert!(waiting.await.unwrap_err().is_cancelled());
    assert_eq!(kit.gauge.held(), 0);
}

#[tokio::test]
async fn a_lost_race_is_one_more_try_and_no_lost_update() {
    let kit = Kit::new();
    let ann = testing::signed_in(&kit.sessions, "ann").await;
    let _before = kit.gauge.take();
    kit.gauge.lose_races(3);
    assert_eq!(kit.visit(&ann).await.1, "ann 1");
    let (_, writes) = kit.gauge.take();
    assert_eq!(writes, 4, "three lost, one won");
    assert_eq!(kit.visit(&ann).await.1, "ann 2");
    assert_eq!(kit.gauge.take(), (1, 1));
}
