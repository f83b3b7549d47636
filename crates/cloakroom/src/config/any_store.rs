//! A store of whichever kind the settings name.

use std::num::NonZeroU32;

use crate::{
    CookieDriver, Id, MemoryStore, Operation, Outcome, Record, Sessions, SessionsBuilder, Signals,
    Store, StoreError, Timestamp, UserIndex, Walk,
};

/// A store of whichever kind the settings name: for tools that work on any. Clones are the same store. Made by
/// [`Settings::open_store`](crate::Settings::open_store).
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum AnyStore {
    /// In this process's memory.
    Memory(MemoryStore),
    /// In an SQLite file.
    #[cfg(feature = "sqlite")]
    Sqlite(crate::sqlite::SqliteStore),
    /// In PostgreSQL.
    #[cfg(feature = "postgres")]
    Postgres(crate::postgres::PostgresStore),
    /// In Redis.
    #[cfg(feature = "redis")]
    Redis(crate::redis::RedisStore),
}

/// Does the same with each kind.
macro_rules! each {
    ($any:expr, $store:ident => $work:expr) => {
        match $any {
            AnyStore::Memory($store) => $work,
            #[cfg(feature = "sqlite")]
            AnyStore::Sqlite($store) => $work,
            #[cfg(feature = "postgres")]
            AnyStore::Postgres($store) => $work,
            #[cfg(feature = "redis")]
            AnyStore::Redis($store) => $work,
        }
    };
}

impl AnyStore {
    pub(super) fn builder(self) -> SessionsBuilder {
        each!(self, store => Sessions::builder(store))
    }

    pub(super) fn deny_list(self, driver: CookieDriver) -> CookieDriver {
        each!(self, store => driver.deny_list(store))
    }
}

impl Store for AnyStore {
    type Error = StoreError;

    async fn load(&self, id: &Id) -> Result<Option<Record>, StoreError> {
        each!(self, store => store.load(id).await.map_err(StoreError::new))
    }

    async fn write(&self, operation: &Operation) -> Result<Outcome, StoreError> {
        each!(self, store => store.write(operation).await.map_err(StoreError::new))
    }

    async fn load_many(&self, ids: &[Id]) -> Result<Vec<Option<Record>>, StoreError> {
        each!(self, store => store.load_many(ids).await.map_err(StoreError::new))
    }

    async fn write_many(&self, operations: &[Operation]) -> Result<Vec<Outcome>, StoreError> {
        each!(self, store => store.write_many(operations).await.map_err(StoreError::new))
    }

    fn write_now(&self, operation: &Operation) -> Option<Result<Outcome, StoreError>> {
        each!(self, store => Some(store.write_now(operation)?.map_err(StoreError::new)))
    }

    async fn delete_expired(&self, now: Timestamp, limit: NonZeroU32) -> Result<u32, StoreError> {
        each!(self, store => store.delete_expired(now, limit).await.map_err(StoreError::new))
    }

    fn gathers(&self) -> bool {
        each!(self, store => store.gathers())
    }

    fn user_index(&self) -> Option<&dyn UserIndex> {
        each!(self, store => store.user_index())
    }

    fn signals(&self) -> Option<&dyn Signals> {
        each!(self, store => store.signals())
    }

    fn walk(&self) -> Option<&dyn Walk> {
        each!(self, store => store.walk())
    }
}
