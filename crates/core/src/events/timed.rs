//! A store whose calls are timed; in the store's place only where somebody listens.

use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Instant;

use super::{Observers, StoreCall, StoreOperation};
use crate::store::{BoxFuture, Erased};
use crate::{
    Id, Listing, Operation, Outcome, Record, Signals, StoreError, Timestamp, UserId, UserIndex,
    Walk,
};

pub(crate) struct Timed {
    pub(crate) store: Arc<dyn Erased>,
    pub(crate) observers: Observers,
}

impl Timed {
    fn told<T>(
        &self,
        (operation, batch): (StoreOperation, usize),
        began: Instant,
        answer: Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let (took, failed) = (began.elapsed(), answer.is_err());
        self.observers.called(&StoreCall { operation, batch, took, failed });
        answer
    }

    fn timed<'a, T: 'a>(
        &'a self,
        what: (StoreOperation, usize),
        call: BoxFuture<'a, T>,
    ) -> BoxFuture<'a, T> {
        Box::pin(async move {
            let began = Instant::now();
            let answer = call.await;
            self.told(what, began, answer)
        })
    }
}

impl Erased for Timed {
    fn load_now(&self, id: &Id) -> Option<Result<Option<Record>, StoreError>> {
        let began = Instant::now();
        let answer = self.store.load_now(id)?;
        Some(self.told((StoreOperation::Load, 1), began, answer))
    }

    fn write_now(&self, operation: &Operation) -> Option<Result<Outcome, StoreError>> {
        let began = Instant::now();
        let answer = self.store.write_now(operation)?;
        Some(self.told((StoreOperation::Write, 1), began, answer))
    }

    fn load<'a>(&'a self, id: &'a Id) -> BoxFuture<'a, Option<Record>> {
        self.timed((StoreOperation::Load, 1), self.store.load(id))
    }

    fn write<'a>(&'a self, operation: &'a Operation) -> BoxFuture<'a, Outcome> {
        self.timed((StoreOperation::Write, 1), self.store.write(operation))
    }

    fn load_many<'a>(&'a self, ids: &'a [Id]) -> BoxFuture<'a, Vec<Option<Record>>> {
        self.timed((StoreOperation::Load, ids.len()), self.store.load_many(ids))
    }

    fn write_many<'a>(&'a self, operations: &'a [Operation]) -> BoxFuture<'a, Vec<Outcome>> {
        let what = (StoreOperation::Write, operations.len());
        self.timed(what, self.store.write_many(operations))
    }

    fn delete_expired(&self, now: Timestamp, limit: NonZeroU32) -> BoxFuture<'_, u32> {
        self.timed((StoreOperation::Sweep, 1), self.store.delete_expired(now, limit))
    }

    fn user_index(&self) -> Option<&dyn UserIndex> {
        self.store.user_index().is_some().then_some(self)
    }

    fn signals(&self) -> Option<&dyn Signals> {
        self.store.signals()
    }

    /// Not timed: an administrator's walk says nothing of what visitors wait for.
    fn walk(&self) -> Option<&dyn Walk> {
        self.store.walk()
    }
}

impl UserIndex for Timed {
    fn of_user<'a>(&'a self, user: &'a UserId, limit: NonZeroU32) -> Listing<'a> {
        match self.store.user_index() {
            Some(index) => self.timed((StoreOperation::List, 1), index.of_user(user, limit)),
            None => Box::pin(std::future::ready(Ok(Vec::new()))),
        }
    }
}
