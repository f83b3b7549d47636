//! Code without a request in its hand: it reaches the session of its own request, and of no other.

use axum::Router;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::routing::get;
use cloakroom::ambient;
use cloakroom::axum::{Error, Session, SessionLayer};
use futures_util::future::join_all;
use serde::Deserialize;

use crate::support::{Gates, Site, Visitor};

on_every_store!(helpers_without_a_request_use_its_session);
on_every_store!(requests_that_run_at_once_do_not_mix_up_their_sessions);

mod in_cookies {
    use super::*;

    on_every_cookie!(helpers_without_a_request_use_its_session);
    on_every_cookie!(requests_that_run_at_once_do_not_mix_up_their_sessions);
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Asked {
    user: String,
    hold: Option<String>,
}

fn router(site: &Site) -> Router {
    let layer = SessionLayer::new(site.sessions.clone());
    Router::new()
        .route("/in", get(sign_in))
        .route("/who", get(who))
        .route("/unloaded", get(unloaded))
        .route("/spawned", get(spawned))
        .layer(layer.clone().ambient())
        .route("/outside", get(unloaded))
        .layer(layer)
        .with_state(site.gates.clone())
}

/// Somewhere deep in the application.
fn greeting() -> Result<String, cloakroom::Error> {
    let user = ambient::user()?.map(|user| user.to_string());
    let said = ambient::flashed::<String>("said")?.unwrap_or_default();
    Ok(format!("{said}{}{}", user.unwrap_or_default(), ambient::get::<u32>("n")?.unwrap_or(0)))
}

async fn sign_in(Query(asked): Query<Asked>) -> Result<(), Error> {
    ambient::load().await?;
    ambient::sign_in(asked.user)?;
    ambient::update("n", |n: &mut u32| *n += 1)?;
    ambient::flash("said", "hello ")?;
    Ok(())
}

async fn who(
    State(gates): State<Gates>,
    Query(asked): Query<Asked>,
    _: Session,
) -> Result<String, Error> {
    let before = greeting()?;
    gates.hold(asked.hold.as_deref()).await;
    // Another request may have run on this thread meanwhile.
    assert_eq!(greeting()?, before);
    Ok(before)
}

async fn unloaded() -> Result<String, String> {
    greeting().map_err(|error| error.to_string())
}

async fn spawned(_: Session) -> Result<String, Error> {
    let bare = tokio::spawn(async { greeting() }).await.unwrap();
    assert!(bare.is_err(), "a task leaves the scope");
    let inside = ambient::in_scope(async { greeting() })?;
    Ok(tokio::spawn(inside).await.unwrap()?)
}

async fn helpers_without_a_request_use_its_session(site: Site) {
    let mut visitor = Visitor::of(&router(&site));
    visitor.visit("/in?user=ann").await;
    assert_eq!(visitor.visit("/who").await.body, "hello ann1");
    assert_eq!(visitor.visit("/spawned").await.body, "ann1");
    let _loads = site.gauge.take();
    let unloaded = visitor.visit("/unloaded").await;
    assert!(unloaded.body.contains("ambient::load()"), "{}", unloaded.body);
    let outside = visitor.visit("/outside").await;
    assert!(outside.body.contains("SessionLayer::new(sessions).ambient()"), "{}", outside.body);
    assert_eq!(site.gauge.take(), (0, 0), "who loads nothing asks nothing");
    assert_eq!(ambient::session().unwrap_err().kind(), cloakroom::ErrorKind::Ambient);
}

async fn requests_that_run_at_once_do_not_mix_up_their_sessions(site: Site) {
    let router = router(&site);
    let mut visitors = Vec::new();
    for n in 0..20 {
        let mut visitor = Visitor::of(&router);
        visitor.visit(&format!("/in?user=user{n}.")).await;
        visitors.push(visitor);
    }
    let gate = site.gates.gate("all", 20);
    let requests = visitors
        .into_iter()
        .map(|visitor| tokio::spawn(async move { visitor.get("/who?hold=all").await }));
    let answers = join_all(requests.collect::<Vec<_>>());
    gate.arrived().await;
    gate.open().await;
    for (n, answer) in answers.await.into_iter().enumerate() {
        let answer = answer.unwrap();
        let expected = (StatusCode::OK, format!("hello user{n}.1"));
        assert_eq!((answer.status, answer.body), expected);
    }
}
