//! Several workers, each with an application of its own.

use actix_web::{App, HttpServer, rt, web};
use cloakroom_actix::{CsrfLayer, GuardLayer, SessionLayer, require_user};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::support::{ann, memory, visit, visits};

#[actix_web::test]
async fn workers_share_the_sessions_and_lose_no_update() {
    let sessions = memory();
    let layer = SessionLayer::new(sessions.clone());
    let (guard, csrf): (GuardLayer, _) = (require_user(), CsrfLayer::default());
    let server = HttpServer::new(move || {
        App::new()
            .route("/", web::get().to(visit))
            .wrap(guard.clone())
            .wrap(csrf.clone())
            .wrap(layer.clone())
    });
    let server = server.workers(3).disable_signals().bind(("127.0.0.1", 0)).unwrap();
    let address = server.addrs()[0];
    rt::spawn(server.run());
    let cookie = ann(&sessions).await;
    // Connections go to the workers in turn.
    let requests = (0..30).map(|_| async {
        let mut connection = TcpStream::connect(address).await.unwrap();
        let text =
            format!("GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nCookie: {cookie}\r\n\r\n");
        connection.write_all(text.as_bytes()).await.unwrap();
        let mut answer = String::new();
        connection.read_to_string(&mut answer).await.unwrap();
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    });
    futures_util::future::join_all(requests).await;
    assert_eq!(visits(&sessions, &cookie).await, Some(30));
}
