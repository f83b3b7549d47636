//! One operation under way: the calls that it takes, one after another, and what their answers mean.
//!
//! Mostly that is one. A new entry in a user's index comes first. In a cluster a renewal spans two slots:
//!
//! 1. The new record is *prepared*: it names the old id and does not count.
//! 2. The pointer takes the old record's place, if that still has its version. From here on the new record counts,
//!    because what it names points to it.
//! 3. The new record is *confirmed*: the name goes, and it gets its true life.
//!
//! Whoever meets a prepared record looks whether it counts, and confirms it then. Before a pointer goes, what it points
//! to is confirmed. So nothing depends on the one who began, and at any moment exactly one of the two ids leads to the
//! session.

use cloakroom_core::{Id, Operation, Outcome, Record, Timestamp, Version};
use redis::Value;

use crate::RedisError;
use crate::call::{Call, Reply, millis};
use crate::index::Entry;
use crate::link::Answer;
use crate::names::Names;
use crate::reading::stored;
use crate::script;
use crate::value::{self, Link, Stored, beginning, head, life, tail, user, whole};

/// How an operation on two records is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reach {
    /// One server has all keys.
    Server,
    /// The keys are in different slots.
    Cluster,
}

/// Most calls that one operation takes, in the worst of races.
const MOST_CALLS: u32 = 24;

/// An operation under way.
#[derive(Debug)]
pub(crate) struct Writing<'a> {
    operation: &'a Operation,
    reach: Reach,
    main: Main,
    /// What has to be done before the main step is tried (again).
    before: Vec<Before>,
    /// The indexes that were told.
    told: Vec<Entry>,
    /// What the record points to, if anything, is confirmed.
    settled: bool,
    calls: u32,
    /// The record was prepared and did not count a moment ago.
    uncounted: bool,
    /// Entries to look after when this is done.
    pub(crate) neglected: Vec<(Entry, Vec<String>)>,
}

#[derive(Clone, Debug)]
enum Main {
    /// The operation itself, or the first step of a renewal in a cluster.
    Write,
    Commit,
    Confirm,
    /// Takes back what was prepared.
    Withdraw(Outcome),
    Done(Outcome),
}

#[derive(Clone, Debug)]
enum Before {
    Tell(Entry),
    /// Looks whether a prepared record counts.
    Origin {
        new: Id,
        old: Id,
    },
    Confirm {
        new: Id,
        old: Id,
    },
}

impl<'a> Writing<'a> {
    pub(crate) fn new(operation: &'a Operation, reach: Reach) -> Self {
        let entries = match operation {
            Operation::Create(record) => vec![Entry::of(record)],
            Operation::Renew { next, moved, .. } => vec![Entry::of(moved), Entry::of(next)],
            _ => vec![],
        };
        Self {
            operation,
            reach,
            main: Main::Write,
            before: entries.into_iter().flatten().map(Before::Tell).collect(),
            told: Vec::new(),
            settled: reach == Reach::Server,
            calls: 0,
            uncounted: false,
            neglected: Vec::new(),
        }
    }

    /// The outcome, when there is one.
    pub(crate) fn outcome(&self) -> Option<&Outcome> {
        match &self.main {
            Main::Done(outcome) => Some(outcome),
            _ => None,
        }
    }

    /// The records that it is about.
    pub(crate) fn ids(&self) -> [Option<Id>; 2] {
        match self.operation {
            Operation::Renew { next, moved, .. } => [Some(moved.id), Some(next.id)],
            operation => [Some(*operation.id()), None],
        }
    }

    /// Tells whether later writes of the same record must wait. Those that one server gets in one trip, each with its
    /// only call, stay in order by themselves.
    pub(crate) fn is_waited_for(&self) -> bool {
        self.reach == Reach::Cluster || !self.before.is_empty()
    }

    /// The next call.
    pub(crate) fn call(&self, names: &Names, safe_age: i64) -> Call {
        match self.before.last() {
            Some(Before::Tell(entry)) => return entry.add(names, safe_age),
            Some(Before::Origin { old, .. }) => return Call::get(names.session(old)),
            Some(Before::Confirm { new, old }) => return confirm(names, new, old),
            None => {}
        }
        match (&self.main, self.operation) {
            (Main::Commit, Operation::Renew { version, next, moved }) => {
                self.replace(names, *version, moved, Link::To(next.id))
            }
            (Main::Confirm, Operation::Renew { next, moved, .. }) => {
                confirm(names, &next.id, &moved.id)
            }
            (Main::Withdraw(_), Operation::Renew { next, .. }) => {
                Call::command("DEL", vec![names.session(&next.id)], vec![])
            }
            (_, operation) => self.write(names, operation),
        }
    }

    fn write(&self, names: &Names, operation: &Operation) -> Call {
        let id = operation.id();
        match operation {
            Operation::Create(record) => {
                let value = whole(record, Link::None, self.until(record));
                Call::create(names.session(id), value, life_of(record))
            }
            Operation::Replace { version, next } => self.replace(names, *version, next, Link::None),
            Operation::Renew { next, moved, .. } if self.reach == Reach::Cluster => {
                let value = whole(next, Link::From(moved.id), self.until(next));
                // It must not outlive the pointer, without which it does not count.
                let life = life_of(next).min(life_of(moved));
                Call::create(names.session(&next.id), value, life)
            }
            Operation::Renew { version, next, moved } => {
                let keys = vec![names.session(id), names.session(&next.id)];
                let arguments = vec![
                    version_text(*version),
                    whole(moved, Link::To(next.id), self.until(moved)),
                    life_of(moved).to_string(),
                    whole(next, Link::None, self.until(next)),
                    life_of(next).to_string(),
                ];
                Call::script(&script::RENEW, keys, arguments)
            }
            Operation::Touch { version, active_at, expires_at, .. } => {
                let told = self.told.last();
                let arguments = vec![
                    millis(*active_at),
                    millis(*expires_at),
                    life(*active_at, *expires_at).to_string(),
                    told.map_or_else(String::new, |entry| entry.user.as_str().to_owned()),
                    told.map_or_else(String::new, |entry| millis(entry.until)),
                    version_text(*version),
                ];
                Call::script(&script::TOUCH, vec![names.session(id)], arguments)
            }
            Operation::Delete(_) => {
                Call::script(&script::DELETE, vec![names.session(id)], vec![self.settled_text()])
            }
        }
    }

    fn replace(&self, names: &Names, version: Version, next: &Record, link: Link) -> Call {
        let (version, life) = (version_text(version), life_of(next).to_string());
        let mut arguments = vec![beginning(&version), version];
        if next.user.is_some() {
            let told = self.told(next).map_or_else(String::new, |entry| millis(entry.until));
            let (user, expires_at) = (user(next).to_owned(), millis(next.expires_at));
            arguments.extend([head(next, link), life, self.settled_text()]);
            arguments.extend([tail(next), user, expires_at, told]);
        } else {
            let value = whole(next, link, Timestamp::default());
            arguments.extend([value, life, self.settled_text()]);
        }
        Call::script(&script::REPLACE, vec![names.session(&next.id)], arguments)
    }

    /// Until when the index of its user knows this record.
    fn until(&self, record: &Record) -> Timestamp {
        self.told(record).map_or(Timestamp::default(), |entry| entry.until)
    }

    /// The entry that the index of this record's user was told.
    fn told(&self, record: &Record) -> Option<&Entry> {
        self.told.iter().find(|entry| entry.is_of(record))
    }

    fn settled_text(&self) -> String {
        let text = if self.settled { "settled" } else { "" };
        text.to_owned()
    }

    /// Takes the answer to the last call.
    pub(crate) fn absorb(&mut self, answer: Answer) -> Result<(), RedisError> {
        self.calls += 1;
        if self.calls > MOST_CALLS {
            return Err(RedisError::Contended);
        }
        match self.before.pop() {
            Some(Before::Tell(entry)) => {
                self.neglected.push((entry.clone(), texts(answer?)));
                self.told.push(entry);
            }
            Some(Before::Origin { new, old }) => {
                if points(stored(old, answer)?.as_ref(), new) {
                    self.before.push(Before::Confirm { new, old });
                } else {
                    self.uncounted = true;
                }
            }
            Some(Before::Confirm { .. }) => drop(answer?),
            None => self.main = self.after(answer?)?,
        }
        Ok(())
    }

    fn after(&mut self, answer: Value) -> Result<Main, RedisError> {
        let stale = |current: Option<Stored>| Outcome::Stale(current.map(|stored| stored.record));
        match (&self.main, self.operation) {
            (Main::Withdraw(outcome), _) => return Ok(Main::Done(outcome.clone())),
            (Main::Confirm, _) => return Ok(Main::Done(Outcome::Applied)),
            _ => {}
        }
        let id = *self.operation.id();
        let outcome = match Reply::read(id, answer)? {
            Reply::Applied => match (&self.main, self.operation) {
                (Main::Write, Operation::Renew { .. }) if self.reach == Reach::Cluster => {
                    return Ok(Main::Commit);
                }
                (Main::Commit, _) => return Ok(Main::Confirm),
                _ => Outcome::Applied,
            },
            Reply::Nothing => stale(None),
            Reply::Stale(stored) => stale(Some(stored)),
            Reply::Removed(stored) => Outcome::Removed(stored.record),
            Reply::Foreign if matches!(self.operation, Operation::Delete(_)) => {
                Outcome::Removed(value::unreadable(id).record)
            }
            Reply::Foreign => stale(Some(value::unreadable(id))),
            Reply::Index(stored) => {
                self.before.extend(self.entry(stored.record).map(Before::Tell));
                return Ok(self.main.clone());
            }
            Reply::Prepared(Stored { link: Link::From(old), .. }) if !self.uncounted => {
                self.before.push(Before::Origin { new: id, old });
                return Ok(self.main.clone());
            }
            Reply::Prepared(_) => stale(None),
            Reply::Pointer(stored) => {
                self.settled = true;
                if let Link::To(new) = stored.link {
                    self.before.push(Before::Confirm { new, old: id });
                }
                return Ok(self.main.clone());
            }
        };
        Ok(match self.main {
            Main::Commit => Main::Withdraw(outcome),
            _ => Main::Done(outcome),
        })
    }

    /// The entry that the record needs as it will be after this operation.
    fn entry(&self, present: Record) -> Option<Entry> {
        match self.operation {
            Operation::Replace { next, .. } => Entry::of(next),
            Operation::Renew { moved, .. } => Entry::of(moved),
            Operation::Touch { active_at, expires_at, .. } => {
                Entry::of(&Record { active_at: *active_at, expires_at: *expires_at, ..present })
            }
            Operation::Create(_) | Operation::Delete(_) => None,
        }
    }
}

/// Confirms a prepared record.
pub(crate) fn confirm(names: &Names, new: &Id, old: &Id) -> Call {
    Call::script(&script::CONFIRM, vec![names.session(new)], vec![Link::From(*old).text()])
}

/// Tells whether what is under the old id points to the new one, so that the renewal has happened.
pub(crate) fn points(old: Option<&Stored>, new: Id) -> bool {
    old.is_some_and(|old| old.link == Link::To(new))
}

fn life_of(record: &Record) -> i64 {
    life(record.active_at, record.expires_at)
}

fn version_text(version: Version) -> String {
    format!("{:x}", version.get())
}

pub(crate) fn texts(answer: Value) -> Vec<String> {
    let Value::Array(parts) = answer else { return Vec::new() };
    let text = |part| match part {
        Value::BulkString(text) => String::from_utf8(text).ok(),
        Value::SimpleString(text) => Some(text),
        _ => None,
    };
    parts.into_iter().filter_map(text).collect()
}

#[cfg(test)]
mod tests;
