//! Who waits for the end of which session: by id, in shards; and who wakes them.

mod ended;
mod pulse;

use std::collections::BTreeMap;
use std::fmt;
use std::future::poll_fn;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::task::Poll;
use std::time::Duration;

use futures_util::task::AtomicWaker;

pub use self::ended::End;
use crate::{Clock, Id, Timestamp};

/// Number of shards; ids are spread evenly.
const SHARDS: usize = 32;

/// Most waiters at once of one [`Sessions`](crate::Sessions).
const MOST: usize = 65_536;

/// All who wait.
pub(crate) struct Watches {
    shards: [Mutex<Shard>; SHARDS],
    waiting: AtomicUsize,
    /// How many have ever waited.
    entered: AtomicU64,
    clock: Arc<dyn Clock>,
    pulse: Mutex<bool>,
}

/// By id and by when they came: who leaves is found at once, however many wait for one session.
type Shard = BTreeMap<(Id, u64), Arc<Bell>>;

/// What one waiter hears.
#[derive(Debug, Default)]
struct Bell {
    rung: AtomicBool,
    /// This process has ended the session.
    over: AtomicBool,
    waker: AtomicWaker,
    /// When to look without having heard anything, in milliseconds.
    due: AtomicI64,
}

/// A waiter's place; given up when dropped.
pub(crate) struct Watch {
    watches: Arc<Watches>,
    id: Id,
    number: u64,
    bell: Arc<Bell>,
}

/// Where a store says what it has heard; see [`Signals`](crate::Signals). Cheap to clone.
#[derive(Clone)]
pub struct Ears(Weak<Watches>);

impl Ears {
    /// The session `id` was deleted or renewed. It does no harm to say so of others, or twice.
    pub fn heard(&self, id: Id) {
        if let Some(watches) = self.0.upgrade() {
            watches.ring(id);
        }
    }

    /// Something may have been missed: all who wait look for themselves.
    pub fn missed(&self) {
        if let Some(watches) = self.0.upgrade() {
            watches.ring_all();
        }
    }
}

impl Watches {
    pub(crate) fn new(clock: Arc<dyn Clock>) -> Arc<Self> {
        let shards = std::array::from_fn(|_| Mutex::default());
        let (waiting, entered) = Default::default();
        Arc::new(Self { shards, waiting, entered, clock, pulse: Mutex::new(false) })
    }

    pub(crate) fn ears(self: &Arc<Self>) -> Ears {
        Ears(Arc::downgrade(self))
    }

    /// Begins to wait for `id`; `None` if too many do.
    pub(crate) fn enter(self: &Arc<Self>, id: Id) -> Option<Watch> {
        if self.waiting.fetch_add(1, Ordering::SeqCst) >= MOST {
            self.waiting.fetch_sub(1, Ordering::SeqCst);
            return None;
        }
        let bell = Arc::new(Bell::default());
        let number = self.entered.fetch_add(1, Ordering::Relaxed);
        self.shard(id).insert((id, number), bell.clone());
        self.start_pulse();
        Some(Watch { watches: self.clone(), id, number, bell })
    }

    /// Wakes those who wait for `id`.
    pub(crate) fn ring(&self, id: Id) {
        // A write that came before this was made before: who enters later finds it done.
        if self.is_empty() {
            return;
        }
        self.bells(id).iter().for_each(|bell| bell.ring());
    }

    /// Tells those who wait for `id` that this process has ended it.
    pub(crate) fn end(&self, id: Id) {
        if self.is_empty() {
            return;
        }
        for bell in self.bells(id) {
            bell.over.store(true, Ordering::SeqCst);
            bell.ring();
        }
    }

    /// Wakes everybody.
    pub(crate) fn ring_all(&self) {
        self.each(Bell::ring);
    }

    /// Wakes those who asked to be woken by now.
    fn ring_due(&self, now: Timestamp) {
        self.each(|bell| {
            if bell.due.load(Ordering::SeqCst) <= now.as_millis() {
                bell.ring();
            }
        });
    }

    fn each(&self, visit: impl Fn(&Bell)) {
        for shard in &self.shards {
            let shard = shard.lock().unwrap_or_else(PoisonError::into_inner);
            let bells: Vec<_> = shard.values().cloned().collect();
            drop(shard);
            bells.iter().for_each(|bell| visit(bell));
        }
    }

    /// Returns the bells of those who wait for `id`, to be rung outside of the lock: a waker is somebody else's code, and
    /// may drop who waits.
    fn bells(&self, id: Id) -> Vec<Arc<Bell>> {
        self.shard(id).range((id, 0)..=(id, u64::MAX)).map(|(_, bell)| bell.clone()).collect()
    }

    /// Returns how many wait.
    pub(crate) fn len(&self) -> usize {
        self.waiting.load(Ordering::SeqCst)
    }

    /// Returns how long to rest between two looks at a session, so that all looks together are no more than the store can
    /// bear: 10 a millisecond.
    pub(crate) fn rest(&self) -> Duration {
        Duration::from_millis(u64::try_from(self.len() / 10).unwrap_or(u64::MAX))
    }

    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn shard(&self, id: Id) -> MutexGuard<'_, Shard> {
        let shard = &self.shards[usize::from(id.as_bytes()[15]) % SHARDS];
        shard.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Bell {
    fn ring(&self) {
        self.rung.store(true, Ordering::SeqCst);
        self.waker.wake();
    }
}

impl Watch {
    pub(crate) fn id(&self) -> Id {
        self.id
    }

    /// Tells whether this process has ended the session.
    pub(crate) fn is_over(&self) -> bool {
        self.bell.over.load(Ordering::SeqCst)
    }

    /// Waits until there is something to look at, or until `due` by the clock.
    pub(crate) async fn rung(&self, due: Timestamp) {
        self.bell.due.store(due.as_millis(), Ordering::SeqCst);
        poll_fn(|context| {
            self.bell.waker.register(context.waker());
            match self.bell.rung.swap(false, Ordering::SeqCst) {
                true => Poll::Ready(()),
                false => Poll::Pending,
            }
        })
        .await;
        self.bell.due.store(i64::MAX, Ordering::SeqCst);
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.watches.shard(self.id).remove(&(self.id, self.number));
        self.watches.waiting.fetch_sub(1, Ordering::SeqCst);
    }
}

impl fmt::Debug for Watches {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Watches").field("waiting", &self.waiting).finish_non_exhaustive()
    }
}

impl fmt::Debug for Ears {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Ears")
    }
}

#[cfg(test)]
mod tests;
