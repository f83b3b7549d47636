//! The systems of this workspace: axum without sessions, and `cloakroom` over each of its stores.

mod bare;
mod cloakroom;

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
}

impl System for Contender {
    async fn open(self) -> Result<Opened> {
        match self {
            Self::Bare => Ok(Opened::in_memory(bare::router())),
            Self::CloakroomMemory => cloakroom::memory(),
            Self::CloakroomSigned => cloakroom::signed(),
            Self::CloakroomEncrypted => cloakroom::encrypted(),
            Self::CloakroomSqlite => cloakroom::sqlite(),
        }
    }
}
