//! An error is not half a change: handlers that panic and clients that go away.

use std::future::{poll_fn, ready};
use std::panic::AssertUnwindSafe;
use std::task::Poll;

use actix_web::dev::Service;
use actix_web::test::{call_service, init_service};
use actix_web::{App, web};
use cloakroom_actix::{Session, SessionLayer};
use futures_util::FutureExt as _;

use crate::support::{ann, gauged, get, memory, visit, visits};

async fn change(session: &Session, path: &str) {
    session.increment("visits", 1).unwrap();
    if path == "/sign-out" {
        session.sign_out().unwrap();
    }
}

async fn never(session: Session, request: actix_web::HttpRequest) -> String {
    change(&session, request.path()).await;
    std::future::pending().await
}

async fn panic(session: Session, request: actix_web::HttpRequest) -> String {
    change(&session, request.path()).await;
    panic!("on purpose");
}

/// Polls once; tells whether there is more to come.
async fn begin(work: &mut (impl Future + Unpin)) -> bool {
    poll_fn(|cx| Poll::Ready(work.poll_unpin(cx).is_pending())).await
}

#[actix_web::test]
async fn a_client_that_goes_away_commits_nothing_but_a_sign_out() {
    let (sessions, gauge) = gauged();
    let app = App::new().default_service(web::to(never)).wrap(SessionLayer::new(sessions.clone()));
    let app = init_service(app).await;
    for (path, writes) in [("/change", 0), ("/sign-out", 1)] {
        let cookie = ann(&sessions).await;
        assert_eq!(gauge.take().1, 1, "signed in");
        let mut call = Box::pin(app.call(get(path, &cookie).to_request()));
        assert!(begin(&mut call).await, "it waits");
        drop(call);
        // What is left runs before this does.
        tokio::task::yield_now().await;
        assert_eq!(gauge.take(), (1, writes), "{path}");
        let left = if path == "/sign-out" { None } else { Some(0) };
        assert_eq!(visits(&sessions, &cookie).await, left, "{path}");
    }
}

#[actix_web::test]
async fn a_handler_that_panics_commits_nothing_but_a_sign_out() {
    let sessions = memory();
    let app = App::new().default_service(web::to(panic)).wrap(SessionLayer::new(sessions.clone()));
    let app = init_service(app).await;
    for (path, left) in [("/change", Some(0)), ("/sign-out", None)] {
        let cookie = ann(&sessions).await;
        let call = AssertUnwindSafe(app.call(get(path, &cookie).to_request()));
        assert!(call.catch_unwind().await.is_err(), "it panics");
        tokio::task::yield_now().await;
        assert_eq!(visits(&sessions, &cookie).await, left, "{path}");
    }
}

#[actix_web::test]
async fn a_save_that_has_begun_is_finished_although_the_client_goes_away() {
    let (sessions, gauge) = gauged();
    let pausing = gauge.clone();
    let app = App::new()
        .route("/visit", web::get().to(visit))
        .route(
            "/slow",
            web::get().to(move |session: Session| {
                session.increment("visits", 1).unwrap();
                pausing.pause();
                ready("")
            }),
        )
        .wrap(SessionLayer::new(sessions.clone()));
    let app = init_service(app).await;
    let cookie = ann(&sessions).await;
    call_service(&app, get("/visit", &cookie).to_request()).await;
    let mut call = Box::pin(app.call(get("/slow", &cookie).to_request()));
    assert!(begin(&mut call).await, "it waits");
    assert_eq!(gauge.held(), 1, "the save has begun");
    drop(call);
    gauge.resume();
    tokio::task::yield_now().await;
    assert_eq!(visits(&sessions, &cookie).await, Some(2));
}
