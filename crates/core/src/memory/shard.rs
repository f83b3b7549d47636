//! One part of the memory store, behind one lock.

use std::collections::{BTreeSet, HashMap, hash_map};
use std::hash::{BuildHasherDefault, Hasher};
use std::num::NonZeroU32;

use crate::{Id, Operation, Outcome, Record, Timestamp, UserId};

#[derive(Default)]
pub(super) struct Shard {
    records: HashMap<Id, Entry, BuildHasherDefault<IdHasher>>,
    /// Who may expire when: first visitors (`false`), then users (`true`), each by the instant noted in
    /// [`Entry::queued`]. A session that lives longer by then queues up again, so that activity costs nothing here.
    queue: BTreeSet<Place>,
    /// The ids of each user's sessions, by when they began.
    users: HashMap<UserId, BTreeSet<(Timestamp, Id)>>,
}

type Place = (bool, Timestamp, Id);

struct Entry {
    record: Record,
    queued: Place,
}

/// What an operation added to or took from the store.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Usage {
    pub(super) sessions: isize,
    pub(super) bytes: isize,
}

impl Shard {
    pub(super) fn get(&self, id: &Id) -> Option<Record> {
        self.records.get(id).map(|entry| entry.record.clone())
    }

    /// Carries out any operation that concerns one id.
    pub(super) fn apply(&mut self, operation: &Operation) -> (Outcome, Usage) {
        match operation {
            Operation::Create(record) => match self.get(&record.id) {
                Some(taken) => (Outcome::Stale(Some(taken)), Usage::default()),
                None => (Outcome::Applied, self.put(record.clone())),
            },
            Operation::Replace { version, next } => match self.records.get(&next.id) {
                Some(entry) if entry.record.version == *version => {
                    (Outcome::Applied, self.put(next.clone()))
                }
                other => {
                    let current = other.map(|entry| entry.record.clone());
                    (Outcome::Stale(current), Usage::default())
                }
            },
            Operation::Touch { id, version, active_at, expires_at } => {
                let record = match self.records.get_mut(id) {
                    Some(Entry { record, .. }) if record.version == *version => record,
                    other => {
                        let current = other.map(|entry| entry.record.clone());
                        return (Outcome::Stale(current), Usage::default());
                    }
                };
                record.active_at = record.active_at.max(*active_at);
                record.expires_at = record.expires_at.max(*expires_at);
                (Outcome::Applied, Usage::default())
            }
            Operation::Delete(id) => match self.remove(id) {
                Some((record, usage)) => (Outcome::Removed(record), usage),
                None => (Outcome::Stale(None), Usage::default()),
            },
            Operation::Renew { .. } => {
                unreachable!("the store takes a renewal apart, because its ids are in two shards")
            }
        }
    }

    /// Adds the newest of a user's records to `found`.
    pub(super) fn of_user(&self, user: &UserId, limit: usize, found: &mut Vec<Record>) {
        let ids = self.users.get(user).into_iter().flatten().rev().take(limit);
        found.extend(ids.filter_map(|(_, id)| self.get(id)));
    }

    /// Returns the first records behind `last`, in the order of their ids.
    pub(super) fn behind(&self, last: Option<Id>, limit: usize) -> Vec<Record> {
        let behind = |id: &Id| last.is_none_or(|last| *id > last);
        let mut ids: Vec<_> = self.records.keys().copied().filter(behind).collect();
        if ids.len() > limit {
            ids.select_nth_unstable(limit);
            ids.truncate(limit);
        }
        ids.sort_unstable();
        ids.iter().filter_map(|id| self.get(id)).collect()
    }

    fn index(&mut self, record: &Record) {
        if let Some(user) = &record.user {
            self.users.entry(user.clone()).or_default().insert((record.created_at, record.id));
        }
    }

    fn unindex(&mut self, record: &Record) {
        let Some(user) = &record.user else { return };
        if let Some(ids) = self.users.get_mut(user) {
            ids.remove(&(record.created_at, record.id));
            if ids.is_empty() {
                self.users.remove(user);
            }
        }
    }

    fn put(&mut self, record: Record) -> Usage {
        let id = record.id;
        let before = self.records.get(&id).map(|entry| &entry.record);
        let same =
            |before: &Record| before.user == record.user && before.created_at == record.created_at;
        if !before.is_some_and(same) {
            if let Some(before) = before.cloned() {
                self.unindex(&before);
            }
            self.index(&record);
        }
        let bytes = signed(Self::size(&record));
        let place = (record.user.is_some(), record.expires_at, id);
        match self.records.entry(id) {
            hash_map::Entry::Vacant(vacant) => {
                vacant.insert(Entry { record, queued: place });
                self.queue.insert(place);
                Usage { sessions: 1, bytes }
            }
            hash_map::Entry::Occupied(mut occupied) => {
                let entry = occupied.get_mut();
                let before = signed(Self::size(&entry.record));
                entry.record = record;
                // A place may be too early, never too late; and users keep their distance from visitors.
                if entry.queued.0 != place.0 || entry.queued > place {
                    self.queue.remove(&entry.queued);
                    self.queue.insert(place);
                    entry.queued = place;
                }
                Usage { sessions: 0, bytes: bytes - before }
            }
        }
    }

    fn remove(&mut self, id: &Id) -> Option<(Record, Usage)> {
        let Entry { record, queued } = self.records.remove(id)?;
        self.unindex(&record);
        self.queue.remove(&queued);
        let usage = Usage { sessions: -1, bytes: -signed(Self::size(&record)) };
        Some((record, usage))
    }

    /// Removes at most `limit` records that expired by `now`; returns how many.
    pub(super) fn expire(&mut self, now: Timestamp, limit: NonZeroU32) -> (Usage, u32) {
        let (mut usage, mut count) = (Usage::default(), 0);
        for signed_in in [false, true] {
            while count < limit.get() {
                let first =
                    self.queue.range((signed_in, Timestamp::from_millis(i64::MIN), LOWEST)..);
                let Some(&place) =
                    first.take(1).find(|place| place.0 == signed_in && place.1 <= now)
                else {
                    break;
                };
                let id = place.2;
                let later = self.records.get(&id).map(|entry| entry.record.expires_at);
                match later.filter(|&later| later > now) {
                    Some(later) => self.queue_again(place, later),
                    None => {
                        let removed = self.remove(&id).map(|(_, removed)| removed);
                        let removed = removed.unwrap_or_default();
                        usage.sessions += removed.sessions;
                        usage.bytes += removed.bytes;
                        count += 1;
                    }
                }
            }
        }
        (usage, count)
    }

    fn queue_again(&mut self, place: Place, later: Timestamp) {
        let queued = (place.0, later, place.2);
        self.queue.remove(&place);
        self.queue.insert(queued);
        if let Some(entry) = self.records.get_mut(&place.2) {
            entry.queued = queued;
        }
    }

    /// Ends the session that would expire first.
    pub(super) fn end_oldest(&mut self) -> Option<Usage> {
        loop {
            let place = *self.queue.first()?;
            match self.records.get(&place.2).map(|entry| entry.record.expires_at) {
                Some(later) if later > place.1 => self.queue_again(place, later),
                _ => return self.remove(&place.2).map(|(_, usage)| usage),
            }
        }
    }

    /// Returns what putting `next` in the place of its present record would add.
    pub(super) fn growth_to(&self, next: &Record) -> Usage {
        Self::growth(self.records.get(&next.id).map(|entry| &entry.record), next)
    }

    pub(super) fn growth(present: Option<&Record>, next: &Record) -> Usage {
        let size = signed(Self::size(next));
        match present {
            None => Usage { sessions: 1, bytes: size },
            Some(present) => Usage { sessions: 0, bytes: size - signed(Self::size(present)) },
        }
    }

    /// Returns about how many bytes a record takes, with its places in map and queue.
    pub(super) fn size(record: &Record) -> usize {
        const FRAME: usize = 320;
        let user = record.user.as_ref().map_or(0, |user| user.as_str().len());
        // The index beside the text has a key and a place for every value; about as much again.
        FRAME + user + 2 * record.payload.as_str().len()
    }
}

/// Takes some bytes of an id as its hash: an id is one half of an HMAC, which nobody can choose.
#[derive(Default)]
struct IdHasher(u64);

impl Hasher for IdHasher {
    fn write(&mut self, bytes: &[u8]) {
        if let Some(first) = bytes.first_chunk() {
            self.0 ^= u64::from_ne_bytes(*first);
        }
    }

    fn write_usize(&mut self, _length: usize) {}

    fn finish(&self) -> u64 {
        self.0
    }
}

const LOWEST: Id = Id::from_bytes([0; 16]);

fn signed(size: usize) -> isize {
    isize::try_from(size).unwrap_or(isize::MAX)
}
