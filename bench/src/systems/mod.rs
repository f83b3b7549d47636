//! The systems of this workspace: axum without sessions, `cloakroom` over each of its stores, and what
//! a server allows.

mod bare;
mod cloakroom;
mod limit_postgres;

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
            Self::CloakroomPostgres => cloakroom::postgres().await,
            Self::LimitPostgres => limit_postgres::open().await,
        }
    }
}
