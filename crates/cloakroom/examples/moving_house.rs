//! Changes the store while visitors are there: from memory to an SQLite file.
//!
//! ```console
//! $ cargo run -p cloakroom --features sqlite --example moving_house
//! $ curl -c jar -b jar http://127.0.0.1:8080/old
//! $ curl -c jar -b jar http://127.0.0.1:8080/moving
//! $ curl -c jar -b jar http://127.0.0.1:8080/new
//! ```
//!
//! The paths stand for the deployments of one application; they count on, as the session moves with the visitor.

use axum::{Router, routing::get};
use cloakroom::axum::{Error, Session, SessionLayer};
use cloakroom::sqlite::SqliteStore;
use cloakroom::{MemoryStore, Moving, Secret, Sessions, Store};

async fn visit(session: Session) -> Result<String, Error> {
    Ok(format!("visit {}\n", session.increment("visits", 1)?))
}

fn deployment(store: impl Store, secret: &Secret) -> Result<Router, cloakroom::ConfigError> {
    let sessions = Sessions::builder(store).secret(secret.clone()).insecure_http().build()?;
    Ok(Router::new().route("/", get(visit)).layer(SessionLayer::new(sessions)))
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let (old, secret) = (MemoryStore::new(), Secret::generate()?);
    let file = std::env::temp_dir().join("cloakroom-moving-house.db");
    let new = || SqliteStore::open(&file);
    let app = Router::new()
        .nest("/old", deployment(old.clone(), &secret)?)
        .nest("/prepare", deployment(Moving::prepare(old.clone(), new()?), &secret)?)
        .nest("/moving", deployment(Moving::new(old, new()?), &secret)?)
        .nest("/new", deployment(new()?, &secret)?);
    axum::serve(tokio::net::TcpListener::bind("127.0.0.1:8080").await?, app).await?;
    Ok(())
}
