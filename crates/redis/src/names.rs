//! The names of keys.

use cloakroom_core::{Id, UserId};

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

    /// Returns the key of a user's index. No id begins with these letters.
    pub(crate) fn user(&self, user: &UserId) -> String {
        format!("{}user:{user}", self.prefix)
    }
}
