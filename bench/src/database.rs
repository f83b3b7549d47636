//! Which PostgreSQL database a system keeps its sessions in.

use std::env;

use anyhow::Result;
use servers::Postgres;

/// Names the database for a system, as a URL.
pub const VARIABLE: &str = "BENCH_POSTGRES";

/// The database that `BENCH_POSTGRES` names, or one on a private server that goes with this value.
#[derive(Debug)]
pub struct Database {
    /// How it is reached.
    pub url: String,
    /// Stops the server, if it is ours.
    _server: Option<Postgres>,
}

impl Database {
    /// Reads `BENCH_POSTGRES`, or starts a server as durable as PostgreSQL is by default.
    pub fn from_env() -> Result<Self> {
        if let Some(url) = env::var(VARIABLE).ok().filter(|url| !url.is_empty()) {
            return Ok(Self { url, _server: None });
        }
        let server = Postgres::builder().durable().start()?;
        Ok(Self { url: server.url().to_owned(), _server: Some(server) })
    }
}
