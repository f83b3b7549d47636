//! Listing a user's records, and keeping the index small.

use std::cmp::Reverse;
use std::collections::HashSet;

use cloakroom_core::{Id, Payload, Record, UserId};

use crate::RedisError;
use crate::index::{self, Entry, State};
use crate::link::Repeat;
use crate::store::Inner;
use crate::value::{Link, Stored};
use crate::writing::texts;

/// Least number of records that a listing loads at once.
const LEAST_PAGE: usize = 16;

/// Most of them.
const LARGEST_PAGE: usize = 256;

/// How often a session may move while it is listed.
const MOST_MOVES: u32 = 16;

impl Inner {
    /// Removes those of a user's entries that have no record. What cannot be done now is done another time.
    pub(crate) async fn look_after(&self, entry: &Entry, members: Vec<String>) {
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

    pub(crate) async fn of_user(
        &self,
        user: &UserId,
        limit: usize,
    ) -> Result<Vec<Record>, RedisError> {
        let members = texts(self.link.one(&index::list(&self.names, user), Repeat::Once).await?);
        let mut entries: Vec<_> = members
            .into_iter()
            .filter_map(|member| index::parse(&member).map(|(at, id)| (at, id, member)))
            .collect();
        entries.sort_by_key(|&(created_at, id, _)| (Reverse(created_at), id));
        let (mut met, mut dead) = (Met::default(), Vec::new());
        for page in entries.chunks(limit.clamp(LEAST_PAGE, LARGEST_PAGE)) {
            let ids: Vec<_> = page.iter().map(|&(_, id, _)| id).collect();
            let mut moved = Vec::new();
            for ((_, _, member), stored) in page.iter().zip(self.stored_many(&ids).await?) {
                let Some(stored) = stored else {
                    dead.push((State::Dead, member.clone()));
                    continue;
                };
                if !may_be_of(&stored.record, user) {
                    dead.push((State::Dead, member.clone()));
                }
                moved.extend(met.take(user, stored));
            }
            // A session may have moved since the entries were read.
            for _ in 0..MOST_MOVES {
                moved.retain(|id| !met.ids.contains(id));
                if moved.is_empty() {
                    break;
                }
                let stored = self.stored_many(&moved).await?;
                moved = stored.into_iter().flatten().filter_map(|it| met.take(user, it)).collect();
            }
            if met.found.len() >= limit {
                break;
            }
        }
        if !dead.is_empty() {
            // The answer is right without it.
            let tidy = index::tidy(&self.names, user, self.safe_age, &dead);
            let _ = self.link.one(&tidy, Repeat::Never).await;
        }
        let mut found = met.found;
        found.sort_by_key(|record| Reverse(record.created_at));
        found.truncate(limit);
        Ok(found)
    }
}

/// What a listing has come across.
#[derive(Default)]
struct Met {
    /// Of records that were there, whosever they are.
    ids: HashSet<Id>,
    /// The user's, each once.
    found: Vec<Record>,
}

impl Met {
    /// Takes a record; returns where its session has moved.
    fn take(&mut self, user: &UserId, stored: Stored) -> Option<Id> {
        let Stored { record, link } = stored;
        if self.ids.insert(record.id) && record.user.as_ref() == Some(user) {
            self.found.push(record);
        }
        match link {
            Link::To(id) => Some(id),
            Link::None | Link::From(_) => None,
        }
    }
}

/// Tells whether a record is the user's, or cannot be read, so that nobody knows.
fn may_be_of(record: &Record, user: &UserId) -> bool {
    record.user.as_ref() == Some(user) || record.payload == Payload::unreadable()
}

#[cfg(test)]
mod tests;
