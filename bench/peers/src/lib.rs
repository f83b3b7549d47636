//! Other session libraries behind the contract of `bench`.

mod actix;
mod axum_session;
mod routes;
mod stores;

use anyhow::{Result, bail};
use bench::system::{Opened, System};
use clap::ValueEnum;

/// A system that `peer` serves.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub enum Peer {
    /// tower-sessions over its memory store
    TowerSessionsMemory,
    /// tower-sessions over SQLite, by sqlx
    TowerSessionsSqlite,
    /// tower-sessions over Redis, by fred
    TowerSessionsRedis,
    /// actix-session in encrypted cookies, in actix-web
    ActixSessionCookie,
    /// actix-session over Redis, in actix-web
    ActixSessionRedis,
    /// tower-sessions over PostgreSQL, by sqlx
    TowerSessionsPostgres,
    /// `axum_session` in memory
    AxumSessionMemory,
    /// `axum_session` in memory, and each change over PostgreSQL too
    AxumSessionPostgres,
}

impl System for Peer {
    async fn open(self) -> Result<Opened> {
        match self {
            Self::TowerSessionsMemory => Ok(stores::memory()),
            Self::TowerSessionsSqlite => stores::sqlite().await,
            Self::TowerSessionsRedis => stores::redis().await,
            Self::ActixSessionCookie | Self::ActixSessionRedis => {
                bail!("actix-web is no router of axum's")
            }
            Self::TowerSessionsPostgres => stores::postgres().await,
            Self::AxumSessionMemory => axum_session::memory().await,
            Self::AxumSessionPostgres => axum_session::postgres().await,
        }
    }

    fn serve_by_itself(self, port: u16, workers: usize) -> Option<Result<()>> {
        match self {
            Self::ActixSessionCookie => Some(actix::cookie(port, workers)),
            Self::ActixSessionRedis => Some(actix::redis(port, workers)),
            _ => None,
        }
    }
}
