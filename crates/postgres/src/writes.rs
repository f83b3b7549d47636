//! Carries writes out: one as one statement, a batch as one statement for each kind of write.

use std::collections::{HashMap, HashSet};
use std::pin::Pin;

use cloakroom_core::{Id, Operation, Outcome, Record, UserId};
use futures_util::future::try_join_all;
use tokio_postgres::Row;
use tokio_postgres::types::ToSql;

use crate::PostgresError;
use crate::batch::{Place, places};
use crate::source::Source;
use crate::statements::Kind;
use crate::values::{self, Instant, Json, Key, number};

type Parameters<'a> = Vec<&'a (dyn ToSql + Sync)>;

impl Source {
    pub(crate) async fn write(&self, operation: &Operation) -> Result<Outcome, PostgresError> {
        let rows = match operation {
            Operation::Create(record) => {
                self.query(Kind::Create, &Columns::of(record).parameters()).await?
            }
            Operation::Replace { version, next } => {
                let (next, version) = (Columns::of(next), number(*version));
                let mut parameters = next.parameters();
                parameters.push(&version);
                self.query(Kind::Replace, &parameters).await?
            }
            Operation::Renew { version, next, moved } => {
                let (moved, next) = (Columns::of(moved), Columns::of(next));
                let version = number(*version);
                let mut parameters = moved.parameters();
                parameters.push(&version);
                parameters.extend(next.parameters());
                self.query(Kind::Renew, &parameters).await?
            }
            Operation::Touch { id, active_at, expires_at } => {
                let parameters: [&(dyn ToSql + Sync); 3] =
                    [&Key(*id), &Instant(*active_at), &Instant(*expires_at)];
                self.query(Kind::Touch, &parameters).await?
            }
            Operation::Delete(id) => {
                let rows = self.query(Kind::Delete, &[&Key(*id)]).await?;
                let removed = rows.first().map(|row| Outcome::Removed(values::record(row, *id)));
                return Ok(removed.unwrap_or(Outcome::Stale(None)));
            }
        };
        Ok(if rows.is_empty() { Outcome::Stale(None) } else { Outcome::Applied })
    }

    pub(crate) async fn write_many(
        &self,
        operations: &[Operation],
    ) -> Result<Vec<Outcome>, PostgresError> {
        let places = places(operations);
        let mut outcomes = vec![Outcome::Stale(None); operations.len()];
        for wave in 0.. {
            let members: Vec<_> =
                (0..operations.len()).filter(|&n| places[n] == Place::Wave(wave)).collect();
            if members.is_empty() {
                break;
            }
            self.wave(operations, &members, &mut outcomes).await?;
        }
        for (n, place) in places.iter().enumerate() {
            if let Place::Behind(first) = *place
                && outcomes[first] == Outcome::Applied
            {
                outcomes[n] = Outcome::Stale(left_by(&operations[first]).cloned());
            }
        }
        Ok(outcomes)
    }

    /// Carries out writes about different sessions. The statements of the kinds leave together.
    async fn wave(
        &self,
        operations: &[Operation],
        members: &[usize],
        outcomes: &mut [Outcome],
    ) -> Result<(), PostgresError> {
        type Answer<'a> = Pin<Box<dyn Future<Output = Result<Done, PostgresError>> + Send + 'a>>;
        let mut groups = Groups::default();
        for &n in members {
            groups.add(&operations[n]);
        }
        let Groups { alone, creates, replaces, renews, touches, deletes } = &groups;
        let mut answers: Vec<Answer<'_>> = Vec::new();
        if let Some(operation) = alone.filter(|_| members.len() == 1) {
            outcomes[members[0]] = self.write(operation).await?;
            return Ok(());
        }
        if !creates.ids.is_empty() {
            answers.push(Box::pin(self.applied(Kind::CreateMany, creates.parameters())));
        }
        if !replaces.next.ids.is_empty() {
            answers.push(Box::pin(self.applied(Kind::ReplaceMany, replaces.parameters())));
        }
        if !renews.moved.next.ids.is_empty() {
            answers.push(Box::pin(self.applied(Kind::RenewMany, renews.parameters())));
        }
        if !touches.ids.is_empty() {
            answers.push(Box::pin(self.applied(Kind::TouchMany, touches.parameters())));
        }
        if !deletes.is_empty() {
            answers.push(Box::pin(async {
                let rows = self.query(Kind::DeleteMany, &[deletes]).await?;
                let removed = rows.iter().map(|row| {
                    let id = values::id(row)?;
                    Ok((id, values::record(row, id)))
                });
                Ok(Done::Removed(removed.collect::<Result<_, PostgresError>>()?))
            }));
        }
        let mut applied = HashSet::new();
        let mut removed = HashMap::new();
        for done in try_join_all(answers).await? {
            match done {
                Done::Applied(ids) => applied.extend(ids),
                Done::Removed(records) => removed = records,
            }
        }
        for &n in members {
            let id = operations[n].id();
            outcomes[n] = match removed.remove(id) {
                Some(record) => Outcome::Removed(record),
                None if applied.contains(id) => Outcome::Applied,
                None => Outcome::Stale(None),
            };
        }
        Ok(())
    }

    async fn applied(&self, kind: Kind, parameters: Parameters<'_>) -> Result<Done, PostgresError> {
        let rows = self.query(kind, &parameters).await?;
        let id = |row: &Row| row.try_get(0).map(|Key(id)| id);
        Ok(Done::Applied(rows.iter().map(id).collect::<Result<_, _>>()?))
    }
}

enum Done {
    Applied(Vec<Id>),
    Removed(HashMap<Id, Record>),
}

/// Returns what a write that was applied left under the id that it compared.
fn left_by(operation: &Operation) -> Option<&Record> {
    match operation {
        Operation::Replace { next, .. } => Some(next),
        Operation::Renew { moved, .. } => Some(moved),
        _ => None,
    }
}

/// A record's columns, as parameters.
struct Columns<'a> {
    id: Key,
    version: i64,
    user: Option<&'a str>,
    created_at: Instant,
    active_at: Instant,
    expires_at: Instant,
    payload: Json<'a>,
}

impl<'a> Columns<'a> {
    fn of(record: &'a Record) -> Self {
        Self {
            id: Key(record.id),
            version: number(record.version),
            user: record.user.as_ref().map(UserId::as_str),
            created_at: Instant(record.created_at),
            active_at: Instant(record.active_at),
            expires_at: Instant(record.expires_at),
            payload: Json(record.payload.as_str()),
        }
    }

    fn parameters(&self) -> Parameters<'_> {
        let Self { id, version, user, created_at, active_at, expires_at, payload } = self;
        vec![id, version, user, created_at, active_at, expires_at, payload]
    }
}

/// The columns of several records, as parameters.
#[derive(Default)]
struct Arrays<'a> {
    ids: Vec<Key>,
    versions: Vec<i64>,
    users: Vec<Option<&'a str>>,
    created_at: Vec<Instant>,
    active_at: Vec<Instant>,
    expires_at: Vec<Instant>,
    payloads: Vec<Json<'a>>,
}

impl<'a> Arrays<'a> {
    fn add(&mut self, record: &'a Record) {
        let Columns { id, version, user, created_at, active_at, expires_at, payload } =
            Columns::of(record);
        self.ids.push(id);
        self.versions.push(version);
        self.users.push(user);
        self.created_at.push(created_at);
        self.active_at.push(active_at);
        self.expires_at.push(expires_at);
        self.payloads.push(payload);
    }

    fn parameters(&self) -> Parameters<'_> {
        let Self { ids, versions, users, created_at, active_at, expires_at, payloads } = self;
        vec![ids, versions, users, created_at, active_at, expires_at, payloads]
    }
}

/// The writes of a wave, by kind.
#[derive(Default)]
struct Groups<'a> {
    /// The first one, for a wave of one.
    alone: Option<&'a Operation>,
    creates: Arrays<'a>,
    replaces: Replaces<'a>,
    renews: Renews<'a>,
    touches: Touches,
    deletes: Vec<Key>,
}

#[derive(Default)]
struct Replaces<'a> {
    next: Arrays<'a>,
    versions: Vec<i64>,
}

#[derive(Default)]
struct Renews<'a> {
    moved: Replaces<'a>,
    next: Arrays<'a>,
}

#[derive(Default)]
struct Touches {
    ids: Vec<Key>,
    active_at: Vec<Instant>,
    expires_at: Vec<Instant>,
}

impl<'a> Groups<'a> {
    fn add(&mut self, operation: &'a Operation) {
        self.alone.get_or_insert(operation);
        match operation {
            Operation::Create(record) => self.creates.add(record),
            Operation::Replace { version, next } => {
                self.replaces.next.add(next);
                self.replaces.versions.push(number(*version));
            }
            Operation::Renew { version, next, moved } => {
                self.renews.moved.next.add(moved);
                self.renews.moved.versions.push(number(*version));
                self.renews.next.add(next);
            }
            Operation::Touch { id, active_at, expires_at } => {
                self.touches.ids.push(Key(*id));
                self.touches.active_at.push(Instant(*active_at));
                self.touches.expires_at.push(Instant(*expires_at));
            }
            Operation::Delete(id) => self.deletes.push(Key(*id)),
        }
    }
}

impl Replaces<'_> {
    fn parameters(&self) -> Parameters<'_> {
        let mut parameters = self.next.parameters();
        parameters.push(&self.versions);
        parameters
    }
}

impl Renews<'_> {
    fn parameters(&self) -> Parameters<'_> {
        let mut parameters = self.moved.parameters();
        parameters.extend(self.next.parameters());
        parameters
    }
}

impl Touches {
    fn parameters(&self) -> Parameters<'_> {
        vec![&self.ids, &self.active_at, &self.expires_at]
    }
}
