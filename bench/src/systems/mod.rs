//! The systems of this workspace: axum and actix-web without sessions, `cloakroom` over each of its stores, and the
//! limits of those.

mod actix;
mod bare;
pub(crate) mod cloakroom;
mod deeds;
mod limit_cookie;
mod limit_memory;
mod limit_postgres;
mod limit_redis;

use ::cloakroom::Sessions;
use anyhow::{Result, bail};
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
    /// actix-web without sessions
    BareActix,
    /// cloakroom over its memory store, in actix-web
    CloakroomActixMemory,
    /// cloakroom in encrypted cookies, in actix-web
    CloakroomActixCookie,
}

impl System for Contender {
    async fn open(self) -> Result<Opened> {
        match self {
            Self::Bare => Ok(Opened::in_memory(bare::router())),
            Self::CloakroomMemory => in_memory(cloakroom::memory()),
            Self::LimitMemory => Ok(Opened::in_memory(limit_memory::router())),
            Self::LimitSigned => Ok(Opened::in_memory(limit_cookie::signed())),
            Self::LimitEncrypted => Ok(Opened::in_memory(limit_cookie::encrypted())),
            Self::CloakroomSigned => in_memory(cloakroom::signed()),
            Self::CloakroomEncrypted => in_memory(cloakroom::encrypted()),
            Self::CloakroomSqlite => cloakroom::sqlite(),
            Self::CloakroomRedis => cloakroom::redis().await,
            Self::LimitRedis => limit_redis::open().await,
            Self::CloakroomPostgres => cloakroom::postgres().await,
            Self::LimitPostgres => limit_postgres::open().await,
            Self::BareActix | Self::CloakroomActixMemory | Self::CloakroomActixCookie => {
                bail!("actix-web is no router of axum's")
            }
        }
    }

    fn serve_by_itself(self, port: u16, workers: usize) -> Option<Result<()>> {
        let sessions = match self {
            Self::BareActix => return Some(actix::bare(port, workers)),
            Self::CloakroomActixMemory => cloakroom::memory(),
            Self::CloakroomActixCookie => cloakroom::encrypted(),
            _ => return None,
        };
        Some(sessions.and_then(|sessions| actix::with_sessions(sessions, port, workers)))
    }
}

fn in_memory(sessions: Result<Sessions>) -> Result<Opened> {
    Ok(Opened::in_memory(cloakroom::router(sessions?)))
}
