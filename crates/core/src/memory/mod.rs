//! Sessions in this process's memory: for one process, for tests, for development.

mod shard;

use std::fmt;
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use self::shard::{Shard, Usage};
use crate::{
    Id, Listing, LostPlace, Operation, Outcome, Record, Store, StoreError, Timestamp, UserId,
    UserIndex, Version, Walk, WalkCursor, WalkPage, Walking,
};

/// Keeps sessions in memory; they end with the process. Clones are the same store.
///
/// Sharded, so that requests rarely meet at a lock, and bounded in sessions and bytes. Expired sessions leave as
/// new ones arrive, a few at a time, without a scan.
///
/// ```
/// use cloakroom_core::{AtLimit, MemoryStore};
///
/// let store = MemoryStore::new().max_sessions(10_000).max_bytes(64 << 20).at_limit(AtLimit::EndOldest);
/// assert_eq!(store.len(), 0);
/// ```
#[derive(Clone)]
pub struct MemoryStore(Arc<Shared>);

struct Shared {
    shards: [Mutex<Shard>; SHARDS],
    /// Shared by renewals, which take a session from shard to shard; alone for a listing, which must not miss it.
    moving: RwLock<()>,
    sessions: AtomicUsize,
    bytes: AtomicUsize,
    limits: Limits,
}

#[derive(Clone, Copy, Debug)]
struct Limits {
    sessions: usize,
    bytes: usize,
    at_limit: AtLimit,
}

/// What a [`MemoryStore`] does with a new session when it is full.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum AtLimit {
    /// Ends the session that would expire first among those nearby; of those with a [`Record::user`] only if there are
    /// no others. Somebody may find a cart empty, but newcomers can sign in.
    EndOldest,
    /// Refuses the new session: the request fails with a store error, nobody who is there is harmed. The default.
    #[default]
    Refuse,
}

/// The memory store is full, and [`AtLimit::Refuse`] is set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "the memory store is full ({sessions} sessions, {bytes} bytes); raise `max_sessions` or `max_bytes`"
)]
pub struct MemoryFull {
    /// Sessions in the store.
    pub sessions: usize,
    /// Bytes that they take, about.
    pub bytes: usize,
}

const SHARDS: usize = 32;

impl MemoryStore {
    /// Makes an empty store for at most 100,000 sessions and 256 MiB.
    #[must_use]
    pub fn new() -> Self {
        Self::with(Limits { sessions: 100_000, bytes: 256 << 20, at_limit: AtLimit::default() })
    }

    fn with(limits: Limits) -> Self {
        let shards = Default::default();
        let (sessions, bytes) = (AtomicUsize::new(0), AtomicUsize::new(0));
        Self(Arc::new(Shared { shards, moving: RwLock::default(), sessions, bytes, limits }))
    }

    /// Limits the number of sessions. Default 100,000. For a new store only: what this one holds is dropped.
    #[must_use]
    pub fn max_sessions(self, sessions: usize) -> Self {
        Self::with(Limits { sessions, ..self.0.limits })
    }

    /// Limits the bytes that all sessions together take, about. Default 256 MiB. For a new store only: what this
    /// one holds is dropped.
    #[must_use]
    pub fn max_bytes(self, bytes: usize) -> Self {
        Self::with(Limits { bytes, ..self.0.limits })
    }

    /// Sets what happens when the store is full. Default [`AtLimit::Refuse`]. For a new store only: what this one
    /// holds is dropped.
    #[must_use]
    pub fn at_limit(self, at_limit: AtLimit) -> Self {
        Self::with(Limits { at_limit, ..self.0.limits })
    }

    /// Returns how many records the store holds, expired ones that have not left yet included.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.sessions.load(Ordering::Relaxed)
    }

    /// Tells whether the store holds nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns how many bytes the records take, about.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.0.bytes.load(Ordering::Relaxed)
    }

    fn shard(&self, id: &Id) -> MutexGuard<'_, Shard> {
        self.lock(self.place(id))
    }

    /// Ids are evenly spread, so any byte does.
    fn place(&self, id: &Id) -> usize {
        usize::from(id.as_bytes()[15]) % SHARDS
    }

    fn lock(&self, place: usize) -> MutexGuard<'_, Shard> {
        self.0.shards[place].lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn account(&self, usage: Usage) {
        let add = |total: &AtomicUsize, change: isize| match change {
            // All workers share these totals; mostly there is nothing to add.
            0 => 0,
            1.. => total.fetch_add(change.unsigned_abs(), Ordering::Relaxed),
            _ => total.fetch_sub(change.unsigned_abs(), Ordering::Relaxed),
        };
        add(&self.0.sessions, usage.sessions);
        add(&self.0.bytes, usage.bytes);
    }

    /// Makes room near `id` for so much more, or tells that there is none. Several at once may overshoot a little.
    fn make_room(&self, record: &Record, more: Usage) -> Result<(), MemoryFull> {
        const FEW: NonZeroU32 = NonZeroU32::new(2).expect("two is not zero");
        // A store reads no clock; the newest activity it is told of serves as well.
        let expired = self.shard(&record.id).expire(record.active_at, FEW).0;
        self.account(expired);
        let first = self.place(&record.id);
        for step in 0..SHARDS {
            while !self.fits(more) {
                let full = MemoryFull { sessions: self.len(), bytes: self.bytes() };
                if self.0.limits.at_limit == AtLimit::Refuse {
                    return Err(full);
                }
                let mut shard = self.lock((first + step) % SHARDS);
                let Some(ended) = shard.end_oldest() else { break };
                self.account(ended);
            }
        }
        if self.fits(more) {
            return Ok(());
        }
        Err(MemoryFull { sessions: self.len(), bytes: self.bytes() })
    }

    fn fits(&self, more: Usage) -> bool {
        let grows = |total: usize, by: isize, most: usize| {
            by <= 0 || total.saturating_add(by.unsigned_abs()) <= most
        };
        let Limits { sessions, bytes, .. } = self.0.limits;
        grows(self.len(), more.sessions, sessions) && grows(self.bytes(), more.bytes, bytes)
    }

    fn apply(&self, operation: &Operation) -> Result<Outcome, MemoryFull> {
        match operation {
            Operation::Create(record) => {
                if let Some(taken) = self.shard(&record.id).get(&record.id) {
                    return Ok(Outcome::Stale(Some(taken)));
                }
                self.make_room(record, Shard::growth(None, record))?;
            }
            Operation::Replace { next, .. } => {
                let mut shard = self.shard(&next.id);
                let growth = shard.growth_to(next);
                if self.fits(growth) {
                    let (outcome, usage) = shard.apply(operation);
                    self.account(usage);
                    return Ok(outcome);
                }
                drop(shard);
                self.make_room(next, growth)?;
            }
            Operation::Renew { version, next, moved } => {
                // Who is there may stay: a full store renews without leaving a pointer.
                let room = self.make_room(next, Shard::growth(None, moved)).is_ok();
                let outcome = self.renew(*version, next, moved);
                if !room && outcome == Outcome::Applied {
                    let (_, usage) = self.shard(&moved.id).apply(&Operation::Delete(moved.id));
                    self.account(usage);
                }
                return Ok(outcome);
            }
            Operation::Touch { .. } | Operation::Delete(_) => {}
        }
        let (outcome, usage) = self.shard(operation.id()).apply(operation);
        self.account(usage);
        Ok(outcome)
    }

    /// Two ids, mostly in two shards. Nobody can know the new id yet, so storing it first is no second valid one;
    /// the old one's version decides.
    fn renew(&self, version: Version, next: &Record, moved: &Record) -> Outcome {
        let _moving = self.0.moving.read().unwrap_or_else(PoisonError::into_inner);
        let (created, usage) = self.shard(&next.id).apply(&Operation::Create(next.clone()));
        self.account(usage);
        if created != Outcome::Applied {
            return Outcome::Stale(None);
        }
        let replace = Operation::Replace { version, next: moved.clone() };
        let (outcome, usage) = self.shard(&moved.id).apply(&replace);
        self.account(usage);
        if outcome != Outcome::Applied {
            let (_, usage) = self.shard(&next.id).apply(&Operation::Delete(next.id));
            self.account(usage);
        }
        outcome
    }
}

impl Store for MemoryStore {
    type Error = MemoryFull;

    async fn load(&self, id: &Id) -> Result<Option<Record>, MemoryFull> {
        Ok(self.shard(id).get(id))
    }

    async fn write(&self, operation: &Operation) -> Result<Outcome, MemoryFull> {
        self.apply(operation)
    }

    fn write_now(&self, operation: &Operation) -> Option<Result<Outcome, MemoryFull>> {
        Some(self.apply(operation))
    }

    async fn delete_expired(&self, now: Timestamp, limit: NonZeroU32) -> Result<u32, MemoryFull> {
        let mut deleted = 0;
        for shard in &self.0.shards {
            let Some(rest) = NonZeroU32::new(limit.get() - deleted) else { break };
            let mut shard = shard.lock().unwrap_or_else(PoisonError::into_inner);
            let (usage, count) = shard.expire(now, rest);
            self.account(usage);
            deleted += count;
        }
        Ok(deleted)
    }

    /// Answers at once: there is no trip to share.
    fn gathers(&self) -> bool {
        false
    }

    fn user_index(&self) -> Option<&dyn UserIndex> {
        Some(self)
    }

    fn walk(&self) -> Option<&dyn Walk> {
        Some(self)
    }
}

impl UserIndex for MemoryStore {
    fn of_user<'a>(&'a self, user: &'a UserId, limit: NonZeroU32) -> Listing<'a> {
        let limit = usize::try_from(limit.get()).unwrap_or(usize::MAX);
        let mut found = Vec::new();
        let _nobody_moves = self.0.moving.write().unwrap_or_else(PoisonError::into_inner);
        for place in 0..SHARDS {
            self.lock(place).of_user(user, limit, &mut found);
        }
        found.sort_by_key(|record| std::cmp::Reverse(record.created_at));
        found.truncate(limit);
        Box::pin(std::future::ready(Ok(found)))
    }
}

/// Shard after shard, each in the order of its ids.
impl Walk for MemoryStore {
    fn page<'a>(&'a self, after: Option<&'a WalkCursor>, limit: NonZeroU32) -> Walking<'a> {
        let last = after.map(|after| {
            after.as_str().parse().map_err(|_| StoreError::new(LostPlace::new(after)))
        });
        let page = last.transpose().map(|last| self.page_behind(last, limit));
        Box::pin(std::future::ready(page))
    }
}

impl MemoryStore {
    fn page_behind(&self, last: Option<Id>, limit: NonZeroU32) -> WalkPage {
        let limit = usize::try_from(limit.get()).unwrap_or(usize::MAX);
        let mut records = Vec::new();
        let (first, mut last) = (last.map_or(0, |last| self.place(&last)), last);
        for place in first..SHARDS {
            records.extend(self.lock(place).behind(last.take(), limit - records.len()));
            if records.len() == limit {
                break;
            }
        }
        let end = records.last().filter(|_| records.len() == limit);
        let next = end.map(|end| WalkCursor::new(end.id.to_string()));
        WalkPage { records, next }
    }
}

impl Default for MemoryStore {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for MemoryStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryStore")
            .field("sessions", &self.len())
            .field("bytes", &self.bytes())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
