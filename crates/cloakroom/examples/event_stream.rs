//! An event stream that closes itself when its visitor is signed out, wherever that happens.
//!
//! ```console
//! $ cargo run -p cloakroom --example event_stream
//! $ curl -c jar -b jar -d '' http://127.0.0.1:8080/sign-in
//! $ curl -N -b jar http://127.0.0.1:8080/news &
//! $ curl -c jar -b jar -d '' http://127.0.0.1:8080/sign-out
//! ```

use std::convert::Infallible;
use std::time::Duration;

use axum::Router;
use axum::response::{
    IntoResponse,
    sse::{Event, KeepAlive, Sse},
};
use axum::routing::{get, post};
use cloakroom::axum::{CrossOriginLayer, Error, Session, SessionLayer, require_user};
use cloakroom::{End, MemoryStore, Secret, Sessions};
use futures_util::{StreamExt as _, stream};

/// Ticks once a second. Says `signed-out` at the end; after a renewal it just closes, and the browser comes again by itself.
async fn news(session: Session) -> impl IntoResponse {
    let events = stream::unfold(Some(Box::pin(session.ended())), async |ended| {
        let mut ended = ended?;
        tokio::select! {
            end = &mut ended => {
                // Browsers pass over an event without data.
                let last = Event::default().event("signed-out").data("now");
                (end == End::Over).then_some((last, None))
            }
            () = tokio::time::sleep(Duration::from_secs(1)) => {
                Some((Event::default().data("tick"), Some(ended)))
            }
        }
    });
    Sse::new(events.map(Ok::<_, Infallible>)).keep_alive(KeepAlive::default())
}

async fn sign_in(session: Session) -> Result<&'static str, Error> {
    session.sign_in("ann")?;
    Ok("welcome\n")
}

async fn sign_out(session: Session) -> Result<&'static str, Error> {
    session.sign_out()?;
    Ok("see you\n")
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let sessions = Sessions::builder(MemoryStore::new()).secret(Secret::generate()?);
    let sessions = sessions.insecure_http().build()?;
    let app = Router::new()
        .route("/news", get(news).route_layer(require_user()))
        .route("/sign-in", post(sign_in))
        .route("/sign-out", post(sign_out))
        .layer(SessionLayer::new(sessions))
        .layer(CrossOriginLayer::default());
    axum::serve(tokio::net::TcpListener::bind("127.0.0.1:8080").await?, app).await?;
    Ok(())
}
