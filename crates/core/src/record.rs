//! What a store keeps for one session.

use std::fmt;

use crate::{Id, Payload, Timestamp, UserId};

/// One session as a store keeps it: a row, a key's value, an entry of a map.
///
/// The engine makes all of it; a store writes the fields down and gives them back unchanged.
#[derive(Clone, PartialEq, Eq)]
pub struct Record {
    /// The primary key.
    pub id: Id,
    /// Counts the changes. A store compares it and never computes it.
    pub version: Version,
    /// Who is signed in, if anybody. Worth an index.
    pub user: Option<UserId>,
    /// When the session began. Renewal keeps it.
    pub created_at: Timestamp,
    /// The last activity that was written down; sliding is throttled, so the true one may be a little later.
    pub active_at: Timestamp,
    /// The store may delete the record from this instant on. Worth an index where the backend does not expire by
    /// itself.
    pub expires_at: Timestamp,
    /// Data, flash and what else belongs to the session, as JSON text.
    pub payload: Payload,
}

impl fmt::Debug for Record {
    /// Shows everything but the payload, which is the visitor's.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Record")
            .field("id", &self.id)
            .field("version", &self.version)
            .field("user", &self.user)
            .field("created_at", &self.created_at)
            .field("active_at", &self.active_at)
            .field("expires_at", &self.expires_at)
            .finish_non_exhaustive()
    }
}

/// Counts the changes of a record, from 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Version(u64);

impl Version {
    /// The version of a record that was just created.
    pub const FIRST: Self = Self(1);

    /// Takes a number that a store wrote down.
    #[must_use]
    pub const fn new(number: u64) -> Self {
        Self(number)
    }

    /// Returns the number to write down.
    #[must_use]
    pub const fn get(self) -> u64 {
        self.0
    }

    pub(crate) const fn next(self) -> Self {
        Self(self.0.wrapping_add(1))
    }
}
