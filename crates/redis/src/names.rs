//! The names of keys.

use std::fmt::Write as _;

use cloakroom_core::{Id, UserId};
use redis::Cmd;

/// How keys are called: `<prefix><id>` holds a session, `<prefix>user:<user>` finds a user's.
#[derive(Clone, Debug)]
pub(crate) struct Names {
    prefix: String,
}

impl Names {
    pub(crate) fn new(prefix: String) -> Self {
        Self { prefix }
    }

    pub(crate) fn session(&self, id: &Id) -> String {
        format!("{}{id}", self.prefix)
    }

    /// Returns the channel on which the ids of ended sessions are published; the scripts know it too.
    pub(crate) fn channel(&self) -> String {
        format!("{}ended", self.prefix)
    }

    /// Returns the pattern that keys of this store match.
    pub(crate) fn pattern(&self) -> String {
        let mut pattern = String::with_capacity(self.prefix.len() + 1);
        for letter in self.prefix.chars() {
            // What means something in a pattern stands for itself in a prefix.
            if matches!(letter, '*' | '?' | '[' | ']' | '^' | '-' | '\\') {
                pattern.push('\\');
            }
            pattern.push(letter);
        }
        pattern + "*"
    }

    /// Returns the id of a session's key; `None` for the keys of indexes, and of others.
    pub(crate) fn id(&self, key: &str) -> Option<Id> {
        let id: Id = key.strip_prefix(&self.prefix)?.parse().ok()?;
        // An id can be written in several ways, and only one is a key.
        (self.session(&id) == key).then_some(id)
    }

    /// Returns the command that reads several sessions at once.
    pub(crate) fn get_all(&self, ids: &[Id]) -> Cmd {
        let mut cmd = Cmd::with_capacity(ids.len() + 1, 8 + ids.len() * (self.prefix.len() + 36));
        cmd.arg("MGET");
        let mut key = self.prefix.clone();
        for id in ids {
            key.truncate(self.prefix.len());
            write!(key, "{id}").expect("a text takes whatever is written");
            cmd.arg(&key);
        }
        cmd
    }

    /// Returns the key of a user's index. No id begins with these letters.
    pub(crate) fn user(&self, user: &UserId) -> String {
        format!("{}user:{user}", self.prefix)
    }
}
