//! What Redis allows: axum with one GET a request on one connection that all share, and nothing of a session layer. It
//! serves the contract, so it reads the JSON that it keeps.

use std::hash::{BuildHasher, RandomState};

use anyhow::Result;
use axum::{
    Json, Router,
    extract::{Query, State},
    http::{HeaderMap, HeaderName, StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};
use cloakroom::redis::redis::{
    AsyncConnectionConfig, Client, IntoConnectionInfo, RedisError, aio::MultiplexedConnection, cmd,
    io::tcp::TcpSettings,
};

use crate::{
    contract::{Content, DONE, Login, Set},
    place::redis_url,
    system::Opened,
};

/// How long a key lives: as long as a session of `cloakroom`.
const LIFE: u64 = 7_200_000;

/// Connects and serves the contract.
pub(super) async fn open() -> Result<Opened> {
    let settings = TcpSettings::default().set_nodelay(true);
    let client = Client::open(redis_url().into_connection_info()?.set_tcp_settings(settings))?;
    let config = AsyncConnectionConfig::new().set_response_timeout(None);
    let connection = client.get_multiplexed_async_connection_with_config(&config).await?;
    Ok(Opened::in_memory(router(connection)))
}

fn router(connection: MultiplexedConnection) -> Router {
    Router::new()
        .route("/read", get(read))
        .route("/write", get(write))
        .route("/update", get(write))
        .route("/seed", get(seed))
        .route("/set", get(set))
        .route("/login", get(login))
        .route("/renew", get(write))
        .route("/logout", get(logout))
        .route("/dump", get(dump))
        .route("/plain", get(async || DONE))
        .with_state(connection)
}

type Shared = State<MultiplexedConnection>;
type Answer<T = &'static str> = Result<T, Failure>;

async fn read(State(connection): Shared, headers: HeaderMap) -> Answer<String> {
    let content = load(connection, key(&headers)).await?;
    Ok(content.map_or(0, |content| content.n).to_string())
}

async fn write(State(connection): Shared, headers: HeaderMap) -> Answer<String> {
    let Some(mut content) = load(connection.clone(), key(&headers)).await? else {
        return Ok("0".to_owned());
    };
    content.n += 1;
    save(connection, key(&headers), &content).await?;
    Ok(content.n.to_string())
}

async fn seed(State(connection): Shared) -> Answer<([(HeaderName, String); 1], &'static str)> {
    let [high, low] = [0, 1].map(|n| RandomState::new().hash_one(n));
    let key = format!("limit:{high:016x}{low:016x}");
    save(connection, &key, &Content::seeded()).await?;
    Ok(([(header::SET_COOKIE, format!("id={key}; Path=/"))], "1"))
}

async fn set(shared: Shared, headers: HeaderMap, Query(set): Query<Set>) -> Answer<String> {
    set.pause().await;
    write(shared, headers).await
}

async fn login(shared: Shared, headers: HeaderMap, Query(_): Query<Login>) -> Answer<String> {
    write(shared, headers).await
}

async fn logout(State(mut connection): Shared, headers: HeaderMap) -> Answer {
    cmd("DEL").arg(key(&headers)).exec_async(&mut connection).await?;
    Ok(DONE)
}

async fn dump(State(connection): Shared, headers: HeaderMap) -> Answer<Json<Option<Content>>> {
    Ok(Json(load(connection, key(&headers)).await?))
}

async fn load(mut connection: MultiplexedConnection, key: &str) -> Answer<Option<Content>> {
    let text: Option<Vec<u8>> = cmd("GET").arg(key).query_async(&mut connection).await?;
    Ok(text.and_then(|text| serde_json::from_slice(&text).ok()))
}

async fn save(mut connection: MultiplexedConnection, key: &str, content: &Content) -> Answer<()> {
    let text = serde_json::to_vec(content).unwrap_or_default();
    let mut set = cmd("SET");
    set.arg(key).arg(text).arg("PX").arg(LIFE);
    Ok(set.exec_async(&mut connection).await?)
}

/// The cookie is the key.
fn key(headers: &HeaderMap) -> &str {
    let cookie = headers.get(header::COOKIE).and_then(|cookie| cookie.to_str().ok());
    cookie.and_then(|cookie| cookie.strip_prefix("id=")).unwrap_or("limit:nobody")
}

/// An error of Redis, answered as a 503.
struct Failure(RedisError);

impl From<RedisError> for Failure {
    fn from(error: RedisError) -> Self {
        Self(error)
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        (StatusCode::SERVICE_UNAVAILABLE, self.0.to_string()).into_response()
    }
}
