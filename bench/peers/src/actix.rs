//! actix-session behind the contract, in actix-web, with its defaults but for plain http and a fixed key.

use actix_session::{
    Session, SessionGetError, SessionInsertError, SessionMiddleware,
    storage::{CookieSessionStore, RedisSessionStore, SessionStore},
};
use actix_web::{
    App, HttpServer, ResponseError,
    cookie::Key,
    rt::System,
    web::{Json, Query, ServiceConfig, get},
};
use anyhow::{Context, Result};
use bench::{
    contract::{self, DONE, Login, Set},
    place::redis_url,
    serve::say_ready,
};
use serde_json::{Map, Value};

/// Fixed, so that two processes share a store.
const KEY: [u8; 64] = [7; 64];

/// actix-session over Redis.
pub(crate) fn redis(port: u16, workers: usize) -> Result<()> {
    System::new().block_on(async {
        let store = RedisSessionStore::new(redis_url()).await.context("cannot reach Redis")?;
        with_store(port, workers, move || store.clone()).await
    })
}

/// actix-session in encrypted cookies, its default.
pub(crate) fn cookie(port: u16, workers: usize) -> Result<()> {
    System::new().block_on(with_store(port, workers, CookieSessionStore::default))
}

/// Serves until a signal comes.
async fn with_store<S: SessionStore + 'static>(
    port: u16,
    workers: usize,
    store: impl Fn() -> S + Clone + Send + 'static,
) -> Result<()> {
    let server = HttpServer::new(move || {
        let layer = SessionMiddleware::builder(store(), Key::from(&KEY));
        App::new().wrap(layer.cookie_secure(false).build()).configure(routes)
    });
    let server = server.workers(workers);
    let server = server.bind(("127.0.0.1", port)).with_context(|| no_port(port))?;
    server.addrs().into_iter().for_each(say_ready);
    server.run().await.context("the server ended")
}

fn routes(config: &mut ServiceConfig) {
    config
        .route("/read", get().to(read))
        .route("/write", get().to(add))
        .route("/update", get().to(add))
        .route("/seed", get().to(seed))
        .route("/set", get().to(set))
        .route("/login", get().to(login))
        .route("/renew", get().to(renew))
        .route("/logout", get().to(logout))
        .route("/dump", get().to(dump))
        .route("/plain", get().to(async || DONE));
}

fn no_port(port: u16) -> String {
    format!("cannot listen on 127.0.0.1:{port}")
}

async fn read(session: Session) -> Result<String, Failure> {
    Ok(n(&session)?.to_string())
}

async fn add(session: Session) -> Result<String, Failure> {
    let n = n(&session)? + 1;
    session.insert("n", n)?;
    Ok(n.to_string())
}

async fn seed(session: Session) -> Result<&'static str, Failure> {
    session.insert("user", contract::USER)?;
    session.insert("token", contract::TOKEN)?;
    session.insert("cart", contract::cart())?;
    session.insert("n", 1)?;
    Ok("1")
}

async fn set(session: Session, Query(set): Query<Set>) -> Result<String, Failure> {
    let n = n(&session)?;
    set.pause().await;
    session.insert(&set.k, &set.v)?;
    Ok(n.to_string())
}

async fn login(session: Session, Query(login): Query<Login>) -> Result<&'static str, Failure> {
    session.renew();
    session.insert("user", login.user)?;
    Ok(DONE)
}

async fn renew(session: Session) -> &'static str {
    session.renew();
    DONE
}

async fn logout(session: Session) -> &'static str {
    session.purge();
    DONE
}

/// Its values are JSON texts.
async fn dump(session: Session) -> Result<Json<Map<String, Value>>, Failure> {
    let entries = session.entries().clone();
    let values = entries.into_iter().map(|(key, text)| {
        let value = serde_json::from_str(&text).unwrap_or(Value::Null);
        (key, value)
    });
    Ok(Json(values.collect()))
}

fn n(session: &Session) -> Result<i64, SessionGetError> {
    Ok(session.get("n")?.unwrap_or(0))
}

/// An error of actix-session, answered as a 500.
#[derive(Debug)]
struct Failure(String);

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl ResponseError for Failure {}

impl From<SessionGetError> for Failure {
    fn from(error: SessionGetError) -> Self {
        Self(error.to_string())
    }
}

impl From<SessionInsertError> for Failure {
    fn from(error: SessionInsertError) -> Self {
        Self(error.to_string())
    }
}
