//! How to test handlers that need a signed-in visitor. `main` runs what a `#[tokio::test]` would.
//!
//! ```console
//! $ cargo run -p cloakroom --features testing --example tests_with_the_kit
//! ```

use axum::body::Body;
use axum::http::{Request, StatusCode};
use axum::{Router, routing::get};
use cloakroom::axum::{Session, SessionLayer};
use cloakroom::testing::{self, Gauge};
use cloakroom::{MemoryStore, Secret, Sessions};
use tower::ServiceExt as _;

async fn account(session: Session) -> StatusCode {
    if session.is_signed_in() { StatusCode::OK } else { StatusCode::UNAUTHORIZED }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let gauge = Gauge::default();
    let store = gauge.measure(MemoryStore::new());
    let sessions = Sessions::builder(store).secret(Secret::generate()?).build()?;
    let app = Router::new().route("/", get(account)).layer(SessionLayer::new(sessions.clone()));

    let nobody = Request::get("/").body(Body::empty())?;
    assert_eq!(app.clone().oneshot(nobody).await?.status(), StatusCode::UNAUTHORIZED);

    let cookie = testing::signed_in(&sessions, "ann").await;
    let ann = || Request::get("/").header("cookie", &cookie).body(Body::empty());
    assert_eq!(app.clone().oneshot(ann()?).await?.status(), StatusCode::OK);

    gauge.fail(true);
    assert_eq!(app.oneshot(ann()?).await?.status(), StatusCode::SERVICE_UNAVAILABLE);
    println!("a visitor, ann, and a store that is down: as they should be");
    Ok(())
}
