//! Counts what a store is asked, and makes it fail.

use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use crate::{Id, Operation, Outcome, Record, Signals, Store, StoreError, Timestamp, UserIndex};

/// Counts the records asked of a store, and can make it fail. Clones share one count.
#[derive(Clone, Debug, Default)]
pub struct Gauge(Arc<Count>);

#[derive(Debug, Default)]
struct Count {
    loads: AtomicUsize,
    writes: AtomicUsize,
    failing: AtomicBool,
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

    fn check(&self) -> Result<(), StoreError> {
        match self.0.failing.load(Ordering::SeqCst) {
            true => Err(StoreError::new(Down)),
            false => Ok(()),
        }
    }
}

impl<S: Store> Store for Measured<S> {
    type Error = StoreError;

    async fn load(&self, id: &Id) -> Result<Option<Record>, StoreError> {
        self.gauge.0.loads.fetch_add(1, Ordering::SeqCst);
        self.gauge.check()?;
        self.store.load(id).await.map_err(StoreError::new)
    }

    async fn write(&self, operation: &Operation) -> Result<Outcome, StoreError> {
        self.gauge.0.writes.fetch_add(1, Ordering::SeqCst);
        self.gauge.check()?;
        self.store.write(operation).await.map_err(StoreError::new)
    }

    fn write_now(&self, operation: &Operation) -> Option<Result<Outcome, StoreError>> {
        // Where it is to fail, `write` does, and counts.
        self.gauge.check().ok()?;
        let answer = self.store.write_now(operation)?;
        self.gauge.0.writes.fetch_add(1, Ordering::SeqCst);
        Some(answer.map_err(StoreError::new))
    }

    async fn load_many(&self, ids: &[Id]) -> Result<Vec<Option<Record>>, StoreError> {
        self.gauge.0.loads.fetch_add(ids.len(), Ordering::SeqCst);
        self.gauge.check()?;
        self.store.load_many(ids).await.map_err(StoreError::new)
    }

    async fn write_many(&self, operations: &[Operation]) -> Result<Vec<Outcome>, StoreError> {
        self.gauge.0.writes.fetch_add(operations.len(), Ordering::SeqCst);
        self.gauge.check()?;
        self.store.write_many(operations).await.map_err(StoreError::new)
    }

    async fn delete_expired(&self, now: Timestamp, limit: NonZeroU32) -> Result<u32, StoreError> {
        self.gauge.check()?;
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
}
