//! actix-web, without sessions and with `cloakroom`, with its defaults but for plain http and a fixed secret.

use actix_web::{
    App, HttpResponse, HttpServer,
    rt::System,
    web::{Json, Query, ServiceConfig, get},
};
use anyhow::{Context, Result};
use cloakroom::{
    Sessions,
    actix::{Error, Session, SessionLayer},
};
use serde_json::{Map, Value};

use super::deeds;
use crate::{
    contract::{DONE, Login, Set},
    serve::say_ready,
};

/// A cookie that nothing reads, so that requests to `bare` are as long as those to others.
const COOKIE: &str = "id=AAAAAAAAAAAAAAAAAAAAAA; HttpOnly; SameSite=Lax; Path=/";

/// actix-web alone: constant answers.
pub(super) fn bare(port: u16, workers: usize) -> Result<()> {
    System::new().block_on(async move {
        let server = HttpServer::new(|| App::new().configure(constants)).workers(workers);
        let server = server.bind(("127.0.0.1", port)).with_context(|| no_port(port))?;
        server.addrs().into_iter().for_each(say_ready);
        server.run().await.context("the server ended")
    })
}

/// actix-web with these sessions.
pub(super) fn with_sessions(sessions: Sessions, port: u16, workers: usize) -> Result<()> {
    System::new().block_on(async move {
        let server = HttpServer::new(move || {
            App::new().wrap(SessionLayer::new(sessions.clone())).configure(routes)
        });
        let server = server.workers(workers);
        let server = server.bind(("127.0.0.1", port)).with_context(|| no_port(port))?;
        server.addrs().into_iter().for_each(say_ready);
        server.run().await.context("the server ended")
    })
}

fn no_port(port: u16) -> String {
    format!("cannot listen on 127.0.0.1:{port}")
}

fn constants(config: &mut ServiceConfig) {
    let seed = async || HttpResponse::Ok().insert_header(("Set-Cookie", COOKIE)).body("1");
    config
        .route("/read", get().to(async || "1"))
        .route("/write", get().to(async || "2"))
        .route("/seed", get().to(seed))
        .route("/plain", get().to(async || DONE));
}

fn routes(config: &mut ServiceConfig) {
    config
        .route("/read", get().to(read))
        .route("/write", get().to(write))
        .route("/update", get().to(update))
        .route("/seed", get().to(seed))
        .route("/set", get().to(set))
        .route("/login", get().to(login))
        .route("/renew", get().to(renew))
        .route("/logout", get().to(logout))
        .route("/dump", get().to(dump))
        .route("/plain", get().to(async || DONE));
}

async fn read(session: Session) -> Result<String, Error> {
    Ok(deeds::read(&session)?)
}

async fn write(session: Session) -> Result<String, Error> {
    Ok(deeds::write(&session)?)
}

async fn update(session: Session) -> Result<String, Error> {
    Ok(deeds::update(&session)?)
}

async fn seed(session: Session) -> Result<&'static str, Error> {
    Ok(deeds::seed(&session)?)
}

async fn set(session: Session, Query(set): Query<Set>) -> Result<String, Error> {
    Ok(deeds::set(&session, set).await?)
}

async fn login(session: Session, Query(login): Query<Login>) -> Result<&'static str, Error> {
    Ok(deeds::login(&session, &login)?)
}

async fn renew(session: Session) -> Result<&'static str, Error> {
    Ok(deeds::renew(&session)?)
}

async fn logout(session: Session) -> Result<&'static str, Error> {
    Ok(deeds::logout(&session)?)
}

async fn dump(session: Session) -> Json<Map<String, Value>> {
    Json(session.all())
}
