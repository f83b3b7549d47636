//! What outlives the response: event streams and WebSockets that end with their session.

use std::net::SocketAddr;

use actix_web::web::Bytes;
use actix_web::{App, HttpRequest, HttpResponse, HttpServer, rt, web};
use cloakroom_actix::{Session, SessionLayer};
use cloakroom_core::{Sessions, UserId};
use futures_util::stream;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::support::{ann, memory};

/// Greets, and closes when the session ends.
async fn news(session: Session) -> HttpResponse {
    let ended = Box::pin(session.ended());
    let events = stream::unfold((true, Some(ended)), async |(first, ended)| {
        if first {
            return Some((Ok::<_, actix_web::Error>(Bytes::from("hello")), (false, ended)));
        }
        let end = ended?.await;
        Some((Ok(Bytes::from(format!("{end:?}"))), (false, None)))
    });
    HttpResponse::Ok().streaming(events)
}

async fn socket(
    session: Session,
    request: HttpRequest,
    body: web::Payload,
) -> actix_web::Result<HttpResponse> {
    let (response, mut socket, mut messages) = actix_ws::handle(&request, body)?;
    rt::spawn(async move {
        socket.text("hello").await.unwrap();
        tokio::select! {
            _ = session.ended() => socket.close(None).await.unwrap(),
            // The visitor says nothing, so the connection broke.
            _ = messages.recv() => {}
        }
    });
    Ok(response)
}

/// Serves until the test ends.
fn serve(sessions: &Sessions) -> SocketAddr {
    let sessions = sessions.clone();
    let server = HttpServer::new(move || {
        App::new()
            .route("/news", web::get().to(news))
            .route("/socket", web::get().to(socket))
            .wrap(SessionLayer::new(sessions.clone()))
    });
    let server = server.workers(1).disable_signals().bind(("127.0.0.1", 0)).unwrap();
    let address = server.addrs()[0];
    rt::spawn(server.run());
    address
}

async fn request(address: SocketAddr, text: String) -> TcpStream {
    let mut connection = TcpStream::connect(address).await.unwrap();
    connection.write_all(text.as_bytes()).await.unwrap();
    connection
}

/// Reads until these bytes have come.
async fn read_until(connection: &mut TcpStream, text: &[u8]) -> Vec<u8> {
    let mut read = Vec::new();
    while !read.windows(text.len()).any(|bytes| bytes == text) {
        let mut chunk = [0; 1024];
        let length = connection.read(&mut chunk).await.unwrap();
        assert_ne!(length, 0, "closed after {:?}", String::from_utf8_lossy(&read));
        read.extend_from_slice(&chunk[..length]);
    }
    read
}

#[actix_web::test]
async fn an_event_stream_ends_with_its_session() {
    let sessions = memory();
    let (address, cookie) = (serve(&sessions), ann(&sessions).await);
    let text = format!("GET /news HTTP/1.1\r\nHost: x\r\nCookie: {cookie}\r\n\r\n");
    let mut connection = request(address, text).await;
    let head = read_until(&mut connection, b"hello").await;
    assert!(head.starts_with(b"HTTP/1.1 200"), "{}", String::from_utf8_lossy(&head));
    sessions.revoke_all(&UserId::new("ann").unwrap()).await.unwrap();
    read_until(&mut connection, b"Over\r\n0\r\n\r\n").await;
}

#[actix_web::test]
async fn a_websocket_closes_with_its_session() {
    let sessions = memory();
    let (address, cookie) = (serve(&sessions), ann(&sessions).await);
    let upgrade = "Connection: upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
                   Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==";
    let text = format!("GET /socket HTTP/1.1\r\nHost: x\r\n{upgrade}\r\nCookie: {cookie}\r\n\r\n");
    let mut connection = request(address, text).await;
    let head = read_until(&mut connection, b"hello").await;
    assert!(head.starts_with(b"HTTP/1.1 101"), "{}", String::from_utf8_lossy(&head));
    sessions.revoke_all(&UserId::new("ann").unwrap()).await.unwrap();
    // A close frame without a reason (RFC 6455, section 5.5.1).
    read_until(&mut connection, &[0x88, 0]).await;
}
