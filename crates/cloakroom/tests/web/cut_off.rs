//! An error is not half a change: handlers that panic and clients that go away commit nothing but a destroy.

use std::sync::Arc;

use cloakroom::{Id, MemoryStore, Operation, Outcome, Record, Sessions, Store};
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;
use tokio::sync::Semaphore;

use crate::apps::{App, Backstage, Framework};
use crate::support::{Site, Visitor, secret};

on_every_store!(a_client_that_goes_away_commits_nothing);
on_every_store!(a_client_that_goes_away_is_signed_out_all_the_same);
on_every_store!(a_handler_that_panics_commits_nothing);
on_every_store!(a_handler_that_panics_signs_out_all_the_same);
on_every_framework!(a_save_that_has_begun_is_finished_although_the_client_goes_away);

async fn a_client_that_goes_away_commits_nothing(site: Site) {
    for path in ["/set?k=late&v=1", "/update?", "/login?user=eve"] {
        let visitor = started(&site).await;
        let before = visitor.data().await;
        go_away(&site, &visitor, path).await;
        for n in 0..20 {
            assert_eq!(site.turn(&visitor, n).data().await, before, "{path}");
        }
    }
}

async fn a_client_that_goes_away_is_signed_out_all_the_same(site: Site) {
    let visitor = started(&site).await;
    go_away(&site, &visitor, "/logout?").await;
    // The end is under way; nobody waits for it but this.
    while visitor.is_alive().await {}
    assert!(!site.turn(&visitor, 1).is_alive().await);
}

async fn a_handler_that_panics_commits_nothing(site: Site) {
    let visitor = started(&site).await;
    let before = visitor.data().await;
    visitor.try_get("/panic/set?k=late&v=1").await.expect_err("the connection breaks off");
    for n in 0..20 {
        assert_eq!(site.turn(&visitor, n).data().await, before);
    }
}

async fn a_handler_that_panics_signs_out_all_the_same(site: Site) {
    let visitor = started(&site).await;
    visitor.try_get("/panic/logout").await.expect_err("the connection breaks off");
    while visitor.is_alive().await {}
    assert!(!site.turn(&visitor, 1).is_alive().await);
}

async fn started(site: &Site) -> Visitor {
    let mut visitor = site.visitor();
    visitor.visit("/login?user=ann").await;
    visitor
}

/// Sends a request and closes the connection when its handler is at work; returns when the server has noticed.
async fn go_away(site: &Site, visitor: &Visitor, path: &str) {
    let gate = site.gate("gone", 1);
    let connection = send(visitor, &format!("{path}&hold=gone")).await;
    gate.arrived().await;
    drop(connection);
    gate.left().await;
}

/// Sends a request on a connection of its own.
async fn send(visitor: &Visitor, path: &str) -> TcpStream {
    let mut connection = TcpStream::connect(visitor.server()).await.unwrap();
    let cookie = visitor.cookie().unwrap();
    let request = format!("GET {path} HTTP/1.1\r\nHost: x\r\nCookie: {cookie}\r\n\r\n");
    connection.write_all(request.as_bytes()).await.unwrap();
    connection
}

/// A store whose writes wait for a permit.
struct Slow {
    store: MemoryStore,
    begun: Arc<Semaphore>,
    permits: Arc<Semaphore>,
}

impl Store for Slow {
    type Error = <MemoryStore as Store>::Error;

    async fn load(&self, id: &Id) -> Result<Option<Record>, Self::Error> {
        self.store.load(id).await
    }

    async fn write(&self, operation: &Operation) -> Result<Outcome, Self::Error> {
        self.begun.add_permits(1);
        self.permits.acquire().await.unwrap().forget();
        self.store.write(operation).await
    }
}

async fn a_save_that_has_begun_is_finished_although_the_client_goes_away(framework: Framework) {
    let [begun, permits] = [(); 2].map(|()| Arc::new(Semaphore::new(0)));
    let store = MemoryStore::new();
    let slow = Slow { store, begun: begun.clone(), permits: permits.clone() };
    let sessions = Sessions::builder(slow).secret(secret()).build().unwrap();
    let backstage = Backstage::default();
    let mut visitor = framework.serve_with(&App::Main, &sessions, &backstage).await.visitor();
    permits.add_permits(1);
    visitor.visit("/write").await;
    begun.acquire().await.unwrap().forget();

    let gate = backstage.gates.gate("gone", 1);
    let connection = send(&visitor, "/write?linger=gone").await;
    begun.acquire().await.unwrap().forget();
    drop(connection);
    gate.left().await;
    assert_eq!(visitor.data().await["n"], 1, "not written yet");
    permits.add_permits(1);
    while visitor.data().await["n"] != 2 {
        tokio::task::yield_now().await;
    }
}
