//! The application that is visited: one counter in a session.

use std::net::{Ipv4Addr, SocketAddr};

use anyhow::Result;
use axum::{Router, routing::get};
use cloakroom::axum::{Error, Session};
use cloakroom::{Secret, Sessions, Store, tower::SessionLayer};
use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use tokio::task::JoinHandle;

/// Ends with this value.
#[derive(Debug)]
pub(super) struct Application {
    pub(super) address: SocketAddr,
    task: JoinHandle<()>,
}

impl Application {
    pub(super) fn start(runtime: &Runtime, store: impl Store) -> Result<Self> {
        let builder = Sessions::builder(store).secret(Secret::generate()?).insecure_http();
        let layer = SessionLayer::new(builder.build()?);
        let router = Router::new().route("/read", get(read)).route("/add", get(add)).layer(layer);
        let listener = runtime.block_on(TcpListener::bind((Ipv4Addr::LOCALHOST, 0)))?;
        let address = listener.local_addr()?;
        let task = runtime.spawn(async move {
            axum::serve(listener, router).await.expect("the listener stays open");
        });
        Ok(Self { address, task })
    }
}

impl Drop for Application {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn read(session: Session) -> Result<String, Error> {
    Ok(session.get_or("n", 0_u64)?.to_string())
}

async fn add(session: Session) -> Result<String, Error> {
    Ok(session.increment("n", 1)?.to_string())
}
