//! Layers on one route, a group or everything, twice, and not at all.

use axum::Router;
use axum::extract::Request;
use axum::middleware::{Next, from_fn};
use axum::response::Response;
use axum::routing::get;
use cloakroom::axum::{Error, Lazy, Session, SessionLayer};

use super::Backstage;

pub(super) fn router(layer: &SessionLayer, others: SessionLayer) -> Router<Backstage> {
    let layer = || layer.clone();
    let route =
        Router::new().route("/with", get(count).layer(layer())).route("/without", get(count));
    let group = Router::new().route("/with", get(count)).layer(layer());
    let nested = Router::new().route("/count", get(count).layer(layer())).layer(layer());
    let nested = Router::new().nest("/nested", nested.layer(from_fn(counting)));
    let admin = Router::new().route("/admin", get(count)).layer(others);
    let both = Router::new().route("/count", get(count)).merge(admin).layer(layer());
    Router::new()
        .nest("/route", route)
        .nest("/group", group)
        .merge(nested.layer(layer()).layer(layer()))
        .nest("/both", both)
        .route("/without", get(count))
        .route("/lazy", get(async |_: Lazy| "lazy"))
        .route("/maybe", get(maybe))
}

pub(super) fn everything(layer: SessionLayer) -> Router<Backstage> {
    Router::new()
        .route("/with", get(count))
        .route("/maybe", get(maybe))
        .fallback(count)
        .layer(layer)
}

async fn count(session: Session) -> Result<String, Error> {
    Ok(session.increment("n", 1)?.to_string())
}

async fn maybe(session: Option<Session>) -> String {
    session.is_some().to_string()
}

/// A layer between others that uses the session too.
async fn counting(session: Session, request: Request, next: Next) -> Response {
    session.increment("n", 1).unwrap();
    next.run(request).await
}
