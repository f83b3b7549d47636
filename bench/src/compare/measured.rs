//! The systems that the driver knows, and which workspace serves them.

use std::fmt;

use clap::ValueEnum;
use serde::{Deserialize, Serialize};

/// A system to measure. Bare comes first: it is what the others are measured by.
#[derive(
    Clone, Copy, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize, ValueEnum,
)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Measured {
    Bare,
    LimitMemory,
    CloakroomMemory,
    TowerSessionsMemory,
    AxumSessionMemory,
    LimitSigned,
    CloakroomSigned,
    LimitEncrypted,
    CloakroomEncrypted,
    BareActix,
    CloakroomActixMemory,
    CloakroomActixCookie,
    ActixSessionCookie,
    CloakroomSqlite,
    TowerSessionsSqlite,
    LimitRedis,
    CloakroomRedis,
    TowerSessionsRedis,
    ActixSessionRedis,
    LimitPostgres,
    CloakroomPostgres,
    TowerSessionsPostgres,
    AxumSessionPostgres,
}

impl Measured {
    /// The systems whose work is all in process, on one thread.
    pub(super) const COUNTED: [Self; 3] =
        [Self::Bare, Self::CloakroomMemory, Self::TowerSessionsMemory];

    /// The name it has on every command line.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Bare => "bare",
            Self::CloakroomMemory => "cloakroom-memory",
            Self::CloakroomSigned => "cloakroom-signed",
            Self::CloakroomEncrypted => "cloakroom-encrypted",
            Self::LimitMemory => "limit-memory",
            Self::LimitSigned => "limit-signed",
            Self::LimitEncrypted => "limit-encrypted",
            Self::BareActix => "bare-actix",
            Self::CloakroomActixMemory => "cloakroom-actix-memory",
            Self::CloakroomActixCookie => "cloakroom-actix-cookie",
            Self::ActixSessionCookie => "actix-session-cookie",
            Self::CloakroomPostgres => "cloakroom-postgres",
            Self::CloakroomSqlite => "cloakroom-sqlite",
            Self::LimitPostgres => "limit-postgres",
            Self::TowerSessionsMemory => "tower-sessions-memory",
            Self::TowerSessionsPostgres => "tower-sessions-postgres",
            Self::AxumSessionMemory => "axum-session-memory",
            Self::AxumSessionPostgres => "axum-session-postgres",
            Self::TowerSessionsSqlite => "tower-sessions-sqlite",
            Self::LimitRedis => "limit-redis",
            Self::CloakroomRedis => "cloakroom-redis",
            Self::TowerSessionsRedis => "tower-sessions-redis",
            Self::ActixSessionRedis => "actix-session-redis",
        }
    }

    /// The workspace that it is built in.
    pub(super) const fn home(self) -> Home {
        match self {
            Self::Bare
            | Self::LimitMemory
            | Self::LimitSigned
            | Self::LimitEncrypted
            | Self::CloakroomMemory
            | Self::CloakroomSigned
            | Self::CloakroomEncrypted
            | Self::CloakroomSqlite
            | Self::CloakroomRedis
            | Self::LimitRedis
            | Self::CloakroomPostgres
            | Self::LimitPostgres
            | Self::BareActix
            | Self::CloakroomActixMemory
            | Self::CloakroomActixCookie => Home::Contenders,
            Self::TowerSessionsMemory
            | Self::TowerSessionsSqlite
            | Self::TowerSessionsRedis
            | Self::TowerSessionsPostgres
            | Self::AxumSessionMemory
            | Self::AxumSessionPostgres
            | Self::ActixSessionCookie
            | Self::ActixSessionRedis => Home::Peers,
        }
    }

    /// The framework that it runs in, without sessions.
    pub(super) const fn bare(self) -> Self {
        match self {
            Self::BareActix
            | Self::CloakroomActixMemory
            | Self::CloakroomActixCookie
            | Self::ActixSessionCookie
            | Self::ActixSessionRedis => Self::BareActix,
            _ => Self::Bare,
        }
    }

    /// The peer over the same kind of store.
    pub(super) const fn peer(self) -> Option<Self> {
        match self {
            Self::CloakroomMemory => Some(Self::TowerSessionsMemory),
            Self::CloakroomSqlite => Some(Self::TowerSessionsSqlite),
            Self::CloakroomActixCookie => Some(Self::ActixSessionCookie),
            Self::CloakroomRedis => Some(Self::TowerSessionsRedis),
            Self::CloakroomPostgres => Some(Self::TowerSessionsPostgres),
            _ => None,
        }
    }

    /// What its store allows without a session layer.
    pub(super) const fn limit(self) -> Option<Self> {
        match self {
            Self::CloakroomMemory | Self::TowerSessionsMemory | Self::AxumSessionMemory => {
                Some(Self::LimitMemory)
            }
            Self::CloakroomSigned => Some(Self::LimitSigned),
            Self::CloakroomEncrypted => Some(Self::LimitEncrypted),
            Self::CloakroomRedis | Self::TowerSessionsRedis | Self::ActixSessionRedis => {
                Some(Self::LimitRedis)
            }
            Self::CloakroomPostgres | Self::TowerSessionsPostgres | Self::AxumSessionPostgres => {
                Some(Self::LimitPostgres)
            }
            _ => None,
        }
    }

    /// Tells whether it keeps sessions in Redis.
    pub(super) const fn needs_redis(self) -> bool {
        matches!(
            self,
            Self::CloakroomRedis
                | Self::TowerSessionsRedis
                | Self::ActixSessionRedis
                | Self::LimitRedis
        )
    }

    /// Tells whether it keeps sessions in PostgreSQL.
    pub(super) const fn needs_postgres(self) -> bool {
        matches!(
            self,
            Self::LimitPostgres
                | Self::CloakroomPostgres
                | Self::TowerSessionsPostgres
                | Self::AxumSessionPostgres
        )
    }
}

impl fmt::Display for Measured {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// A workspace that systems are built in.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Home {
    /// The workspace of `cloakroom`.
    Contenders,
    /// `bench/peers`.
    Peers,
}

impl Home {
    /// Where its manifest is, from the folder of the package `bench`.
    pub(super) const fn manifest(self) -> &'static str {
        match self {
            Self::Contenders => "Cargo.toml",
            Self::Peers => "peers/Cargo.toml",
        }
    }

    /// The binary that serves, and how the names of the others begin.
    pub(super) const fn binary(self) -> &'static str {
        match self {
            Self::Contenders => "contender",
            Self::Peers => "peer",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_the_command_line() {
        for system in Measured::value_variants() {
            let value = system.to_possible_value().expect("no variant is hidden");
            assert_eq!(value.get_name(), system.name());
        }
    }
}
