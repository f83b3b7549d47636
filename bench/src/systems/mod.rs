//! The systems of this workspace: axum without sessions, `cloakroom` over each of its stores, and the limits of those.

mod bare;
mod cloakroom;
mod limit_postgres;
mod limit_redis;

use anyhow::Result;
use clap::ValueEnum;

use crate::system::{Opened, System};

/// A system that `contender` serves.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub enum Contender {
    /// axum without sessions
    Bare,
    /// cloakroom over its memory store
    CloakroomMemory,
    /// cloakroom in signed cookies
    CloakroomSigned,
    /// cloakroom in encrypted cookies
    CloakroomEncrypted,
    /// cloakroom over SQLite
    CloakroomSqlite,
    /// cloakroom over Redis
    CloakroomRedis,
    /// axum with exactly one GET a request
    LimitRedis,
    /// cloakroom over PostgreSQL
    CloakroomPostgres,
    /// one prepared statement a request
    LimitPostgres,
}

impl System for Contender {
    async fn open(self) -> Result<Opened> {
        match self {
            Self::Bare => Ok(Opened::in_memory(bare::router())),
            Self::CloakroomMemory => cloakroom::memory(),
            Self::CloakroomSigned => cloakroom::signed(),
            Self::CloakroomEncrypted => cloakroom::encrypted(),
            Self::CloakroomSqlite => cloakroom::sqlite(),
            Self::CloakroomRedis => cloakroom::redis().await,
            Self::LimitRedis => limit_redis::open().await,
            Self::CloakroomPostgres => cloakroom::postgres().await,
            Self::LimitPostgres => limit_postgres::open().await,
        }
    }
}
