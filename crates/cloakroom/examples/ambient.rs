//! Functions that reach the session without having the request.
//!
//! ```console
//! $ cargo run -p cloakroom --example ambient
//! $ curl -c jar -b jar http://127.0.0.1:8080
//! ```

use axum::{Router, routing::get};
use cloakroom::axum::{Error, Session, SessionLayer};
use cloakroom::{MemoryStore, Secret, Sessions, ambient};

/// Somewhere deep in the application; nobody handed it a session.
fn count() -> Result<u32, cloakroom::Error> {
    ambient::update("visits", |visits: &mut u32| *visits += 1)?;
    Ok(ambient::get("visits")?.unwrap_or_default())
}

/// Asking for the session loads it.
async fn visit(_: Session) -> Result<String, Error> {
    Ok(format!("visit {}\n", count()?))
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let sessions = Sessions::builder(MemoryStore::new()).secret(Secret::generate()?);
    let sessions = sessions.insecure_http().build()?;
    let app = Router::new().route("/", get(visit)).layer(SessionLayer::new(sessions).ambient());
    axum::serve(tokio::net::TcpListener::bind("127.0.0.1:8080").await?, app).await?;
    Ok(())
}
