//! The extension of a [`Store`](crate::Store) that finds sessions by their user.

use std::future::Future;
use std::num::NonZeroU32;
use std::pin::Pin;

use crate::{Record, StoreError, UserId};

/// What [`UserIndex::of_user`] answers.
pub type Listing<'a> = Pin<Box<dyn Future<Output = Result<Vec<Record>, StoreError>> + Send + 'a>>;

/// Finds the sessions of a user: for device lists, "sign out everywhere" and limits on sessions.
///
/// A store that can do this implements it and says so in [`Store::user_index`](crate::Store::user_index). Listing and
/// [`Operation::Delete`](crate::Operation::Delete) are all that it takes; the engine does the rest. The cost is
/// bounded by the user's own sessions, however many others there are.
pub trait UserIndex: Send + Sync {
    /// Returns the records whose [`Record::user`] is `user`: those with the latest `created_at` first, at most `limit`.
    /// Expired ones that have not left yet may be among them. Every record that was written before the call began
    /// and is still there is found.
    fn of_user<'a>(&'a self, user: &'a UserId, limit: NonZeroU32) -> Listing<'a>;
}
