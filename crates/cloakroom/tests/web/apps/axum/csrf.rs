//! The application whose forms need a token.

use axum::Router;
use axum::extract::Form;
use axum::routing::get;
use cloakroom::axum::{CsrfLayer, Error, Session, SessionLayer};

use super::super::csrf_policy;
use super::super::deeds::CSRF;
use super::{Backstage, routes};

pub(super) fn router(layer: SessionLayer) -> Router<Backstage> {
    routes(&CSRF)
        .route("/put", get(async || "shown"))
        .route("/add", get(async || "shown").post(add))
        .route("/hook", get(async || "shown").post(async || "hooked"))
        .layer(CsrfLayer::new(csrf_policy()))
        .layer(layer)
}

async fn add(session: Session, Form(form): Form<Vec<(String, String)>>) -> Result<String, Error> {
    let n = session.increment("n", 1)?;
    Ok(format!("{n} {}", form.len()))
}
