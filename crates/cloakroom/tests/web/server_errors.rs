//! An error is not half a change: what a 5xx does to the session, and errors that handlers return.

use axum::Router;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::routing::get;
use cloakroom::axum::{Error, Session, SessionLayer};
use cloakroom::{MemoryStore, OnServerError, Sessions, SessionsBuilder};

use crate::support::{Site, Visitor, secret};

on_every_store!(a_server_error_commits_nothing);

async fn a_server_error_commits_nothing(site: Site) {
    let mut visitor = site.visitor();
    visitor.visit("/login?user=ann").await;
    for _ in 0..2 {
        let answer = visitor.visit("/broken").await;
        assert_eq!(answer.status, StatusCode::INTERNAL_SERVER_ERROR);
        assert_eq!(answer.set_cookie(), None);
    }
    assert_eq!(visitor.data().await, serde_json::json!({ "user": "ann" }));
    assert_eq!(site.visitor().visit("/broken").await.set_cookie(), None, "nor for a new visitor");
}

async fn answer(Path(status): Path<u16>, session: Session) -> Result<StatusCode, Error> {
    session.increment("n", 1)?;
    Ok(StatusCode::from_u16(status).unwrap())
}

async fn end(Path(status): Path<u16>, session: Session) -> Result<StatusCode, Error> {
    session.destroy()?;
    session.set("after", &1)?;
    Ok(StatusCode::from_u16(status).unwrap())
}

async fn mistyped(session: Session) -> Result<(), Error> {
    session.set("wrong", &1)?;
    session.get::<Vec<u8>>("n")?;
    Ok(())
}

async fn too_large(session: Session) -> Result<(), Error> {
    Ok(session.set("large", &"x".repeat(300_000))?)
}

fn router(set: impl FnOnce(SessionsBuilder) -> SessionsBuilder) -> Router {
    let sessions = set(Sessions::builder(MemoryStore::new()).secret(secret())).build().unwrap();
    Router::new()
        .route("/answer/{status}", get(answer))
        .route("/end/{status}", get(end))
        .route("/mistyped", get(mistyped))
        .route("/too_large", get(too_large))
        .route("/dump", get(async |session: Session| axum::Json(session.all())))
        .layer(SessionLayer::new(sessions))
}

async fn n(visitor: &Visitor) -> i64 {
    visitor.data().await["n"].as_i64().unwrap_or_default()
}

#[tokio::test]
async fn only_5xx_are_server_errors() {
    let router = router(|builder| builder);
    for (status, kept) in
        [(200, 1), (303, 1), (404, 1), (422, 1), (499, 1), (500, 0), (503, 0), (599, 0)]
    {
        let mut visitor = Visitor::of(&router);
        assert_eq!(visitor.visit(&format!("/answer/{status}")).await.status, status);
        assert_eq!(n(&visitor).await, kept, "{status}");
    }
}

#[tokio::test]
async fn a_destroy_happens_also_with_a_server_error_but_what_follows_it_does_not() {
    for (status, after) in [(500, false), (200, true)] {
        let router = router(|builder| builder);
        let mut visitor = Visitor::of(&router);
        visitor.visit("/answer/200").await;
        let old = visitor.clone();
        let answer = visitor.visit(&format!("/end/{status}")).await;
        assert!(answer.set_cookie().is_some(), "removed, or replaced by the next one's");
        assert_eq!(visitor.cookie().is_some(), after);
        assert!(!old.is_alive().await);
        assert_eq!(visitor.data().await.get("after").is_some(), after);
    }
}

#[tokio::test]
async fn the_policy_commit_saves_also_with_a_server_error() {
    let router = router(|builder| builder.on_server_error(OnServerError::Commit));
    let mut visitor = Visitor::of(&router);
    visitor.visit("/answer/500").await;
    assert_eq!(n(&visitor).await, 1);
}

#[tokio::test]
async fn a_mistake_of_the_handler_is_a_500_that_saves_nothing_and_tells_nothing() {
    let router = router(|builder| builder);
    let mut visitor = Visitor::of(&router);
    visitor.visit("/answer/200").await;
    let before = visitor.data().await;
    let mistyped = visitor.visit("/mistyped").await;
    assert_eq!(mistyped.status, StatusCode::INTERNAL_SERVER_ERROR);
    assert_eq!(mistyped.body, "Something went wrong.\n");
    let large = visitor.visit("/too_large").await;
    assert_eq!(large.status, StatusCode::INTERNAL_SERVER_ERROR);
    assert_eq!((large.body.as_str(), large.set_cookie()), ("", None));
    assert_eq!(visitor.data().await, before);
}
