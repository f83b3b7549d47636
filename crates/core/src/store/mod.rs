//! What keeps records: the [`Store`] trait that a backend implements.

mod backend;
mod erased;
mod index;
mod lane;
mod signals;
mod walk;

use std::future::Future;
use std::num::NonZeroU32;

pub(crate) use self::backend::Backend;
pub(crate) use self::erased::{BoxFuture, Erased};
pub use self::index::{Listing, UserIndex};
pub use self::signals::{Listening, Signals};
pub use self::walk::{LostPlace, Walk, WalkCursor, WalkPage, Walking};
use crate::{Id, Record, Timestamp, Version};

/// A map from [`Id`] to [`Record`] that outlives the request, and mostly the process.
///
/// A store keeps records and compares versions. It reads no clock, makes no id, looks into no payload and need
/// not hide expired records: the engine does all of that. `load` and `write` are enough; the other methods
/// make a store faster.
///
/// Prove yours with the public suite, `cloakroom_core::conformance` (feature `conformance`).
///
/// ```
/// use cloakroom_core::{Id, Operation, Outcome, Record, Store};
/// use std::collections::HashMap;
/// use std::convert::Infallible;
/// use std::sync::Mutex;
///
/// /// The smallest store that keeps every promise.
/// #[derive(Default)]
/// struct Shelf(Mutex<HashMap<Id, Record>>);
///
/// impl Store for Shelf {
///     type Error = Infallible;
///
///     async fn load(&self, id: &Id) -> Result<Option<Record>, Infallible> {
///         Ok(self.0.lock().unwrap().get(id).cloned())
///     }
///
///     async fn write(&self, operation: &Operation) -> Result<Outcome, Infallible> {
///         let mut shelf = self.0.lock().unwrap();
///         let current = shelf.get(operation.id()).cloned();
///         Ok(match operation {
///             Operation::Create(next) if current.is_none() => {
///                 shelf.insert(next.id, next.clone());
///                 Outcome::Applied
///             }
///             Operation::Replace { version, next } if current.as_ref().is_some_and(|r| r.version == *version) => {
///                 shelf.insert(next.id, next.clone());
///                 Outcome::Applied
///             }
///             Operation::Renew { version, next, moved }
///                 if current.as_ref().is_some_and(|r| r.version == *version) && !shelf.contains_key(&next.id) =>
///             {
///                 shelf.insert(next.id, next.clone());
///                 shelf.insert(moved.id, moved.clone());
///                 Outcome::Applied
///             }
///             Operation::Touch { id, version, active_at, expires_at } => match shelf.get_mut(id) {
///                 Some(record) if record.version == *version => {
///                     record.active_at = record.active_at.max(*active_at);
///                     record.expires_at = record.expires_at.max(*expires_at);
///                     Outcome::Applied
///                 }
///                 _ => Outcome::Stale(current),
///             },
///             Operation::Delete(id) => shelf.remove(id).map_or(Outcome::Stale(None), Outcome::Removed),
///             _ => Outcome::Stale(current),
///         })
///     }
/// }
/// ```
pub trait Store: Send + Sync + 'static {
    /// What can go wrong with the backend itself. That a record is missing or stale is not an error.
    type Error: std::error::Error + Send + Sync + 'static;

    /// Returns the record stored under `id`, expired or not.
    fn load(&self, id: &Id) -> impl Future<Output = Result<Option<Record>, Self::Error>> + Send;

    /// Carries out one conditional write, wholly or not at all.
    fn write(
        &self,
        operation: &Operation,
    ) -> impl Future<Output = Result<Outcome, Self::Error>> + Send;

    /// Loads several records in one trip; answers in the order of `ids`. Ids may repeat.
    ///
    /// By default one [`load`](Self::load) after another.
    fn load_many(
        &self,
        ids: &[Id],
    ) -> impl Future<Output = Result<Vec<Option<Record>>, Self::Error>> + Send {
        async move {
            let mut records = Vec::with_capacity(ids.len());
            for id in ids {
                records.push(self.load(id).await?);
            }
            Ok(records)
        }
    }

    /// Carries out several independent writes in one trip, in order; answers in the same order. An error means
    /// that none of them is certain.
    ///
    /// By default one [`write`](Self::write) after another.
    fn write_many(
        &self,
        operations: &[Operation],
    ) -> impl Future<Output = Result<Vec<Outcome>, Self::Error>> + Send {
        async move {
            let mut outcomes = Vec::with_capacity(operations.len());
            for operation in operations {
                outcomes.push(self.write(operation).await?);
            }
            Ok(outcomes)
        }
    }

    /// Carries out one conditional write on the spot, as [`write`](Self::write) would. `None` if that takes waiting:
    /// then nothing has happened, and `write` is called.
    ///
    /// By default `None`. It spares a store in memory two boxed futures a write; it is not asked of a store that
    /// [`gathers`](Self::gathers).
    fn write_now(&self, operation: &Operation) -> Option<Result<Outcome, Self::Error>> {
        let _ = operation;
        None
    }

    /// Deletes at most `limit` records whose `expires_at` is at or before `now`; returns how many. Called again
    /// while it returns `limit`.
    ///
    /// By default nothing, for backends that expire records by themselves.
    fn delete_expired(
        &self,
        now: Timestamp,
        limit: NonZeroU32,
    ) -> impl Future<Output = Result<u32, Self::Error>> + Send {
        let _ = (now, limit);
        async { Ok(0) }
    }

    /// Tells whether a call is a trip worth sharing. By default it is: while one call is under way, others gather
    /// and leave together through [`load_many`](Self::load_many) and [`write_many`](Self::write_many). A store
    /// that answers at once says no.
    fn gathers(&self) -> bool {
        true
    }

    /// Returns the index that finds a user's sessions, where the store keeps one: mostly `Some(self)`. By default
    /// there is none, and what needs it is an error.
    fn user_index(&self) -> Option<&dyn UserIndex> {
        None
    }

    /// Returns what tells which sessions other processes end, where the store can: mostly `Some(self)`. By default
    /// nothing does, and [`Session::ended`](crate::Session::ended) looks twice a second.
    fn signals(&self) -> Option<&dyn Signals> {
        None
    }

    /// Returns what shows all that is in the store, where it can: mostly `Some(self)`. By default nothing does, and what
    /// needs it is an error: to count sessions, to end everybody's, to move them all.
    fn walk(&self) -> Option<&dyn Walk> {
        None
    }
}

/// One conditional write. There is no upsert: what ended cannot come back by being written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Operation {
    /// Stores a new record. Stale if its id is taken.
    Create(Record),
    /// Puts `next` in the place of the record with the same id. Stale unless that is there with exactly `version`.
    Replace {
        /// The version that must be there.
        version: Version,
        /// What takes its place.
        next: Record,
    },
    /// In one step stores `next` under its new id, and puts `moved` in the place of the record with `moved`'s id.
    /// Stale unless that is there with exactly `version`.
    Renew {
        /// The version that must be there under the old id.
        version: Version,
        /// The session under its new id.
        next: Record,
        /// A short-lived record under the old id that tells where the session has gone.
        moved: Record,
    },
    /// Moves both instants later, never earlier; leaves the version. Stale unless the id is there with exactly `version`.
    Touch {
        /// The record.
        id: Id,
        /// The version that must be there.
        version: Version,
        /// Its last activity.
        active_at: Timestamp,
        /// Its new expiry.
        expires_at: Timestamp,
    },
    /// Removes the record, whatever its version, and answers [`Outcome::Removed`]. Stale if it is not there.
    Delete(Id),
}

impl Operation {
    /// Returns the id whose present record decides the outcome.
    #[must_use]
    pub fn id(&self) -> &Id {
        match self {
            Self::Create(record) | Self::Replace { next: record, .. } => &record.id,
            Self::Renew { moved, .. } => &moved.id,
            Self::Touch { id, .. } | Self::Delete(id) => id,
        }
    }
}

/// What became of an [`Operation`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use = "a stale write has not happened"]
pub enum Outcome {
    /// It took effect.
    Applied,
    /// It took effect, and this was there. The answer to [`Operation::Delete`].
    Removed(Record),
    /// It did not take effect. Where the store can tell for free what is there, that saves the engine a load;
    /// `None` means that nothing is there or that the store did not look.
    Stale(Option<Record>),
}
