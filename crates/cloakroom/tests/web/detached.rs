//! Work that outlives the response: streams that go on, and changes that come too late.

use std::convert::Infallible;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Body;
use axum::http::Request;
use axum::response::Response;
use axum::routing::get;
use cloakroom::axum::{Error, Session, SessionLayer};
use cloakroom::{ErrorKind, MemoryStore, Saved, Sessions};
use futures_util::stream;
use http_body_util::BodyExt as _;
use tower::ServiceExt as _;

use crate::support::{Visitor, secret};

/// Streams three lines; each counts in the session and tells what became of that.
async fn events(session: Session) -> Result<Response, Error> {
    session.increment("n", 1)?;
    let detached = session.detach()?;
    let lines = stream::unfold(0, move |line| {
        let session = detached.clone();
        async move {
            if line == 3 {
                return None;
            }
            session.increment("n", 1).unwrap();
            let saved = session.save().await.unwrap();
            Some((Ok::<_, Infallible>(format!("{saved:?}\n")), line + 1))
        }
    });
    Ok(Response::new(Body::from_stream(lines)))
}

async fn count(session: Session) -> Result<String, Error> {
    Ok(session.increment("n", 1)?.to_string())
}

fn sessions() -> Sessions {
    Sessions::builder(MemoryStore::new()).secret(secret()).build().unwrap()
}

#[tokio::test]
async fn a_stream_saves_after_the_head_has_gone_and_loses_no_update() {
    let router = Router::new().route("/events", get(events)).route("/count", get(count));
    let router = router.layer(SessionLayer::new(sessions()));
    let mut visitor = Visitor::of(&router);
    visitor.visit("/count").await;
    let request = Request::get("/events").header("cookie", visitor.cookie().unwrap());
    let response = router.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
    let mut body = response.into_body();
    for n in [3, 5, 7] {
        assert_eq!(visitor.visit("/count").await.body, n.to_string(), "between the lines");
        let line = body.frame().await.unwrap().unwrap().into_data().unwrap();
        assert_eq!(line, "Done\n");
    }
    assert!(body.frame().await.is_none());
    assert_eq!(visitor.visit("/count").await.body, "9");
}

#[tokio::test]
async fn a_stream_learns_that_the_visitor_has_signed_out() {
    let end = async |session: Session| session.destroy().map_err(Error::from);
    let router = Router::new()
        .route("/events", get(events))
        .route("/count", get(count))
        .route("/end", get(end))
        .layer(SessionLayer::new(sessions()));
    let mut visitor = Visitor::of(&router);
    visitor.visit("/count").await;
    let old = visitor.clone();
    let request = Request::get("/events").header("cookie", visitor.cookie().unwrap());
    let response = router.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
    visitor.visit("/end").await;
    let text = response.into_body().collect().await.unwrap().to_bytes();
    assert_eq!(text.split(|&byte| byte == b'\n').next().unwrap(), b"Ended");
    assert_eq!(old.get("/count").await.body, "1", "another session; the old one is not back");
}

#[tokio::test]
async fn a_visitor_without_a_session_has_nothing_to_detach() {
    let router = Router::new().route("/events", get(events));
    let router = router.layer(SessionLayer::new(sessions()));
    let answer = Visitor::of(&router).visit("/events").await;
    assert_eq!((answer.status.as_u16(), answer.set_cookie()), (500, None));
}

#[tokio::test]
async fn a_change_after_the_response_is_an_error_and_never_silence() {
    let kept = Arc::new(Mutex::new(None));
    let keep = {
        let kept = kept.clone();
        async move |session: Session| -> Result<(), Error> {
            session.set("n", &1)?;
            *kept.lock().unwrap() = Some(session.0);
            Ok(())
        }
    };
    let router = Router::new().route("/keep", get(keep)).route("/count", get(count));
    let router = router.layer(SessionLayer::new(sessions()));
    let mut visitor = Visitor::of(&router);
    visitor.visit("/keep").await;
    let session = kept.lock().unwrap().take().unwrap();
    let late = [
        session.set("n", &9),
        session.update("n", |n: &mut i64| *n += 1),
        session.increment("n", 1).map(drop),
        session.push("list", &1),
        session.pull::<i64>("n").map(drop),
        session.remove("n"),
        session.clear(),
        session.flash("said", &1),
        session.keep_flash(),
        session.renew(),
        session.destroy(),
        session.save().await.map(|_: Saved| ()),
    ];
    for (n, late) in late.into_iter().enumerate() {
        let error = late.expect_err("too late");
        assert_eq!(error.kind(), ErrorKind::Closed, "{n}");
        assert!(error.to_string().contains("detach"), "the message says what to do: {error}");
    }
    assert_eq!(session.get::<i64>("n").unwrap(), Some(1), "reading is no change");
    assert_eq!(visitor.visit("/count").await.body, "2");
}
