//! Which cookies are void although their deadline has not come: short records in any store.
//!
//! Under a session's id: a record that says from when on its cookies are void, and, if it was renewed, where it went. Under
//! an id made of a user: from before which instant on all cookies of the user are void.

use std::time::Duration;

use futures_util::future::try_join;
use sha2::{Digest as _, Sha256};

use crate::lifetime::LONGEST_COOKIE;
use crate::store::Backend;
use crate::{
    Error, Id, Operation, Outcome, Payload, Record, StoreError, Timestamp, UserId, Version,
};

/// How long something stays void: longer than any of its cookies lives, whatever limits they were given, and also those
/// that requests under way are about to get.
const LIFE: Duration = LONGEST_COOKIE.saturating_add(Duration::from_secs(86_400));

/// Attempts to move a user's instant on; each fails only if somebody else has just done the same.
const MOST_ATTEMPTS: u32 = 16;

/// Most renewals to follow from an id to its session.
const MOST_MOVES: u32 = 4;

#[derive(Debug)]
pub(crate) struct DenyList(Backend);

/// What became of a denial.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Denial {
    Done,
    /// The cookie was void before, because its session has ended.
    Before,
    /// The cookie was void before, because its session has got this id.
    Moved(Id),
}

impl DenyList {
    pub(crate) fn new(store: Backend) -> Self {
        Self(store)
    }

    pub(crate) fn store(&self) -> &Backend {
        &self.0
    }

    /// Tells whether the cookie with this record is void.
    pub(crate) async fn has(&self, record: &Record, now: Timestamp) -> Result<bool, StoreError> {
        let by_id = self.0.load(record.id);
        let by_user = async {
            match &record.user {
                Some(user) => self.0.load(user_entry(user)).await,
                None => Ok(None),
            }
        };
        // Together, so that they are one trip.
        let (by_id, by_user) = try_join(by_id, by_user).await?;
        let signed_in = record.payload.extras().signed_in.as_ref();
        let signed_in = signed_in.map_or(record.created_at, |signed_in| signed_in.at);
        Ok(by_id.is_some_and(|entry| now >= entry.active_at)
            || by_user.is_some_and(|entry| signed_in <= entry.active_at))
    }

    /// Tells whether what is void has only got a new id.
    pub(crate) async fn has_moved(&self, id: Id) -> Result<bool, StoreError> {
        let entry = self.0.load(id).await?;
        Ok(entry.is_some_and(|entry| entry.payload.extras().moved.is_some()))
    }

    /// Makes the cookies void that a renewal leaves behind; `false` if they were void before, because the session has
    /// ended or moved.
    pub(crate) async fn renew(&self, moved: &Record, now: Timestamp) -> Result<bool, Error> {
        let pointer = moved.payload.extras().moved;
        // At once, or after the grace.
        let from = pointer.map_or(now, |pointer| pointer.until.max(now));
        Ok(self.deny(entry(moved.id, from, moved.payload.clone())).await? == Denial::Done)
    }

    /// Makes the cookies of a session void, wherever it has moved; `false` if they were before.
    pub(crate) async fn end(&self, id: Id, now: Timestamp) -> Result<bool, Error> {
        let mut id = id;
        for _ in 0..MOST_MOVES {
            match self.deny(entry(id, now, Payload::default())).await? {
                Denial::Done => return Ok(true),
                Denial::Before => return Ok(false),
                Denial::Moved(to) => id = to,
            }
        }
        Ok(false)
    }

    async fn deny(&self, entry: Record) -> Result<Denial, StoreError> {
        let id = entry.id;
        let before = match self.0.write(&Operation::Create(entry)).await? {
            Outcome::Applied => return Ok(Denial::Done),
            Outcome::Stale(Some(before)) => Some(before),
            Outcome::Stale(None) | Outcome::Removed(_) => self.0.load(id).await?,
        };
        let moved = before.and_then(|before| before.payload.extras().moved);
        Ok(moved.map_or(Denial::Before, |moved| Denial::Moved(moved.to)))
    }

    /// Makes all cookies void that `user` got up to `now`.
    pub(crate) async fn deny_user(&self, user: &UserId, now: Timestamp) -> Result<(), Error> {
        let entry = entry(user_entry(user), now, Payload::default());
        for _ in 0..MOST_ATTEMPTS {
            let operation = match self.0.load(entry.id).await? {
                Some(before) if before.active_at >= now => return Ok(()),
                Some(before) => Operation::Replace {
                    version: before.version,
                    next: Record { version: before.version.next(), ..entry.clone() },
                },
                None => Operation::Create(entry.clone()),
            };
            if self.0.write(&operation).await? == Outcome::Applied {
                return Ok(());
            }
        }
        Err(Error::conflict(Some(entry.id)))
    }
}

fn entry(id: Id, from: Timestamp, payload: Payload) -> Record {
    Record {
        id,
        version: Version::FIRST,
        user: None,
        created_at: from,
        active_at: from,
        expires_at: from.plus(LIFE),
        payload,
    }
}

/// Returns the id of the entry of a user. Everybody may compute it; it tells only that all their cookies are void.
fn user_entry(user: &UserId) -> Id {
    let hash =
        Sha256::new_with_prefix(b"cloakroom: cookies of the user ").chain_update(user.as_str());
    let mut id = [0; 16];
    id.copy_from_slice(&hash.finalize()[..16]);
    Id::from_hash(id)
}
