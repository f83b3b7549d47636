//! The application where not everybody may pass.

use std::time::Duration;

use axum::Router;
use axum::extract::OriginalUri;
use axum::http::Uri;
use axum::response::Redirect;
use axum::routing::get;
use cloakroom::LocalPath;
use cloakroom::axum::{
    Error, GuardLayer, Session, SessionLayer, SignedIn, guest, recent_sign_in, require_user,
};

use super::super::deeds::GUARDS;
use super::{Backstage, routes};

const TEN_MINUTES: Duration = Duration::from_secs(600);

pub(super) fn router(layer: SessionLayer) -> Router<Backstage> {
    let orders = get(async || "yours").post(async || "placed");
    let grave = recent_sign_in(TEN_MINUTES).or_sign_in_at("/confirm").unwrap();
    let group = Router::new().route("/inner", get(async || "yours"));
    let group = group.layer(user().original_uri(|extensions| {
        let uri = extensions.get::<OriginalUri>()?;
        Some(&uri.0)
    }));
    routes(&GUARDS)
        .route("/orders", orders.route_layer(user()))
        .nest("/group", group)
        .route("/api", get(async || "data").route_layer(require_user()))
        .route("/handler", get(async |signed_in: SignedIn| signed_in.user.to_string()))
        .route("/grave", get(async || "done").route_layer(grave))
        .route("/welcome", get(async || "come in").route_layer(guest("/home").unwrap()))
        .route("/sign-in", get(sign_in))
        .layer(layer)
}

fn user() -> GuardLayer {
    require_user().or_sign_in_at("/sign-in").unwrap()
}

/// Without the layer that a guard needs round it.
pub(super) fn alone() -> Router<Backstage> {
    Router::new().route("/", get(async || "secret")).layer(require_user())
}

async fn sign_in(session: Session, uri: Uri) -> Result<Redirect, Error> {
    session.sign_in("ann")?;
    Ok(Redirect::to(LocalPath::next_of(&uri).unwrap_or_default().as_str()))
}
