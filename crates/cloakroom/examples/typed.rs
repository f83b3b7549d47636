//! A struct as the session's schema.
//!
//! ```console
//! $ cargo run -p cloakroom --example typed
//! $ curl -c jar -b jar http://127.0.0.1:8080/add/hat
//! $ curl -c jar -b jar http://127.0.0.1:8080/theme/dark
//! ```

use axum::extract::Path;
use axum::{Router, routing::get};
use cloakroom::axum::{Error, Session, SessionLayer, Typed};
use cloakroom::{MemoryStore, Secret, Sessions};
use serde::{Deserialize, Serialize};

#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
struct Shop {
    cart: Vec<String>,
    theme: Option<String>,
}

/// Each addition counts, whatever other requests do: the closure runs again on what they left.
async fn add(session: Session, Path(item): Path<String>) -> Result<String, Error> {
    session.modify(move |shop: &mut Shop| shop.cart.push(item.clone()))?;
    Ok(format!("{:?}\n", *session.typed::<Shop>()?))
}

/// Only the theme is written. Of two that choose one the later wins.
async fn theme(mut shop: Typed<Shop>, Path(theme): Path<String>) -> Result<String, Error> {
    shop.theme = Some(theme);
    shop.save()?;
    Ok(format!("{:?}\n", **shop))
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let sessions = Sessions::builder(MemoryStore::new()).secret(Secret::generate()?);
    let sessions = sessions.insecure_http().build()?;
    let routes = Router::new().route("/add/{item}", get(add)).route("/theme/{theme}", get(theme));
    let app = routes.layer(SessionLayer::new(sessions));
    axum::serve(tokio::net::TcpListener::bind("127.0.0.1:8080").await?, app).await?;
    Ok(())
}
