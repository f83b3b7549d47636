//! Where the commits of one session wait for each other once two have met.
//!
//! Nobody waits who meets nobody. The commit that leaves hands its record to the next, which then need not load it;
//! versions are compared all the same, because other processes do not wait here.

use std::sync::atomic::{AtomicUsize, Ordering};

use futures_util::lock::{Mutex, MutexGuard};

use crate::{Id, Record};

/// One queue; sessions share them by chance.
#[derive(Debug, Default)]
pub(crate) struct Queue {
    turn: Mutex<Option<Record>>,
    /// Commits that wait or have their turn.
    length: AtomicUsize,
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
    /// Tells whether commits have met here, so that one more attempt would only be overtaken.
    pub(crate) fn is_busy(&self) -> bool {
        self.length.load(Ordering::Relaxed) > 0
    }

    pub(crate) async fn wait(&self) -> Turn<'_> {
        self.length.fetch_add(1, Ordering::Relaxed);
        let place = Place(self);
        Turn { handed: self.turn.lock().await, place }
    }
}

impl Turn<'_> {
    /// Returns what the commit before has saved, if that was the same session.
    pub(crate) fn handed(&mut self, id: Id) -> Option<Record> {
        self.handed.take().filter(|record| record.id == id)
    }

    /// Hands `record` on, if somebody waits for it; else nothing of it stays here.
    pub(crate) fn hand_on(mut self, record: Option<&Record>) {
        let waited_for = self.place.0.length.load(Ordering::Relaxed) > 1;
        *self.handed = record.filter(|_| waited_for).cloned();
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.0.length.fetch_sub(1, Ordering::Relaxed);
    }
}
