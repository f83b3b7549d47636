//! What PostgreSQL allows: axum, and exactly one prepared statement a request on one pipelined connection.
//!
//! The cookie is the key, and nothing is signed, judged or kept from being lost.

use std::sync::Arc;

use anyhow::{Context, Result};
use axum::{
    Json, Router,
    extract::{Query, State},
    http::{HeaderMap, HeaderName, StatusCode, header},
    routing::get,
};
use cloakroom::postgres::tokio_postgres::{self, Client, NoTls, Statement};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::{
    contract::{self, DONE, Login, N, Set},
    database::Database,
    system::Opened,
};

const TABLE: &str = "CREATE TABLE IF NOT EXISTS limit_sessions (
    id uuid PRIMARY KEY, content json NOT NULL
)";

/// One connection, and the statements that are prepared on it.
struct Table {
    client: Client,
    select: Statement,
    insert: Statement,
    update: Statement,
    delete: Statement,
}

type Shared = State<Arc<Table>>;
type Answer<T> = Result<T, StatusCode>;

/// Serves the contract from one table.
pub(super) async fn open() -> Result<Opened> {
    let database = Database::from_env()?;
    let (client, connection) =
        tokio_postgres::connect(&database.url, NoTls).await.context("cannot connect")?;
    tokio::spawn(connection);
    client.batch_execute(TABLE).await.context("cannot make the table")?;
    // Keys and content go as the text that they are, for which the driver needs no more than its own types.
    let table = Table {
        select: client.prepare("SELECT content::text FROM limit_sessions WHERE id = $1::text::uuid").await?,
        insert: client
            .prepare("INSERT INTO limit_sessions VALUES (gen_random_uuid(), $1::text::json) RETURNING id::text")
            .await?,
        update: client
            .prepare("UPDATE limit_sessions SET content = $2::text::json WHERE id = $1::text::uuid")
            .await?,
        delete: client.prepare("DELETE FROM limit_sessions WHERE id = $1::text::uuid").await?,
        client,
    };
    Ok(Opened::in_postgres(database, router(table)))
}

fn router(table: Table) -> Router {
    Router::new()
        .route("/read", get(read))
        .route("/write", get(write))
        .route("/update", get(write))
        .route("/seed", get(seed))
        .route("/set", get(set))
        .route("/login", get(login))
        .route("/renew", get(async || DONE))
        .route("/logout", get(logout))
        .route("/dump", get(dump))
        .route("/plain", get(async || DONE))
        .with_state(Arc::new(table))
}

async fn read(State(table): Shared, headers: HeaderMap) -> Answer<String> {
    let content: Option<N> = table.load(key(&headers)).await?;
    Ok(content.map_or(0, |content| content.n).to_string())
}

async fn write(State(table): Shared, headers: HeaderMap) -> Answer<String> {
    let key = key(&headers);
    let mut content: Map<String, Value> = table.load(key).await?.unwrap_or_default();
    let n = content.get("n").and_then(Value::as_i64).unwrap_or(0) + 1;
    content.insert("n".to_owned(), n.into());
    table.save(key, &content).await?;
    Ok(n.to_string())
}

async fn seed(State(table): Shared) -> Answer<([(HeaderName, String); 1], &'static str)> {
    let content = json!({
        "cart": contract::cart(),
        "n": 1,
        "token": contract::TOKEN,
        "user": contract::USER,
    });
    let row = table.client.query_one(&table.insert, &[&content.to_string()]).await;
    let key: String = row.and_then(|row| row.try_get(0)).map_err(failed)?;
    Ok(([(header::SET_COOKIE, format!("id={key}; HttpOnly; SameSite=Lax; Path=/"))], "1"))
}

async fn set(State(table): Shared, Query(set): Query<Set>, headers: HeaderMap) -> Answer<String> {
    let key = key(&headers);
    let mut content: Map<String, Value> = table.load(key).await?.unwrap_or_default();
    let n = content.get("n").and_then(Value::as_i64).unwrap_or(0);
    set.pause().await;
    content.insert(set.k, set.v.into());
    table.save(key, &content).await?;
    Ok(n.to_string())
}

async fn login(
    State(table): Shared,
    Query(login): Query<Login>,
    headers: HeaderMap,
) -> Answer<&'static str> {
    let key = key(&headers);
    let mut content: Map<String, Value> = table.load(key).await?.unwrap_or_default();
    content.insert("user".to_owned(), login.user.into());
    table.save(key, &content).await?;
    Ok(DONE)
}

async fn logout(State(table): Shared, headers: HeaderMap) -> Answer<&'static str> {
    table.client.execute(&table.delete, &[&key(&headers)]).await.map_err(failed)?;
    Ok(DONE)
}

async fn dump(State(table): Shared, headers: HeaderMap) -> Answer<Json<Map<String, Value>>> {
    Ok(Json(table.load(key(&headers)).await?.unwrap_or_default()))
}

impl Table {
    async fn load<T: for<'a> Deserialize<'a>>(&self, key: Option<&str>) -> Answer<Option<T>> {
        let row = self.client.query_opt(&self.select, &[&key]).await.map_err(failed)?;
        let Some(row) = row else { return Ok(None) };
        let text: &str = row.try_get(0).map_err(failed)?;
        serde_json::from_str(text).map(Some).map_err(|_| StatusCode::INTERNAL_SERVER_ERROR)
    }

    async fn save(&self, key: Option<&str>, content: &Map<String, Value>) -> Answer<()> {
        let content = Value::from(content.clone()).to_string();
        self.client.execute(&self.update, &[&key, &content]).await.map_err(failed)?;
        Ok(())
    }
}

fn key(headers: &HeaderMap) -> Option<&str> {
    headers.get(header::COOKIE)?.to_str().ok()?.strip_prefix("id=")
}

fn failed(_: tokio_postgres::Error) -> StatusCode {
    StatusCode::SERVICE_UNAVAILABLE
}
