//! Sessions without a store: encrypted, in the cookie itself.
//!
//! ```console
//! $ cargo run -p cloakroom --example cookie_sessions
//! $ curl -c jar -b jar http://127.0.0.1:8080
//! ```

use axum::{Router, routing::get};
use cloakroom::axum::{Error, Session, SessionLayer};
use cloakroom::{CookieDriver, MemoryStore, Secret, Sessions};

async fn visit(session: Session) -> Result<String, Error> {
    Ok(format!("visit {}\n", session.increment("visits", 1)?))
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    // Without the deny list a copy of a cookie would live on after a sign-out.
    let driver = CookieDriver::encrypted().deny_list(MemoryStore::new());
    let sessions = Sessions::in_cookie(driver).secret(Secret::generate()?);
    let sessions = sessions.insecure_http().build()?;
    let app = Router::new().route("/", get(visit)).layer(SessionLayer::new(sessions));
    axum::serve(tokio::net::TcpListener::bind("127.0.0.1:8080").await?, app).await?;
    Ok(())
}
