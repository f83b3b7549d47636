//! axum without sessions: constant answers of the shape that the other systems give.

use axum::{
    Json, Router,
    extract::Query,
    http::{HeaderName, header},
    routing::get,
};
use serde_json::{Value, json};

use crate::contract::{self, DONE, Login, Set};

/// A cookie that nothing reads, so that requests to this system are as long as those to others.
const COOKIE: &str = "id=AAAAAAAAAAAAAAAAAAAAAA; HttpOnly; SameSite=Lax; Path=/";

/// Serves the contract from constants.
pub(super) fn router() -> Router {
    Router::new()
        .route("/read", get(async || "1"))
        .route("/write", get(async || "2"))
        .route("/update", get(async || "2"))
        .route("/seed", get(seed))
        .route("/set", get(set))
        .route("/login", get(login))
        .route("/renew", get(async || DONE))
        .route("/logout", get(async || DONE))
        .route("/dump", get(dump))
        .route("/plain", get(async || DONE))
}

async fn seed() -> ([(HeaderName, &'static str); 1], &'static str) {
    ([(header::SET_COOKIE, COOKIE)], "1")
}

async fn set(Query(set): Query<Set>) -> &'static str {
    set.pause().await;
    "1"
}

async fn login(Query(_): Query<Login>) -> &'static str {
    DONE
}

async fn dump() -> Json<Value> {
    Json(json!({
        "cart": contract::cart(),
        "n": 1,
        "token": contract::TOKEN,
        "user": contract::USER,
    }))
}
