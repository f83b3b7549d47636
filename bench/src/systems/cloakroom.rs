//! `cloakroom` over each of its stores, with its defaults but for plain http and a fixed secret.

use anyhow::{Context, Result};
use axum::{Json, Router, extract::Query, routing::get};
use cloakroom::{
    CookieDriver, MemoryStore, Secret, Sessions,
    axum::{Error, Session},
    postgres::PostgresStore,
    redis::RedisStore,
    sqlite::{self, SqliteOptions},
    tower::SessionLayer,
};
use serde_json::{Map, Value};

use super::deeds;
use crate::{
    contract::{DONE, Login, Set},
    database::Database,
    place::{BUSY_TIMEOUT, Place, Synchronous, redis_url},
    system::Opened,
};

/// Fixed, so that two processes share a store.
const SECRET: &str = "everybody may know what the bench signs with";

/// Over the memory store.
pub(super) fn memory() -> Result<Sessions> {
    let builder = Sessions::builder(MemoryStore::new()).secret(Secret::new(SECRET)?);
    Ok(builder.insecure_http().build()?)
}

/// In the visitor's own cookie, signed.
pub(super) fn signed() -> Result<Sessions> {
    in_cookie(CookieDriver::signed())
}

/// In the visitor's own cookie, encrypted.
pub(super) fn encrypted() -> Result<Sessions> {
    in_cookie(CookieDriver::encrypted())
}

fn in_cookie(driver: CookieDriver) -> Result<Sessions> {
    let builder = Sessions::in_cookie(driver).secret(Secret::new(SECRET)?);
    Ok(builder.insecure_http().build()?)
}

/// Over SQLite.
pub(super) fn sqlite() -> Result<Opened> {
    let place = Place::from_env()?;
    let store = SqliteOptions::new(&place.file)
        .synchronous(synchronous(place.synchronous))
        .busy_timeout(BUSY_TIMEOUT)
        .open()
        .with_context(|| format!("cannot open {}", place.file.display()))?;
    let sessions = Sessions::builder(store).secret(Secret::new(SECRET)?).insecure_http().build()?;
    Ok(Opened::at(place, router(sessions)))
}

/// Over Redis.
pub(super) async fn redis() -> Result<Opened> {
    let url = redis_url();
    let store = RedisStore::connect(&url).await.context("cannot reach Redis")?;
    let sessions = Sessions::builder(store).secret(Secret::new(SECRET)?).insecure_http().build()?;
    Ok(Opened::in_memory(router(sessions)))
}

/// Over PostgreSQL.
pub(super) async fn postgres() -> Result<Opened> {
    let database = Database::from_env()?;
    let store = PostgresStore::connect(&database.url).await.context("cannot connect")?;
    let sessions = Sessions::builder(store).secret(Secret::new(SECRET)?).insecure_http().build()?;
    Ok(Opened::in_postgres(database, router(sessions)))
}

fn synchronous(setting: Synchronous) -> sqlite::Synchronous {
    match setting {
        Synchronous::Full => sqlite::Synchronous::Full,
        Synchronous::Normal => sqlite::Synchronous::Normal,
    }
}

/// Serves the contract.
pub(crate) fn router(sessions: Sessions) -> Router {
    Router::new()
        .route("/read", get(read))
        .route("/write", get(write))
        .route("/update", get(update))
        .route("/seed", get(seed))
        .route("/set", get(set))
        .route("/login", get(login))
        .route("/renew", get(renew))
        .route("/logout", get(logout))
        .route("/dump", get(dump))
        .route("/plain", get(async || DONE))
        .layer(SessionLayer::new(sessions))
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
