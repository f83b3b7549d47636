//! The boxed twin of [`Store`], so that no store's type shows in a handler's signature.

use std::future::Future;
use std::num::NonZeroU32;
use std::pin::Pin;

use futures_util::FutureExt as _;

use super::{Signals, UserIndex, Walk};
use crate::{Id, Operation, Outcome, Record, Store, StoreError, Timestamp};

pub(crate) type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = Result<T, StoreError>> + Send + 'a>>;

pub(crate) trait Erased: Send + Sync {
    /// Loads on the spot, without a box; `None` if the store does not answer at once.
    fn load_now(&self, id: &Id) -> Option<Result<Option<Record>, StoreError>>;
    fn write_now(&self, operation: &Operation) -> Option<Result<Outcome, StoreError>>;
    fn load<'a>(&'a self, id: &'a Id) -> BoxFuture<'a, Option<Record>>;
    fn write<'a>(&'a self, operation: &'a Operation) -> BoxFuture<'a, Outcome>;
    fn load_many<'a>(&'a self, ids: &'a [Id]) -> BoxFuture<'a, Vec<Option<Record>>>;
    fn write_many<'a>(&'a self, operations: &'a [Operation]) -> BoxFuture<'a, Vec<Outcome>>;
    fn delete_expired(&self, now: Timestamp, limit: NonZeroU32) -> BoxFuture<'_, u32>;
    fn user_index(&self) -> Option<&dyn UserIndex>;
    fn signals(&self) -> Option<&dyn Signals>;
    fn walk(&self) -> Option<&dyn Walk>;
}

impl<S: Store> Erased for S {
    fn load_now(&self, id: &Id) -> Option<Result<Option<Record>, StoreError>> {
        Store::load(self, id).now_or_never().map(|answer| answer.map_err(StoreError::new))
    }

    fn write_now(&self, operation: &Operation) -> Option<Result<Outcome, StoreError>> {
        Store::write_now(self, operation).map(|answer| answer.map_err(StoreError::new))
    }

    fn load<'a>(&'a self, id: &'a Id) -> BoxFuture<'a, Option<Record>> {
        Box::pin(async move { Store::load(self, id).await.map_err(StoreError::new) })
    }

    fn write<'a>(&'a self, operation: &'a Operation) -> BoxFuture<'a, Outcome> {
        Box::pin(async move { Store::write(self, operation).await.map_err(StoreError::new) })
    }

    fn load_many<'a>(&'a self, ids: &'a [Id]) -> BoxFuture<'a, Vec<Option<Record>>> {
        Box::pin(async move { Store::load_many(self, ids).await.map_err(StoreError::new) })
    }

    fn write_many<'a>(&'a self, operations: &'a [Operation]) -> BoxFuture<'a, Vec<Outcome>> {
        Box::pin(async move { Store::write_many(self, operations).await.map_err(StoreError::new) })
    }

    fn delete_expired(&self, now: Timestamp, limit: NonZeroU32) -> BoxFuture<'_, u32> {
        Box::pin(
            async move { Store::delete_expired(self, now, limit).await.map_err(StoreError::new) },
        )
    }

    fn user_index(&self) -> Option<&dyn UserIndex> {
        Store::user_index(self)
    }

    fn signals(&self) -> Option<&dyn Signals> {
        Store::signals(self)
    }

    fn walk(&self) -> Option<&dyn Walk> {
        Store::walk(self)
    }
}
