//! An error is not half a change: what a 5xx does to the session, and errors that handlers return.

use axum::http::StatusCode;
use cloakroom::{MemoryStore, OnServerError, Sessions, SessionsBuilder};

use crate::apps::{App, Framework, Server};
use crate::support::{Site, Visitor, secret};

on_every_store!(a_server_error_commits_nothing);
on_every_framework!(only_5xx_are_server_errors);
on_every_framework!(a_destroy_happens_also_with_a_server_error_but_what_follows_it_does_not);
on_every_framework!(the_policy_commit_saves_also_with_a_server_error);
on_every_framework!(a_mistake_of_the_handler_is_a_500_that_saves_nothing_and_tells_nothing);

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

async fn serve(
    framework: Framework,
    set: impl FnOnce(SessionsBuilder) -> SessionsBuilder,
) -> Server {
    let sessions = set(Sessions::builder(MemoryStore::new()).secret(secret())).build().unwrap();
    framework.serve(&App::Main, &sessions).await
}

async fn n(visitor: &Visitor) -> i64 {
    visitor.data().await["n"].as_i64().unwrap_or_default()
}

async fn only_5xx_are_server_errors(framework: Framework) {
    let server = serve(framework, |builder| builder).await;
    for (status, kept) in
        [(200, 1), (303, 1), (404, 1), (422, 1), (499, 1), (500, 0), (503, 0), (599, 0)]
    {
        let mut visitor = server.visitor();
        assert_eq!(visitor.visit(&format!("/answer?status={status}")).await.status, status);
        assert_eq!(n(&visitor).await, kept, "{status}");
    }
}

async fn a_destroy_happens_also_with_a_server_error_but_what_follows_it_does_not(
    framework: Framework,
) {
    for (status, after) in [(500, false), (200, true)] {
        let server = serve(framework, |builder| builder).await;
        let mut visitor = server.visitor();
        visitor.visit("/answer?status=200").await;
        let old = visitor.clone();
        let answer = visitor.visit(&format!("/end?status={status}")).await;
        assert!(answer.set_cookie().is_some(), "removed, or replaced by the next one's");
        assert_eq!(visitor.cookie().is_some(), after);
        assert!(!old.is_alive().await);
        assert_eq!(visitor.data().await.get("after").is_some(), after);
    }
}

async fn the_policy_commit_saves_also_with_a_server_error(framework: Framework) {
    let server = serve(framework, |builder| builder.on_server_error(OnServerError::Commit)).await;
    let mut visitor = server.visitor();
    visitor.visit("/answer?status=500").await;
    assert_eq!(n(&visitor).await, 1);
}

async fn a_mistake_of_the_handler_is_a_500_that_saves_nothing_and_tells_nothing(
    framework: Framework,
) {
    let server = serve(framework, |builder| builder).await;
    let mut visitor = server.visitor();
    visitor.visit("/answer?status=200").await;
    let before = visitor.data().await;
    let mistyped = visitor.visit("/mistyped?k=n").await;
    assert_eq!(mistyped.status, StatusCode::INTERNAL_SERVER_ERROR);
    assert_eq!(mistyped.body, "Something went wrong.\n");
    let large = visitor.visit("/too-large").await;
    assert_eq!(large.status, StatusCode::INTERNAL_SERVER_ERROR);
    assert_eq!((large.body.as_str(), large.set_cookie()), ("", None));
    assert_eq!(visitor.data().await, before);
}
