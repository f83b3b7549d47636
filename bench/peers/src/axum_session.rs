//! `axum_session` behind the contract, with its defaults: a cookie without a signature, and each session kept in the
//! process's memory beside its database, which reading does not ask. Plain http is its default too.

use std::fmt::Debug;

use anyhow::{Context, Result};
use axum::{
    Json, Router,
    extract::{Query, State},
    http::StatusCode,
    routing::get,
};
use axum_session::{
    DatabasePool, Session, SessionConfig, SessionLayer, SessionNullPool, SessionStore,
};
use axum_session_sqlx::SessionPgPool;
use bench::{
    contract::{self, DONE, Login, Set},
    database::Database,
    system::Opened,
};
use serde::Deserialize;
use serde_json::{Map, Value};
use sqlx::PgPool;

/// The default, for `/dump`, which has to name it.
const TABLE: &str = "sessions";

/// What the handlers need of a database.
trait Pool: DatabasePool + Clone + Debug + Send + Sync + 'static {}

impl<P: DatabasePool + Clone + Debug + Send + Sync + 'static> Pool for P {}

/// In memory alone. Without `/dump`: a session does not list its keys.
pub(crate) async fn memory() -> Result<Opened> {
    let store = SessionStore::<SessionNullPool>::new(None, SessionConfig::default()).await?;
    Ok(Opened::in_memory(routes::<SessionNullPool>().layer(SessionLayer::new(store))))
}

/// Over PostgreSQL, by a pool as sqlx makes it.
pub(crate) async fn postgres() -> Result<Opened> {
    let database = Database::from_env()?;
    let pool = PgPool::connect(&database.url).await.context("cannot connect")?;
    let pool = SessionPgPool::from(pool);
    let store =
        SessionStore::new(Some(pool.clone()), SessionConfig::default().with_table_name(TABLE))
            .await?;
    let dump = Router::new().route("/dump", get(dump)).with_state(pool);
    let router = routes::<SessionPgPool>().merge(dump).layer(SessionLayer::new(store));
    Ok(Opened::in_postgres(database, router))
}

fn routes<P: Pool>() -> Router {
    Router::new()
        .route("/read", get(read::<P>))
        .route("/write", get(add::<P>))
        .route("/update", get(add::<P>))
        .route("/seed", get(seed::<P>))
        .route("/set", get(set::<P>))
        .route("/login", get(login::<P>))
        .route("/renew", get(renew::<P>))
        .route("/logout", get(logout::<P>))
        .route("/plain", get(async || DONE))
}

async fn read<P: Pool>(session: Session<P>) -> String {
    n(&session).to_string()
}

async fn add<P: Pool>(session: Session<P>) -> String {
    let n = n(&session) + 1;
    session.set("n", n);
    n.to_string()
}

async fn seed<P: Pool>(session: Session<P>) -> &'static str {
    session.set("user", contract::USER);
    session.set("token", contract::TOKEN);
    session.set("cart", contract::cart());
    session.set("n", 1);
    "1"
}

async fn set<P: Pool>(session: Session<P>, Query(set): Query<Set>) -> String {
    let n = n(&session);
    set.pause().await;
    session.set(&set.k, &set.v);
    n.to_string()
}

async fn login<P: Pool>(session: Session<P>, Query(login): Query<Login>) -> &'static str {
    session.renew();
    session.set("user", login.user);
    DONE
}

async fn renew<P: Pool>(session: Session<P>) -> &'static str {
    session.renew();
    DONE
}

async fn logout<P: Pool>(session: Session<P>) -> &'static str {
    session.destroy();
    DONE
}

/// The part of a stored session that is the application's. Its values are JSON texts.
#[derive(Debug, Default, Deserialize)]
struct Stored {
    data: Map<String, Value>,
}

/// Asks the database itself.
async fn dump(
    State(pool): State<SessionPgPool>,
    session: Session<SessionPgPool>,
) -> Result<Json<Map<String, Value>>, (StatusCode, String)> {
    let failed = |why: String| (StatusCode::INTERNAL_SERVER_ERROR, why);
    let text =
        pool.load(&session.get_session_id(), TABLE).await.map_err(|e| failed(e.to_string()))?;
    let Some(text) = text else { return Ok(Json(Map::new())) };
    let stored: Stored = serde_json::from_str(&text).map_err(|e| failed(e.to_string()))?;
    let values = stored.data.into_iter().map(|(key, text)| {
        let value = text.as_str().and_then(|text| serde_json::from_str(text).ok());
        (key, value.unwrap_or(text))
    });
    Ok(Json(values.collect()))
}

fn n<P: Pool>(session: &Session<P>) -> i64 {
    session.get("n").unwrap_or(0)
}
