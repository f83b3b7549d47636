//! The systems of this workspace: axum without sessions, `cloakroom` over each of its stores, and the limits of those.

mod bare;
pub(crate) mod cloakroom;
mod limit_cookie;
mod limit_memory;
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
    /// axum with one HMAC and one look-up a request
    LimitMemory,
    /// cloakroom in signed cookies
    CloakroomSigned,
    /// cloakroom in encrypted cookies
    CloakroomEncrypted,
    /// axum with one HMAC over the session a request
    LimitSigned,
    /// axum with one decryption of the session a request
    LimitEncrypted,
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
            Self::LimitMemory => Ok(Opened::in_memory(limit_memory::router())),
            Self::LimitSigned => Ok(Opened::in_memory(limit_cookie::signed())),
            Self::LimitEncrypted => Ok(Opened::in_memory(limit_cookie::encrypted())),
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
