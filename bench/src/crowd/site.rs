//! The application over a crowd's store, served on a port of its own, for `wrk` to read from.

use std::net::Ipv4Addr;

use anyhow::{Result, ensure};
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::task::spawn_blocking;

use super::places::House;
use crate::systems::cloakroom::router;
use crate::wrk::{self, Cookies};

/// Requests under way at the same time.
const CONNECTIONS: u32 = 64;

/// Most visitors who read: as many as a script can name. They are spread over the whole crowd.
const MOST_READERS: usize = 100_000;

/// An application that is served for as long as the program runs.
pub(super) struct Site {
    url: String,
    folder: TempDir,
    cookies: Vec<String>,
}

impl Site {
    pub(super) async fn open(house: &House) -> Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let url = format!("http://{}/read", listener.local_addr()?);
        tokio::spawn(axum::serve(listener, router(house.sessions.clone())).into_future());
        let step = house.cookies.len().div_ceil(MOST_READERS);
        let readers =
            house.cookies.iter().step_by(step).map(|cookie| Ok(cookie.to_str()?.to_owned()));
        Ok(Self { url, folder: tempfile::tempdir()?, cookies: readers.collect::<Result<_>>()? })
    }

    /// Reads as fast as it goes; returns the microseconds a request.
    pub(super) async fn microseconds(&self, seconds: u32) -> Result<f64> {
        let cookies = Cookies::new(&self.cookies, self.folder.path().join("readers.lua"))?;
        let url = self.url.clone();
        let load = spawn_blocking(move || wrk::run(CONNECTIONS, seconds, &url, &cookies));
        let outcome = load.await??;
        ensure!(outcome.errors == 0, "{} of {} reads failed", outcome.errors, outcome.requests);
        Ok(1e6 / outcome.requests_per_second)
    }
}
