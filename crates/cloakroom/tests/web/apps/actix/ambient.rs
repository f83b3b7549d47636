//! The application whose code has no request in its hand.

use actix_web::web::{Query, ServiceConfig, get, scope};
use cloakroom::actix::{Error, SessionLayer};

use super::super::deeds::{AMBIENT, Asked, Reply, greet_as_text, sign_in_without_a_session};

pub(super) fn routes(config: &mut ServiceConfig, layer: &SessionLayer) {
    let inside = scope("")
        .configure(|config| super::routes(config, &AMBIENT))
        .route("/in", get().to(sign_in))
        .route("/unloaded", get().to(async || greet_as_text()))
        .wrap(layer.clone().ambient());
    config.route("/outside", get().to(async || greet_as_text())).service(inside);
}

async fn sign_in(Query(asked): Query<Asked>) -> Result<Reply, Error> {
    Ok(sign_in_without_a_session(asked).await?)
}
