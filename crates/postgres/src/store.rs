//! The store.

use std::collections::HashMap;
use std::num::NonZeroU32;
use std::sync::Arc;

use cloakroom_core::{
    Id, Listing, LostPlace, Operation, Outcome, Record, Signals, Store, StoreError, Timestamp,
    UserId, UserIndex, Walk, WalkCursor, WalkPage, Walking,
};

use crate::source::Source;
use crate::statements::Kind;
use crate::values::{self, Instant, Key};
use crate::{PostgresError, PostgresOptions, schema};

/// Keeps sessions in a table of PostgreSQL. Clones are the same store.
///
/// Any number of processes may use one table: every write is one statement that compares versions. See the
/// [crate's documentation](crate).
#[derive(Clone, Debug)]
pub struct PostgresStore(Arc<Source>);

impl PostgresStore {
    /// The version of the table that this version of cloakroom makes and works with.
    pub const SCHEMA: u32 = schema::KNOWN;

    /// Connects to the server at `address`, a URL or a list of `key=value`, and brings the table up to date; for more
    /// options see [`PostgresOptions`].
    ///
    /// ```no_run
    /// # async fn example() -> Result<(), cloakroom_postgres::PostgresError> {
    /// use cloakroom_postgres::PostgresStore;
    ///
    /// let store = PostgresStore::connect("postgres://shop@localhost/shop").await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`PostgresError`] if the address is not understood, the server cannot be reached or refuses, or the table was
    /// made by a newer version.
    ///
    /// # Panics
    ///
    /// Outside of a tokio runtime.
    pub async fn connect(address: &str) -> Result<Self, PostgresError> {
        PostgresOptions::new(address)?.connect().await
    }

    pub(crate) fn new(source: Source) -> Self {
        Self(Arc::new(source))
    }

    pub(crate) fn source(&self) -> &Source {
        &self.0
    }
}

impl Store for PostgresStore {
    type Error = PostgresError;

    async fn load(&self, id: &Id) -> Result<Option<Record>, PostgresError> {
        let rows = self.0.query(Kind::Load, &[&Key(*id)]).await?;
        Ok(rows.first().map(|row| values::record(row, *id)))
    }

    async fn load_many(&self, ids: &[Id]) -> Result<Vec<Option<Record>>, PostgresError> {
        let keys: Vec<_> = ids.iter().copied().map(Key).collect();
        let rows = self.0.query(Kind::LoadMany, &[&keys]).await?;
        let mut found = HashMap::with_capacity(rows.len());
        for row in &rows {
            let id = values::id(row)?;
            found.insert(id, values::record(row, id));
        }
        Ok(ids.iter().map(|id| found.get(id).cloned()).collect())
    }

    async fn write(&self, operation: &Operation) -> Result<Outcome, PostgresError> {
        self.0.write(operation).await
    }

    /// Sends one statement for each kind of write, so that the disk is waited for once and not for each.
    async fn write_many(&self, operations: &[Operation]) -> Result<Vec<Outcome>, PostgresError> {
        self.0.write_many(operations).await
    }

    /// Leaves what another process is sweeping to it, so that several may sweep at once.
    async fn delete_expired(
        &self,
        now: Timestamp,
        limit: NonZeroU32,
    ) -> Result<u32, PostgresError> {
        let rows = self.0.query(Kind::Sweep, &[&Instant(now), &i64::from(limit.get())]).await?;
        Ok(u32::try_from(rows.len()).unwrap_or(limit.get()))
    }

    fn user_index(&self) -> Option<&dyn UserIndex> {
        Some(self)
    }

    fn signals(&self) -> Option<&dyn Signals> {
        Some(self)
    }

    fn walk(&self) -> Option<&dyn Walk> {
        Some(self)
    }
}

/// In the order of the ids; a place is the least id that comes next.
impl Walk for PostgresStore {
    fn page<'a>(&'a self, after: Option<&'a WalkCursor>, limit: NonZeroU32) -> Walking<'a> {
        Box::pin(async move {
            let first = match after {
                Some(after) => {
                    let lost = |_| StoreError::new(LostPlace::new(after));
                    after.as_str().parse().map_err(lost)?
                }
                None => Id::from_bytes([0; 16]),
            };
            let rows = self.0.query(Kind::Page, &[&Key(first), &i64::from(limit.get())]).await;
            let rows = rows.map_err(StoreError::new)?;
            let read = |row| values::id(row).map(|id| values::record(row, id));
            let records = rows.iter().map(read).collect::<Result<Vec<_>, _>>();
            let records: Vec<Record> =
                records.map_err(|error| StoreError::new(PostgresError::from(error)))?;
            let is_full = records.len() >= limit.get() as usize;
            let next = records.last().filter(|_| is_full).and_then(|last| successor(&last.id));
            let next = next.map(|id| WalkCursor::new(id.to_string()));
            Ok(WalkPage { records, next })
        })
    }
}

/// Returns the id that follows; `None` behind the last one.
fn successor(id: &Id) -> Option<Id> {
    let next = u128::from_be_bytes(*id.as_bytes()).checked_add(1)?;
    Some(Id::from_bytes(next.to_be_bytes()))
}

impl UserIndex for PostgresStore {
    fn of_user<'a>(&'a self, user: &'a UserId, limit: NonZeroU32) -> Listing<'a> {
        Box::pin(async move {
            let limit = i64::from(limit.get());
            let rows = self.0.query(Kind::OfUser, &[&user.as_str(), &limit]).await;
            let rows = rows.map_err(StoreError::new)?;
            let read = |row| values::id(row).map(|id| values::record(row, id));
            let records = rows.iter().map(read).collect::<Result<_, _>>();
            records.map_err(|error| StoreError::new(PostgresError::from(error)))
        })
    }
}
