//! Counts what a store is asked; makes it fail, wait, and lose races.

use std::future::poll_fn;
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Poll, Waker};

use crate::{
    Id, Operation, Outcome, Record, Signals, Store, StoreError, Timestamp, UserIndex, Walk,
};

/// Counts the records asked of a store, and can make it fail, wait, or lose races. Clones are the same gauge, so a test
/// keeps one. Works by no clock: a store is slow for exactly as long as the test wants.
///
/// ```
/// use cloakroom_core::{MemoryStore, testing::Gauge};
///
/// let gauge = Gauge::default();
/// let store = gauge.measure(MemoryStore::new()); // for `Sessions::builder`
/// assert_eq!(gauge.take(), (0, 0));
/// ```
#[derive(Clone, Debug, Default)]
pub struct Gauge(Arc<Count>);

#[derive(Debug, Default)]
struct Count {
    loads: AtomicUsize,
    writes: AtomicUsize,
    failing: AtomicBool,
    races: AtomicUsize,
    pause: Mutex<Pause>,
}

/// Calls that wait.
#[derive(Debug, Default)]
struct Pause {
    on: bool,
    held: usize,
    wakers: Vec<Waker>,
}

/// A [`Store`] under a [`Gauge`].
#[derive(Debug)]
pub struct Measured<S> {
    store: S,
    gauge: Gauge,
}

/// The gauge was told to fail.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("the store is down, as the test wanted")]
struct Down;

/// A call that is held; given up when dropped.
struct Held<'a>(&'a Gauge);

impl Gauge {
    /// Puts a store under this gauge.
    pub fn measure<S: Store>(&self, store: S) -> Measured<S> {
        Measured { store, gauge: self.clone() }
    }

    /// Returns loads and writes since the last call.
    #[must_use]
    pub fn take(&self) -> (usize, usize) {
        let take = |count: &AtomicUsize| count.swap(0, Ordering::SeqCst);
        (take(&self.0.loads), take(&self.0.writes))
    }

    /// Makes every call fail, or no longer.
    pub fn fail(&self, failing: bool) {
        self.0.failing.store(failing, Ordering::SeqCst);
    }

    /// Makes every call wait until [`resume`](Self::resume): a store that hangs, or is just slow.
    pub fn pause(&self) {
        self.paused().on = true;
    }

    /// Lets all calls go on.
    pub fn resume(&self) {
        let wakers = {
            let mut pause = self.paused();
            pause.on = false;
            std::mem::take(&mut pause.wakers)
        };
        wakers.into_iter().for_each(Waker::wake);
    }

    /// Returns how many calls wait, so that a test knows when a request has come so far.
    #[must_use]
    pub fn held(&self) -> usize {
        self.paused().held
    }

    /// Makes the next so many changes of a record come too late: just before each, somebody else writes the record, with
    /// the same content. The engine then makes the changes again, on what is there.
    pub fn lose_races(&self, count: usize) {
        self.0.races.store(count, Ordering::SeqCst);
    }

    fn paused(&self) -> MutexGuard<'_, Pause> {
        self.0.pause.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits while calls are to wait; fails if they are to fail.
    async fn pass(&self, count: impl FnOnce(&Count)) -> Result<(), StoreError> {
        let mut held = None;
        poll_fn(|cx| {
            let mut pause = self.paused();
            if !pause.on {
                return Poll::Ready(());
            }
            if held.is_none() {
                pause.held += 1;
                held = Some(Held(self));
            }
            if !pause.wakers.iter().any(|waker| waker.will_wake(cx.waker())) {
                pause.wakers.push(cx.waker().clone());
            }
            Poll::Pending
        })
        .await;
        drop(held);
        count(&self.0);
        match self.0.failing.load(Ordering::SeqCst) {
            true => Err(StoreError::new(Down)),
            false => Ok(()),
        }
    }

    /// Tells whether calls go straight through.
    fn is_idle(&self) -> bool {
        let busy = self.0.failing.load(Ordering::SeqCst) || self.0.races.load(Ordering::SeqCst) > 0;
        !busy && !self.paused().on
    }

    /// Tells whether the next change comes too late.
    fn takes_race(&self, operation: &Operation) -> bool {
        let can = match operation {
            Operation::Replace { .. } | Operation::Renew { .. } | Operation::Touch { .. } => true,
            Operation::Create(_) | Operation::Delete(_) => false,
        };
        let less = |left: usize| left.checked_sub(1);
        can && self.0.races.fetch_update(Ordering::SeqCst, Ordering::SeqCst, less).is_ok()
    }
}

impl Drop for Held<'_> {
    fn drop(&mut self) {
        self.0.paused().held -= 1;
    }
}

impl<S: Store> Measured<S> {
    /// Lets somebody else be first, if that was asked for.
    async fn race(&self, operation: &Operation) -> Result<(), StoreError> {
        if !self.gauge.takes_race(operation) {
            return Ok(());
        }
        if let Some(there) = self.store.load(operation.id()).await.map_err(StoreError::new)? {
            let (version, next) =
                (there.version, Record { version: there.version.next(), ..there });
            let first = Operation::Replace { version, next };
            let _who_is_first = self.store.write(&first).await.map_err(StoreError::new)?;
        }
        Ok(())
    }
}

impl<S: Store> Store for Measured<S> {
    type Error = StoreError;

    async fn load(&self, id: &Id) -> Result<Option<Record>, StoreError> {
        self.gauge.pass(|count| add(&count.loads, 1)).await?;
        self.store.load(id).await.map_err(StoreError::new)
    }

    async fn write(&self, operation: &Operation) -> Result<Outcome, StoreError> {
        self.gauge.pass(|count| add(&count.writes, 1)).await?;
        self.race(operation).await?;
        self.store.write(operation).await.map_err(StoreError::new)
    }

    fn write_now(&self, operation: &Operation) -> Option<Result<Outcome, StoreError>> {
        // Where it is to fail or to wait, `write` does, and counts.
        if !self.gauge.is_idle() {
            return None;
        }
        let answer = self.store.write_now(operation)?;
        add(&self.gauge.0.writes, 1);
        Some(answer.map_err(StoreError::new))
    }

    async fn load_many(&self, ids: &[Id]) -> Result<Vec<Option<Record>>, StoreError> {
        self.gauge.pass(|count| add(&count.loads, ids.len())).await?;
        self.store.load_many(ids).await.map_err(StoreError::new)
    }

    async fn write_many(&self, operations: &[Operation]) -> Result<Vec<Outcome>, StoreError> {
        self.gauge.pass(|count| add(&count.writes, operations.len())).await?;
        for operation in operations {
            self.race(operation).await?;
        }
        self.store.write_many(operations).await.map_err(StoreError::new)
    }

    async fn delete_expired(&self, now: Timestamp, limit: NonZeroU32) -> Result<u32, StoreError> {
        self.gauge.pass(|_| ()).await?;
        self.store.delete_expired(now, limit).await.map_err(StoreError::new)
    }

    fn gathers(&self) -> bool {
        self.store.gathers()
    }

    fn user_index(&self) -> Option<&dyn UserIndex> {
        self.store.user_index()
    }

    fn signals(&self) -> Option<&dyn Signals> {
        self.store.signals()
    }

    fn walk(&self) -> Option<&dyn Walk> {
        self.store.walk()
    }
}

fn add(count: &AtomicUsize, more: usize) {
    count.fetch_add(more, Ordering::SeqCst);
}
