//! Where a system stands in the chart: over which kind of store, as what, and under which name.

use std::fmt;

use crate::compare::measured::Measured;

/// A kind of store, in the order of the chart.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(super) enum Store {
    Memory,
    SignedCookie,
    EncryptedCookie,
    Sqlite,
    Redis,
    Postgres,
}

/// What a system is to the reader, in the order of the chart.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(super) enum Role {
    Ours,
    Peer,
    /// What the store costs by itself.
    Limit,
}

impl fmt::Display for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Memory => "In memory",
            Self::SignedCookie => "In the cookie, signed",
            Self::EncryptedCookie => "In the cookie, encrypted",
            Self::Sqlite => "SQLite",
            Self::Redis => "Redis",
            Self::Postgres => "PostgreSQL",
        })
    }
}

impl Role {
    /// The class that the chart's style knows it by.
    pub(super) const fn class(self) -> &'static str {
        match self {
            Self::Ours => "ours",
            Self::Peer => "peer",
            Self::Limit => "limit",
        }
    }
}

impl Measured {
    /// Its place in the chart, unless it is what the others are measured by.
    pub(super) const fn shelf(self) -> Option<(Store, Role, &'static str)> {
        use Role::{Limit, Ours, Peer};
        use Store::{EncryptedCookie, Memory, Postgres, Redis, SignedCookie, Sqlite};
        Some(match self {
            Self::Bare | Self::BareActix => return None,
            Self::CloakroomMemory => (Memory, Ours, "cloakroom"),
            Self::CloakroomActixMemory => (Memory, Ours, "cloakroom ¹"),
            Self::TowerSessionsMemory => (Memory, Peer, "tower-sessions"),
            Self::AxumSessionMemory => (Memory, Peer, "axum_session"),
            Self::LimitMemory => (Memory, Limit, "limit"),
            Self::CloakroomSigned => (SignedCookie, Ours, "cloakroom"),
            Self::LimitSigned => (SignedCookie, Limit, "limit"),
            Self::CloakroomEncrypted => (EncryptedCookie, Ours, "cloakroom"),
            Self::CloakroomActixCookie => (EncryptedCookie, Ours, "cloakroom ¹"),
            Self::ActixSessionCookie => (EncryptedCookie, Peer, "actix-session ¹"),
            Self::LimitEncrypted => (EncryptedCookie, Limit, "limit"),
            Self::CloakroomSqlite => (Sqlite, Ours, "cloakroom"),
            Self::TowerSessionsSqlite => (Sqlite, Peer, "tower-sessions"),
            Self::CloakroomRedis => (Redis, Ours, "cloakroom"),
            Self::TowerSessionsRedis => (Redis, Peer, "tower-sessions"),
            Self::ActixSessionRedis => (Redis, Peer, "actix-session ¹"),
            Self::LimitRedis => (Redis, Limit, "limit"),
            Self::CloakroomPostgres => (Postgres, Ours, "cloakroom"),
            Self::TowerSessionsPostgres => (Postgres, Peer, "tower-sessions"),
            Self::AxumSessionPostgres => (Postgres, Peer, "axum_session ²"),
            Self::LimitPostgres => (Postgres, Limit, "limit"),
        })
    }
}

#[cfg(test)]
mod tests {
    use clap::ValueEnum as _;

    use super::*;

    #[test]
    fn everything_but_the_bare_ones_has_a_place_of_its_own() {
        let systems = Measured::value_variants();
        let mut places: Vec<_> = systems.iter().filter_map(|system| system.shelf()).collect();
        assert_eq!(places.len(), systems.len() - 2);
        places.sort_unstable();
        places.dedup();
        assert_eq!(places.len(), systems.len() - 2);
    }
}
