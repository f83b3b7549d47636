//! tower-sessions behind the contract, over any of its stores.

use axum::{
    Json, Router,
    extract::{Query, State},
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::get,
};
use bench::contract::{self, DONE, Login, Set};
use serde_json::{Map, Value};
use tower_sessions::{Session, SessionManagerLayer, SessionStore, session, session_store};

/// Serves the contract over `store`, with the layer's defaults but for plain http.
pub(crate) fn router<S: SessionStore + Clone>(store: S) -> Router {
    Router::new()
        .route("/read", get(read))
        .route("/write", get(add))
        .route("/update", get(add))
        .route("/seed", get(seed))
        .route("/set", get(set))
        .route("/login", get(login))
        .route("/renew", get(renew))
        .route("/logout", get(logout))
        .route("/dump", get(dump::<S>))
        .route("/plain", get(async || DONE))
        .with_state(store.clone())
        .layer(SessionManagerLayer::new(store).with_secure(false))
}

async fn read(session: Session) -> Result<String, Failure> {
    Ok(n(&session).await?.to_string())
}

async fn add(session: Session) -> Result<String, Failure> {
    let n = n(&session).await? + 1;
    session.insert("n", n).await?;
    Ok(n.to_string())
}

async fn seed(session: Session) -> Result<&'static str, Failure> {
    session.insert("user", contract::USER).await?;
    session.insert("token", contract::TOKEN).await?;
    session.insert("cart", contract::cart()).await?;
    session.insert("n", 1).await?;
    Ok("1")
}

async fn set(session: Session, Query(set): Query<Set>) -> Result<String, Failure> {
    let n = n(&session).await?;
    set.pause().await;
    session.insert(&set.k, &set.v).await?;
    Ok(n.to_string())
}

async fn login(session: Session, Query(login): Query<Login>) -> Result<&'static str, Failure> {
    session.cycle_id().await?;
    session.insert("user", login.user).await?;
    Ok(DONE)
}

async fn renew(session: Session) -> Result<&'static str, Failure> {
    session.cycle_id().await?;
    Ok(DONE)
}

async fn logout(session: Session) -> Result<&'static str, Failure> {
    session.flush().await?;
    Ok(DONE)
}

/// Asks the store itself: a `Session` does not list its keys.
async fn dump<S: SessionStore>(
    State(store): State<S>,
    session: Session,
) -> Result<Json<Map<String, Value>>, Failure> {
    let record = match session.id() {
        Some(id) => store.load(&id).await?,
        None => None,
    };
    Ok(Json(record.into_iter().flat_map(|record| record.data).collect()))
}

async fn n(session: &Session) -> Result<i64, session::Error> {
    Ok(session.get("n").await?.unwrap_or(0))
}

/// An error of tower-sessions, answered as a 500.
struct Failure(session::Error);

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        (StatusCode::INTERNAL_SERVER_ERROR, self.0.to_string()).into_response()
    }
}

impl From<session::Error> for Failure {
    fn from(error: session::Error) -> Self {
        Self(error)
    }
}

impl From<session_store::Error> for Failure {
    fn from(error: session_store::Error) -> Self {
        Self(error.into())
    }
}
