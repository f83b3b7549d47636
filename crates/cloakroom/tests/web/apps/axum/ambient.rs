//! The application whose code has no request in its hand.

use axum::Router;
use axum::extract::Query;
use axum::routing::get;
use cloakroom::axum::{Error, SessionLayer};

use super::super::deeds::{AMBIENT, Asked, Reply, greet_as_text, sign_in_without_a_session};
use super::{Backstage, routes};

pub(super) fn router(layer: SessionLayer) -> Router<Backstage> {
    routes(&AMBIENT)
        .route("/in", get(sign_in))
        .route("/unloaded", get(async || greet_as_text()))
        .layer(layer.clone().ambient())
        .route("/outside", get(async || greet_as_text()))
        .layer(layer)
}

async fn sign_in(Query(asked): Query<Asked>) -> Result<Reply, Error> {
    Ok(sign_in_without_a_session(asked).await?)
}
