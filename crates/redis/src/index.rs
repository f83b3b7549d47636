//! What finds a user's sessions: a sorted set of entries `<created>:<id>`, each with the instant at which it was added.
//!
//! It stands in another slot of a cluster than the sessions, so it is a hint that errs on one side only. An entry is
//! added before the record with that user is written; who lists looks at the records themselves. An entry without a
//! record is removed only when it is so old that its record cannot be on its way any more. Each record notes until when
//! its index knows it, so that ordinary writes need not look.

use cloakroom_core::{Id, Record, Timestamp, UserId};

use crate::call::Call;
use crate::names::Names;
use crate::script;
use crate::value::life;

/// The age from which an entry without a record may be removed, in milliseconds: far longer than any write takes.
pub(crate) const SAFE_AGE: i64 = 600_000;

/// So many entries are no trouble; beyond that, who adds one looks after some.
const FEW: usize = 16;

/// How many entries are looked after at once.
const CARE: usize = 8;

/// One session in the index of its user.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub(crate) user: UserId,
    id: Id,
    member: String,
    life: i64,
    /// Until when a record with this entry needs no new one.
    pub(crate) until: Timestamp,
}

impl Entry {
    /// Makes the entry of a record, if it has a user. It holds for twice the time that the session has, so that an
    /// active one pays for it about once an idle time.
    pub(crate) fn of(record: &Record) -> Option<Self> {
        let user = record.user.clone()?;
        let life = life(record.active_at, record.expires_at);
        let until = record.expires_at.as_millis().saturating_add(life);
        Some(Self {
            user,
            id: record.id,
            member: member(record.created_at, &record.id),
            life: life.saturating_mul(2),
            until: Timestamp::from_millis(until),
        })
    }

    pub(crate) fn is_of(&self, record: &Record) -> bool {
        record.user.as_ref() == Some(&self.user) && record.id == self.id
    }

    /// Adds it; answers entries to look after.
    pub(crate) fn add(&self, names: &Names, safe_age: i64) -> Call {
        let numbers = [self.life, safe_age].map(|number| number.to_string());
        let [life, age] = numbers;
        let arguments = vec![self.member.clone(), life, age, FEW.to_string(), CARE.to_string()];
        Call::script(&script::REMEMBER, vec![names.user(&self.user)], arguments)
    }
}

/// Whether an entry still has its record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    Live,
    Dead,
}

/// Reads all entries of a user.
pub(crate) fn list(names: &Names, user: &UserId) -> Call {
    let range = ["0", "-1"].map(str::to_owned).to_vec();
    Call::command("ZRANGE", vec![names.user(user)], range)
}

/// Removes what is dead and old enough.
pub(crate) fn tidy(
    names: &Names,
    user: &UserId,
    safe_age: i64,
    entries: &[(State, String)],
) -> Call {
    let mut arguments = vec![safe_age.to_string()];
    for (state, member) in entries {
        let state = if *state == State::Live { "live" } else { "dead" };
        arguments.extend([state.to_owned(), member.clone()]);
    }
    Call::script(&script::TIDY, vec![names.user(user)], arguments)
}

/// Reads an entry: when the session began, and its id.
pub(crate) fn parse(member: &str) -> Option<(Timestamp, Id)> {
    let (created_at, id) = member.split_once(':')?;
    Some((Timestamp::from_millis(created_at.parse().ok()?), id.parse().ok()?))
}

fn member(created_at: Timestamp, id: &Id) -> String {
    format!("{}:{id}", created_at.as_millis())
}
