//! The application that has users of its own.

use actix_web::web::{ServiceConfig, get};
use cloakroom::actix::{CurrentUser, Session};

use super::super::backstage::User;
use super::super::deeds::{DONE, USERS};

pub(super) fn routes(config: &mut ServiceConfig) {
    super::routes(config, &USERS);
    config
        .route("/me", get().to(me))
        .route("/maybe", get().to(maybe))
        .route("/plain", get().to(async || DONE));
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
