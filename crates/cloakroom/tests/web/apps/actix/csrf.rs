//! The application whose forms need a token.

use actix_web::web::{Form, ServiceConfig, get, post, scope};
use cloakroom::actix::{CsrfLayer, Error, Session};

use super::super::csrf_policy;
use super::super::deeds::CSRF;

pub(super) fn routes(config: &mut ServiceConfig) {
    let routes = scope("")
        .configure(|config| super::routes(config, &CSRF))
        .route("/put", get().to(async || "shown"))
        .route("/add", get().to(async || "shown"))
        .route("/add", post().to(add))
        .route("/hook", get().to(async || "shown"))
        .route("/hook", post().to(async || "hooked"));
    config.service(routes.wrap(CsrfLayer::new(csrf_policy())));
}

async fn add(session: Session, Form(form): Form<Vec<(String, String)>>) -> Result<String, Error> {
    let n = session.increment("n", 1)?;
    Ok(format!("{n} {}", form.len()))
}
