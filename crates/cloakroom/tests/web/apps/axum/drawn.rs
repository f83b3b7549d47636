//! The application with pages of its own for those who are refused.

use axum::Router;
use axum::http::Extensions;
use axum::middleware::map_response;
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use cloakroom::axum::{CrossOriginLayer, CsrfLayer, SessionLayer, require_user};
use cloakroom::{CrossOrigin, CrossOriginRefusal, Csrf, CsrfRefusal, GuardRefusal};

use super::super::deeds::DRAWN;
use super::{Backstage, routes};

pub(super) fn router(layer: SessionLayer) -> Router<Backstage> {
    routes(&DRAWN)
        .route("/orders", get(async || "yours").route_layer(require_user()))
        .layer(CsrfLayer::new(Csrf::new()))
        .layer(CrossOriginLayer::new(CrossOrigin::new()))
        .layer(layer)
        .layer(map_response(draw))
}

async fn draw(response: Response) -> Response {
    match refusal(response.extensions()) {
        Some(refusal) => format!("drawn: {refusal}").into_response(),
        None => response,
    }
}

fn refusal(extensions: &Extensions) -> Option<String> {
    let guard = extensions.get::<GuardRefusal>().map(|refusal| format!("{refusal:?}"));
    let csrf = || extensions.get::<CsrfRefusal>().map(|refusal| format!("{refusal:?}"));
    let origin = || extensions.get::<CrossOriginRefusal>().map(|refusal| format!("{refusal:?}"));
    guard.or_else(csrf).or_else(origin)
}
