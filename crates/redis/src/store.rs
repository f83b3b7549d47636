//! The store: how calls become answers.

use std::collections::{BTreeMap, HashSet};
use std::num::NonZeroU32;
use std::sync::Arc;

use cloakroom_core::{
    Id, Listing, Operation, Outcome, Record, Signals, Store, StoreError, UserId, UserIndex, Walk,
    WalkCursor, Walking,
};

use crate::call::Call;
use crate::connection::Connection;
use crate::index::SAFE_AGE;
use crate::link::{Link, Repeat};
use crate::names::Names;
use crate::signals::Ear;
use crate::writing::{Reach, Writing};
use crate::{RedisError, RedisOptions};

/// Keeps sessions in Redis or Valkey. Clones are the same store and share a connection.
///
/// Several processes may use one server: every write compares versions in one step. See the
/// [crate's documentation](crate).
#[derive(Clone, Debug)]
pub struct RedisStore(Arc<Inner>);

/// What reads, writes and lists; each in a file of its own.
#[derive(Debug)]
pub(crate) struct Inner {
    pub(crate) link: Link,
    pub(crate) names: Names,
    /// Where signals are heard; not over a connection of the application's own.
    pub(crate) ear: Option<Ear>,
    /// The age from which an index's entry without a record is removed, in milliseconds.
    pub(crate) safe_age: i64,
}

impl RedisStore {
    /// Connects to the server at `url`; for more options see [`RedisOptions`].
    ///
    /// ```no_run
    /// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
    /// use cloakroom_redis::RedisStore;
    ///
    /// let store = RedisStore::connect("redis://127.0.0.1:6379").await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`RedisError`] if the URL is none, or the server cannot be reached.
    pub async fn connect(url: &str) -> Result<Self, RedisError> {
        RedisOptions::new(url).connect().await
    }

    /// Shares a connection that the application has already, with the prefix `cloakroom:`.
    ///
    /// ```no_run
    /// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
    /// use cloakroom_redis::{RedisStore, redis};
    ///
    /// let client = redis::Client::open("redis://127.0.0.1:6379")?;
    /// let store = RedisStore::over(client.get_connection_manager().await?);
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn over(connection: impl Into<Connection>) -> Self {
        RedisOptions::over(connection).open_given()
    }

    /// Returns what the server says of itself (`INFO`), by name: `redis_version`, `maxmemory_policy`, `aof_enabled`, …; of a
    /// cluster, what one of its masters says. For administrators; needs the right to `+info`.
    ///
    /// ```no_run
    /// # async fn example(store: &cloakroom_redis::RedisStore) -> Result<(), cloakroom_redis::RedisError> {
    /// let information = store.server_information().await?;
    /// assert_eq!(information["maxmemory_policy"], "noeviction");
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`RedisError`] if the server cannot be reached or refuses.
    pub async fn server_information(&self) -> Result<BTreeMap<String, String>, RedisError> {
        let masters = self.0.link.masters().await?;
        let slot = masters.first().map(|master| master.slot);
        let text = match self.0.link.look_at(slot, &redis::cmd("INFO")).await? {
            redis::Value::BulkString(text) => String::from_utf8_lossy(&text).into_owned(),
            redis::Value::VerbatimString { text, .. } => text,
            _ => return Err(RedisError::Unexpected { command: "INFO" }),
        };
        let pairs = text.lines().filter_map(|line| line.split_once(':'));
        Ok(pairs.map(|(name, value)| (name.to_owned(), value.trim().to_owned())).collect())
    }

    pub(crate) fn new(link: Link, names: Names, ear: Option<Ear>) -> Self {
        Self(Arc::new(Inner { link, names, ear, safe_age: SAFE_AGE }))
    }

    pub(crate) fn ear(&self) -> Option<&Ear> {
        self.0.ear.as_ref()
    }

    #[cfg(test)]
    pub(crate) fn inner(&self) -> &Inner {
        &self.0
    }

    #[cfg(test)]
    pub(crate) fn with_safe_age(self, safe_age: i64) -> Self {
        let inner = Arc::into_inner(self.0).expect("nobody else has it");
        Self(Arc::new(Inner { safe_age, ..inner }))
    }

    pub(crate) async fn reach_server(&self) -> Result<(), RedisError> {
        self.0.link.connect().await?;
        let ping = Call::command("PING", vec![], vec![]);
        self.0.link.one(&ping, Repeat::Once).await.map(drop)
    }
}

impl Inner {
    pub(crate) async fn write_many(
        &self,
        operations: &[Operation],
    ) -> Result<Vec<Outcome>, RedisError> {
        let reach = if self.link.is_cluster() { Reach::Cluster } else { Reach::Server };
        let mut writings: Vec<_> =
            operations.iter().map(|operation| Writing::new(operation, reach)).collect();
        loop {
            let mut open = next_trip(&mut writings);
            if open.is_empty() {
                break;
            }
            let calls: Vec<_> =
                open.iter().map(|writing| writing.call(&self.names, self.safe_age)).collect();
            let answers = self.link.many(&calls, Repeat::Never).await?;
            for (writing, answer) in open.iter_mut().zip(answers) {
                writing.absorb(answer)?;
            }
        }
        for writing in &mut writings {
            for (entry, neglected) in std::mem::take(&mut writing.neglected) {
                self.look_after(&entry, neglected).await;
            }
        }
        let outcomes = writings.iter().map(|writing| writing.outcome().cloned());
        outcomes.collect::<Option<_>>().ok_or(RedisError::Contended)
    }
}

/// Picks those that can go on: the writes of one record stay in order.
fn next_trip<'a, 'b>(writings: &'a mut [Writing<'b>]) -> Vec<&'a mut Writing<'b>> {
    let mut waited_for = HashSet::new();
    let mut trip = Vec::with_capacity(writings.len());
    for writing in writings.iter_mut().filter(|writing| writing.outcome().is_none()) {
        let ids = writing.ids();
        if ids.into_iter().flatten().any(|id| waited_for.contains(&id)) {
            waited_for.extend(ids.into_iter().flatten());
            continue;
        }
        if writing.is_waited_for() {
            waited_for.extend(ids.into_iter().flatten());
        }
        trip.push(writing);
    }
    trip
}

impl Store for RedisStore {
    type Error = RedisError;

    async fn load(&self, id: &Id) -> Result<Option<Record>, RedisError> {
        self.0.load(id).await
    }

    async fn load_many(&self, ids: &[Id]) -> Result<Vec<Option<Record>>, RedisError> {
        self.0.load_many(ids).await
    }

    async fn write(&self, operation: &Operation) -> Result<Outcome, RedisError> {
        let mut outcomes = self.0.write_many(std::slice::from_ref(operation)).await?;
        outcomes.pop().ok_or(RedisError::Contended)
    }

    async fn write_many(&self, operations: &[Operation]) -> Result<Vec<Outcome>, RedisError> {
        self.0.write_many(operations).await
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

impl Walk for RedisStore {
    fn page<'a>(&'a self, after: Option<&'a WalkCursor>, limit: NonZeroU32) -> Walking<'a> {
        Box::pin(self.0.page(after, limit))
    }
}

impl UserIndex for RedisStore {
    fn of_user<'a>(&'a self, user: &'a UserId, limit: NonZeroU32) -> Listing<'a> {
        let limit = usize::try_from(limit.get()).unwrap_or(usize::MAX);
        Box::pin(async move { self.0.of_user(user, limit).await.map_err(StoreError::new) })
    }
}
