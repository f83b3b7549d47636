//! Other session libraries behind the contract of `bench`.

mod routes;
mod stores;

use anyhow::Result;
use bench::system::{Opened, System};
use clap::ValueEnum;

/// A system that `peer` serves.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub enum Peer {
    /// tower-sessions over its memory store
    TowerSessionsMemory,
    /// tower-sessions over SQLite, by sqlx
    TowerSessionsSqlite,
    /// tower-sessions over PostgreSQL, by sqlx
    TowerSessionsPostgres,
}

impl System for Peer {
    async fn open(self) -> Result<Opened> {
        match self {
            Self::TowerSessionsMemory => Ok(stores::memory()),
            Self::TowerSessionsSqlite => stores::sqlite().await,
            Self::TowerSessionsPostgres => stores::postgres().await,
        }
    }
}
