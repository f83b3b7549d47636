//! A counter in the session, and nothing else.
//!
//! ```console
//! $ cargo run -p cloakroom --example quick_start
//! $ curl -c jar -b jar http://127.0.0.1:8080
//! ```

use axum::{Router, routing::get};
use cloakroom::axum::{Error, Session, SessionLayer};
use cloakroom::{MemoryStore, Secret, Sessions};

async fn visit(session: Session) -> Result<String, Error> {
    Ok(format!("visit {}\n", session.increment("visits", 1)?))
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let sessions = Sessions::builder(MemoryStore::new()).secret(Secret::generate()?);
    // curl sends no `Secure` cookie over plain http.
    let sessions = sessions.insecure_http().build()?;
    let app = Router::new().route("/", get(visit)).layer(SessionLayer::new(sessions));
    axum::serve(tokio::net::TcpListener::bind("127.0.0.1:8080").await?, app).await?;
    Ok(())
}
