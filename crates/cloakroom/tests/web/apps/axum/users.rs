//! The application that has users of its own.

use axum::Router;
use axum::routing::get;
use cloakroom::axum::{CurrentUser, Session, SessionLayer};

use super::super::backstage::User;
use super::super::deeds::{DONE, USERS};
use super::{Backstage, routes};

pub(super) fn router(layer: SessionLayer) -> Router<Backstage> {
    routes(&USERS)
        .route("/me", get(me))
        .route("/maybe", get(maybe))
        .route("/plain", get(async || DONE))
        .layer(layer)
}

async fn me(
    CurrentUser(user): CurrentUser<User>,
    again: Option<CurrentUser<User>>,
    CurrentUser(third): CurrentUser<User>,
) -> String {
    assert_eq!(again.map(|user| user.0.name).as_deref(), Some(third.name.as_str()));
    user.name
}

async fn maybe(user: Option<CurrentUser<User>>, session: Session) -> String {
    let name = user.map_or_else(|| "nobody".to_owned(), |user| user.0.name);
    format!("{name} {}", session.is_signed_in())
}
