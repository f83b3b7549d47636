//! actix-web: an event stream and a WebSocket that close when their visitor is signed out, wherever that happens.
//!
//! ```console
//! $ cargo run -p cloakroom --example actix_streams --features actix
//! $ curl -c jar -b jar -d '' http://127.0.0.1:8080/sign-in
//! $ curl -N -b jar http://127.0.0.1:8080/news &
//! $ curl -c jar -b jar -d '' http://127.0.0.1:8080/sign-out
//! ```

use std::convert::Infallible;
use std::time::Duration;

use actix_web::web::Bytes;
use actix_web::{App, HttpRequest, HttpResponse, HttpServer, rt, web};
use actix_ws::{CloseCode, CloseReason, Message};
use cloakroom::actix::{CrossOriginLayer, Error, Session, SessionLayer, require_user};
use cloakroom::{End, MemoryStore, Secret, Sessions};
use futures_util::stream;

/// Ticks once a second. Says `signed-out` at the end; after a renewal it just closes, and the browser comes again by itself.
async fn news(session: Session) -> HttpResponse {
    let events = stream::unfold(Some(Box::pin(session.ended())), async |ended| {
        let mut ended = ended?;
        tokio::select! {
            end = &mut ended => {
                // Browsers pass over an event without data.
                let last = Bytes::from_static(b"event: signed-out\ndata: now\n\n");
                (end == End::Over).then_some((Ok::<_, Infallible>(last), None))
            }
            () = tokio::time::sleep(Duration::from_secs(1)) => {
                Some((Ok(Bytes::from_static(b"data: tick\n\n")), Some(ended)))
            }
        }
    });
    HttpResponse::Ok().content_type("text/event-stream").streaming(events)
}

/// Says what it hears, until the session ends.
async fn echo(
    session: Session,
    request: HttpRequest,
    body: web::Payload,
) -> actix_web::Result<HttpResponse> {
    let (response, mut socket, mut messages) = actix_ws::handle(&request, body)?;
    rt::spawn(async move {
        let mut ended = Box::pin(session.ended());
        let why = loop {
            tokio::select! {
                _ = &mut ended => break CloseCode::Policy,
                message = messages.recv() => {
                    let sent = match message {
                        Some(Ok(Message::Text(text))) => socket.text(text).await,
                        Some(Ok(Message::Ping(bytes))) => socket.pong(&bytes).await,
                        _ => break CloseCode::Normal,
                    };
                    if sent.is_err() {
                        return;
                    }
                }
            }
        };
        // Who has gone hears nothing.
        let _ = socket.close(Some(CloseReason::from(why))).await;
    });
    Ok(response)
}

async fn sign_in(session: Session) -> Result<&'static str, Error> {
    session.sign_in("ann")?;
    Ok("welcome\n")
}

async fn sign_out(session: Session) -> Result<&'static str, Error> {
    session.sign_out()?;
    Ok("see you\n")
}

#[actix_web::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let sessions = Sessions::builder(MemoryStore::new()).secret(Secret::generate()?);
    let sessions = sessions.insecure_http().build()?;
    let server = HttpServer::new(move || {
        App::new()
            .service(web::resource("/news").get(news).wrap(require_user()))
            .service(web::resource("/echo").get(echo).wrap(require_user()))
            .route("/sign-in", web::post().to(sign_in))
            .route("/sign-out", web::post().to(sign_out))
            .wrap(SessionLayer::new(sessions.clone()))
            .wrap(CrossOriginLayer::default())
    });
    server.bind(("127.0.0.1", 8080))?.run().await?;
    Ok(())
}
