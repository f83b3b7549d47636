//! The store: how calls become answers.

use std::collections::HashSet;
use std::num::NonZeroU32;
use std::sync::Arc;

use cloakroom_core::{
    Id, Listing, Operation, Outcome, Record, Store, StoreError, UserId, UserIndex,
};
use redis::{ErrorKind, Value};

use crate::call::Call;
use crate::connection::Connection;
use crate::index::{self, Entry, State};
use crate::link::{Link, Repeat};
use crate::names::Names;
use crate::value::{self, Stored};
use crate::writing::{Reach, Writing, confirm, points, texts};
use crate::{RedisError, RedisOptions};

/// Keeps sessions in Redis or Valkey. Clones are the same store and share a connection.
///
/// Several processes may use one server: every write compares versions in one step. See the
/// [crate's documentation](crate).
#[derive(Clone, Debug)]
pub struct RedisStore(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    link: Link,
    names: Names,
    /// The age from which an index's entry without a record is removed, in milliseconds.
    safe_age: i64,
}

/// Least number of records that a listing loads at once.
const LEAST_PAGE: usize = 16;

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

    pub(crate) fn new(link: Link, names: Names) -> Self {
        Self(Arc::new(Inner { link, names, safe_age: index::SAFE_AGE }))
    }

    pub(crate) async fn reach_server(&self) -> Result<(), RedisError> {
        self.0.link.connect().await?;
        let ping = Call::command("PING", vec![], vec![]);
        self.0.link.one(&ping, Repeat::Once).await.map(drop)
    }
}

impl Inner {
    async fn load(&self, id: &Id) -> Result<Option<Record>, RedisError> {
        let answer = self.link.one(&Call::get(self.names.session(id)), Repeat::Once).await;
        self.loaded(*id, answer).await
    }

    async fn load_many(&self, ids: &[Id]) -> Result<Vec<Option<Record>>, RedisError> {
        let answers = self.get_all(ids).await?;
        let mut records = Vec::with_capacity(ids.len());
        for (id, answer) in ids.iter().zip(answers) {
            records.push(self.loaded(*id, answer).await?);
        }
        Ok(records)
    }

    /// One MGET. It says of a key of another type that there is none, so what seems missing is asked for once more.
    async fn get_all(&self, ids: &[Id]) -> Result<Vec<Result<Value, RedisError>>, RedisError> {
        let keys = |ids: &mut dyn Iterator<Item = &Id>| ids.map(|id| self.names.session(id)).collect();
        if self.link.is_cluster() {
            // The keys of an MGET must share a slot; these share connections.
            let keys: Vec<String> = keys(&mut ids.iter());
            let calls: Vec<_> = keys.into_iter().map(Call::get).collect();
            return self.link.many(&calls, Repeat::Once).await;
        }
        let call = Call::get_all(keys(&mut ids.iter()));
        let values = match self.link.one(&call, Repeat::Once).await? {
            Value::Array(values) if values.len() == ids.len() => values,
            _ => return Err(RedisError::Unexpected { command: "MGET" }),
        };
        let mut answers: Vec<_> = values.into_iter().map(Ok).collect();
        let missing: Vec<usize> =
            (0..ids.len()).filter(|&place| matches!(answers[place], Ok(Value::Nil))).collect();
        if !missing.is_empty() {
            let keys: Vec<String> = keys(&mut missing.iter().map(|&place| &ids[place]));
            let calls: Vec<_> = keys.into_iter().map(Call::get).collect();
            let again = self.link.many(&calls, Repeat::Once).await?;
            for (place, answer) in missing.into_iter().zip(again) {
                answers[place] = answer;
            }
        }
        Ok(answers)
    }

    async fn loaded(
        &self,
        id: Id,
        answer: Result<Value, RedisError>,
    ) -> Result<Option<Record>, RedisError> {
        let Some(stored) = stored(id, answer)? else { return Ok(None) };
        match stored.link {
            value::Link::From(old) => self.prepared(id, old, stored).await,
            value::Link::None | value::Link::To(_) => Ok(Some(stored.record)),
        }
    }

    /// Looks whether a prepared record counts; if it does, confirms and answers it.
    async fn prepared(
        &self,
        new: Id,
        old: Id,
        mut stored: Stored,
    ) -> Result<Option<Record>, RedisError> {
        for first in [true, false] {
            let pointer = self.link.one(&Call::get(self.names.session(&old)), Repeat::Once).await?;
            if points(old, pointer, new) {
                self.link.one(&confirm(&self.names, &new, &old), Repeat::Once).await?;
                return Ok(Some(stored.record));
            }
            // It may have been confirmed, and the pointer may have gone, since it was read.
            if first {
                let again = self.link.one(&Call::get(self.names.session(&new)), Repeat::Once).await;
                match self::stored(new, again)? {
                    Some(again) => stored = again,
                    None => return Ok(None),
                }
                if stored.link != value::Link::From(old) {
                    return Ok(Some(stored.record));
                }
            }
        }
        Ok(None)
    }

    async fn write_many(&self, operations: &[Operation]) -> Result<Vec<Outcome>, RedisError> {
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
                writing.absorb(answer?)?;
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

    /// Removes those of a user's entries that have no record. What cannot be done now is done another time.
    async fn look_after(&self, entry: &Entry, members: Vec<String>) {
        let (members, ids): (Vec<_>, Vec<_>) = members
            .into_iter()
            .filter_map(|member| index::parse(&member).map(|(_, id)| (member, id)))
            .unzip();
        if members.is_empty() {
            return;
        }
        let Ok(records) = self.load_many(&ids).await else { return };
        let states = members.into_iter().zip(&records).map(|(member, record)| {
            let live = record.as_ref().is_some_and(|record| may_be_of(record, &entry.user));
            (if live { State::Live } else { State::Dead }, member)
        });
        let states: Vec<_> = states.collect();
        let tidy = index::tidy(&self.names, &entry.user, self.safe_age, &states);
        let _ = self.link.one(&tidy, Repeat::Never).await;
    }

    async fn of_user(&self, user: &UserId, limit: usize) -> Result<Vec<Record>, RedisError> {
        let members = texts(self.link.one(&index::list(&self.names, user), Repeat::Once).await?);
        let mut entries: Vec<_> = members
            .into_iter()
            .filter_map(|member| index::parse(&member).map(|(at, id)| (at, id, member)))
            .collect();
        entries.sort_by_key(|&(created_at, id, _)| (std::cmp::Reverse(created_at), id));
        let mut found: Vec<Record> = Vec::new();
        let mut dead = Vec::new();
        for page in entries.chunks(limit.clamp(LEAST_PAGE, 256)) {
            let ids: Vec<_> = page.iter().map(|&(_, id, _)| id).collect();
            for ((_, _, member), record) in page.iter().zip(self.load_many(&ids).await?) {
                match record {
                    Some(record) if record.user.as_ref() == Some(user) => found.push(record),
                    Some(record) if may_be_of(&record, user) => {}
                    _ => dead.push((State::Dead, member.clone())),
                }
            }
            if found.len() >= limit {
                break;
            }
        }
        if !dead.is_empty() {
            // The answer is right without it.
            let tidy = index::tidy(&self.names, user, self.safe_age, &dead);
            let _ = self.link.one(&tidy, Repeat::Never).await;
        }
        // An id stands in the set a second time if somebody changed when its session began.
        let mut seen = HashSet::new();
        found.retain(|record| seen.insert(record.id));
        found.truncate(limit);
        Ok(found)
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

/// Reads the answer to a GET.
fn stored(id: Id, answer: Result<Value, RedisError>) -> Result<Option<Stored>, RedisError> {
    match answer {
        Ok(Value::Nil) => Ok(None),
        Ok(Value::BulkString(value)) => Ok(Some(value::read(id, value))),
        Ok(_) => Err(RedisError::Unexpected { command: "GET" }),
        Err(RedisError::Redis(error)) if is_wrong_type(&error) => Ok(Some(value::unreadable(id))),
        Err(error) => Err(error),
    }
}

fn is_wrong_type(error: &redis::RedisError) -> bool {
    error.code() == Some("WRONGTYPE") || error.kind() == ErrorKind::UnexpectedReturnType
}

/// Tells whether a record is the user's, or cannot be read, so that nobody knows.
fn may_be_of(record: &Record, user: &UserId) -> bool {
    record.user.as_ref() == Some(user)
        || record.payload == cloakroom_core::Payload::unreadable()
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
}

impl UserIndex for RedisStore {
    fn of_user<'a>(&'a self, user: &'a UserId, limit: NonZeroU32) -> Listing<'a> {
        let limit = usize::try_from(limit.get()).unwrap_or(usize::MAX);
        Box::pin(async move { self.0.of_user(user, limit).await.map_err(StoreError::new) })
    }
}
