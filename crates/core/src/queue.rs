//! Where the commits of one session wait for each other once two have met.
//!
//! Nobody waits who meets nobody. The commit that leaves hands its record to the next, which then need not load it;
//! versions are compared all the same, because other processes do not wait here.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use futures_util::lock::{Mutex, MutexGuard};

use crate::{Id, Record, Version};

/// One queue; sessions share them by chance.
#[derive(Debug, Default)]
pub(crate) struct Queue {
    turn: Mutex<Option<Record>>,
    /// Commits that wait or have their turn.
    length: AtomicUsize,
    /// The session whose commits met last.
    session: AtomicU64,
}

/// The turn of one commit.
#[derive(Debug)]
pub(crate) struct Turn<'a> {
    handed: MutexGuard<'a, Option<Record>>,
    place: Place<'a>,
}

/// A place in the queue, given up when dropped.
#[derive(Debug)]
struct Place<'a>(&'a Queue);

impl Queue {
    /// Tells whether commits of this session have met, so that one more attempt would only be overtaken. Sessions
    /// that share the queue by chance do not wait for each other before they have met somebody.
    pub(crate) fn is_busy(&self, id: Id) -> bool {
        self.length.load(Ordering::Relaxed) > 0 && self.session.load(Ordering::Relaxed) == short(id)
    }

    pub(crate) async fn wait(&self, id: Id) -> Turn<'_> {
        self.length.fetch_add(1, Ordering::Relaxed);
        self.session.store(short(id), Ordering::Relaxed);
        let place = Place(self);
        Turn { handed: self.turn.lock().await, place }
    }
}

impl Turn<'_> {
    /// Returns what the commit before has saved, if that is a newer state of the same session.
    pub(crate) fn handed(&mut self, id: Id, seen: Version) -> Option<Record> {
        self.handed.take().filter(|record| record.id == id && record.version > seen)
    }

    /// Hands `record` on, if somebody waits for it; else nothing of it stays here.
    pub(crate) fn hand_on(mut self, record: Option<&Record>) {
        let waited_for = self.place.0.length.load(Ordering::Relaxed) > 1;
        *self.handed = record.filter(|_| waited_for).cloned();
    }
}

fn short(id: Id) -> u64 {
    id.as_bytes().first_chunk().map_or(0, |bytes| u64::from_ne_bytes(*bytes))
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.0.length.fetch_sub(1, Ordering::Relaxed);
    }
}
