//! What a test and its applications share behind the visitors' backs.

use std::collections::HashMap;
use std::convert::Infallible;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use cloakroom::{LoadUser, Session, UserId};

use crate::support::Gates;

/// Clones share everything.
#[derive(Clone, Default)]
pub(crate) struct Backstage {
    pub(crate) gates: Gates,
    pub(crate) users: Users,
    kept: Arc<Mutex<Option<Session>>>,
}

/// The application's own users.
#[derive(Clone, Default)]
pub(crate) struct Users {
    /// Hashes of passwords by id.
    passwords: Arc<Mutex<HashMap<String, String>>>,
    loads: Arc<AtomicUsize>,
}

/// One of them.
#[derive(Clone)]
pub(crate) struct User {
    pub(crate) name: String,
    password: String,
}

impl Backstage {
    /// Keeps a session beyond its request.
    pub(crate) fn keep(&self, session: Session) {
        *self.kept.lock().unwrap() = Some(session);
    }

    /// Returns the session that was kept.
    pub(crate) fn kept(&self) -> Session {
        self.kept.lock().unwrap().take().expect("a request kept its session")
    }
}

impl Users {
    /// Sets a user's password.
    pub(crate) fn set(&self, user: &str, password: &str) {
        self.passwords.lock().unwrap().insert(user.to_owned(), password.to_owned());
    }

    /// Removes a user.
    pub(crate) fn remove(&self, user: &str) {
        self.passwords.lock().unwrap().remove(user);
    }

    /// Returns a user's password, if there is such a user.
    pub(crate) fn password(&self, user: &str) -> Option<String> {
        self.passwords.lock().unwrap().get(user).cloned()
    }

    /// Returns how often a user was loaded.
    pub(crate) fn loads(&self) -> usize {
        self.loads.load(Ordering::SeqCst)
    }
}

impl LoadUser for User {
    type Source = Users;
    type Error = Infallible;

    async fn load(users: &Users, id: &UserId) -> Result<Option<Self>, Infallible> {
        users.loads.fetch_add(1, Ordering::SeqCst);
        let password = users.password(id.as_str());
        Ok(password.map(|password| Self { name: id.to_string(), password }))
    }

    fn auth_hash(&self) -> Option<&[u8]> {
        Some(self.password.as_bytes())
    }
}
