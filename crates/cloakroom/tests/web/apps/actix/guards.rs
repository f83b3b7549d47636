//! The application where not everybody may pass.

use std::time::Duration;

use actix_web::web::{Query, Redirect, ServiceConfig, get, post, resource, scope};
use cloakroom::LocalPath;
use cloakroom::actix::{Error, GuardLayer, Session, SignedIn, guest, recent_sign_in, require_user};
use serde::Deserialize;

use super::super::deeds::GUARDS;

const TEN_MINUTES: Duration = Duration::from_secs(600);

pub(super) fn routes(config: &mut ServiceConfig) {
    super::routes(config, &GUARDS);
    let yours = || get().to(async || "yours");
    let orders = resource("/orders").route(yours()).route(post().to(async || "placed"));
    let grave = recent_sign_in(TEN_MINUTES).or_sign_in_at("/confirm").unwrap();
    config
        .service(orders.wrap(user()))
        .service(scope("/group").route("/inner", yours()).wrap(user()))
        .service(resource("/api").get(async || "data").wrap(require_user()))
        .route("/handler", get().to(async |signed_in: SignedIn| signed_in.user.to_string()))
        .service(resource("/grave").get(async || "done").wrap(grave))
        .service(resource("/welcome").get(async || "come in").wrap(guest("/home").unwrap()))
        .route("/sign-in", get().to(sign_in));
}

fn user() -> GuardLayer {
    require_user().or_sign_in_at("/sign-in").unwrap()
}

/// Without the layer that a guard needs round it.
pub(super) fn alone(config: &mut ServiceConfig) {
    config.service(resource("/").get(async || "secret").wrap(require_user()));
}

#[derive(Deserialize)]
struct Wanted {
    next: LocalPath,
}

async fn sign_in(session: Session, wanted: Option<Query<Wanted>>) -> Result<Redirect, Error> {
    session.sign_in("ann")?;
    let next = wanted.map(|wanted| wanted.into_inner().next).unwrap_or_default();
    Ok(Redirect::to(next.as_str().to_owned()).see_other())
}
