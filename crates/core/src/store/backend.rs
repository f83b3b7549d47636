//! The one module that calls a store: straight, or through the two lanes that gather calls.

use std::fmt;
use std::num::NonZeroU32;
use std::sync::Arc;

use super::erased::Erased;
use super::lane::{Lane, Trip};
use crate::events::{Observers, Timed};
use crate::watch::Ears;
use crate::{
    Id, Listening, Operation, Outcome, Record, Store, StoreError, Timestamp, UserId, WalkCursor,
    WalkPage,
};

pub(crate) struct Backend {
    store: Arc<dyn Erased>,
    lanes: Option<Lanes>,
}

struct Lanes {
    loads: Arc<Lane<Loads>>,
    writes: Arc<Lane<Writes>>,
}

/// Loads that go straight out side by side before the next ones gather. With few visitors a load then waits for nobody;
/// with many, a trip or three more among a hundred cost nothing. A write costs the server a transaction, mostly a disk's
/// too, so writes gather from the second on.
const STRAIGHT_LOADS: usize = 4;

impl Backend {
    pub(crate) fn new(store: impl Store) -> Self {
        let gathers = store.gathers();
        Self::of(Arc::new(store), gathers)
    }

    /// Tells observers of every call, if there are any.
    pub(crate) fn observed(self, observers: &Observers) -> Self {
        if !observers.listen() {
            return self;
        }
        let (gathers, observers) = (self.gathers(), observers.clone());
        Self::of(Arc::new(Timed { store: self.store, observers }), gathers)
    }

    fn of(store: Arc<dyn Erased>, gathers: bool) -> Self {
        let lanes = gathers.then(|| Lanes {
            loads: Lane::new(Loads(store.clone()), STRAIGHT_LOADS),
            writes: Lane::new(Writes(store.clone()), 1),
        });
        Self { store, lanes }
    }

    /// Tells whether calls are trips, which are shared.
    pub(crate) fn gathers(&self) -> bool {
        self.lanes.is_some()
    }

    pub(crate) async fn load(&self, id: Id) -> Result<Option<Record>, StoreError> {
        match &self.lanes {
            Some(lanes) => lanes.loads.call(id).await,
            None => self.store.load(&id).await,
        }
    }

    /// Loads on the spot, without a box or a lane; `None` if the store does not answer at once.
    pub(crate) fn load_now(&self, id: Id) -> Option<Result<Option<Record>, StoreError>> {
        if self.gathers() { None } else { self.store.load_now(&id) }
    }

    /// Writes on the spot; `None` if the store does not, and then nothing has happened.
    pub(crate) fn write_now(&self, operation: &Operation) -> Option<Result<Outcome, StoreError>> {
        if self.gathers() { None } else { self.store.write_now(operation) }
    }

    pub(crate) async fn write(&self, operation: &Operation) -> Result<Outcome, StoreError> {
        match &self.lanes {
            Some(lanes) => lanes.writes.call(operation.clone()).await,
            None => self.store.write(operation).await,
        }
    }

    pub(crate) async fn delete_expired(
        &self,
        now: Timestamp,
        limit: NonZeroU32,
    ) -> Result<u32, StoreError> {
        self.store.delete_expired(now, limit).await
    }

    pub(crate) fn has_user_index(&self) -> bool {
        self.store.user_index().is_some()
    }

    /// `None` if the store keeps no index of users.
    pub(crate) async fn of_user(
        &self,
        user: &UserId,
        limit: NonZeroU32,
    ) -> Option<Result<Vec<Record>, StoreError>> {
        Some(self.store.user_index()?.of_user(user, limit).await)
    }

    /// `None` if the store cannot be walked over.
    pub(crate) async fn page(
        &self,
        after: Option<&WalkCursor>,
        limit: NonZeroU32,
    ) -> Option<Result<WalkPage, StoreError>> {
        Some(self.store.walk()?.page(after, limit).await)
    }

    /// `None` if the store sends no signals.
    pub(crate) fn listen(&self, ears: Ears) -> Option<Listening> {
        self.store.signals()?.listen(ears)
    }
}

impl fmt::Debug for Backend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Backend").field("gathers", &self.lanes.is_some()).finish_non_exhaustive()
    }
}

struct Loads(Arc<dyn Erased>);

impl Trip for Loads {
    type Request = Id;
    type Answer = Option<Record>;

    async fn one(&self, id: &Id) -> Result<Option<Record>, StoreError> {
        self.0.load(id).await
    }

    async fn many(&self, ids: &[Id]) -> Result<Vec<Option<Record>>, StoreError> {
        self.0.load_many(ids).await
    }
}

struct Writes(Arc<dyn Erased>);

impl Trip for Writes {
    type Request = Operation;
    type Answer = Outcome;

    async fn one(&self, operation: &Operation) -> Result<Outcome, StoreError> {
        self.0.write(operation).await
    }

    async fn many(&self, operations: &[Operation]) -> Result<Vec<Outcome>, StoreError> {
        self.0.write_many(operations).await
    }
}
