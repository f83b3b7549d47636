//! The cookie as a cache: a short-lived sealed copy of a session that is kept in a store.

use std::time::Duration;

use super::envelope;
use super::parts::LONGEST_LINE;
use super::seal::{Protection, Seal};
use crate::arrival::Arrival;
use crate::cookie::CookieWriter;
use crate::{Id, Record, Secret, Timestamp};

/// What follows the cookie's name in the name of the copy's.
const SUFFIX: &str = ".copy";

/// A sealed copy of the session beside its token, for [`SessionsBuilder::cookie_cache`](crate::SessionsBuilder::cookie_cache).
///
/// Within its life the session is read from the copy, without a store call. Whatever writes goes to the store, and a
/// write that was made on an old copy is made again on the present session, so no update is lost. The price is the
/// age of what is read: for so long after a change, a sign-out or a revocation *elsewhere*, requests may still see the
/// session as it was. The copy is worth nothing without the token that it was made for.
///
/// A session that does not fit into a cookie has no copy and is read from the store.
#[derive(Clone, Copy, Debug)]
#[must_use]
pub struct CookieCache {
    protection: Protection,
    life: Duration,
}

impl CookieCache {
    /// Signs the copy: its owner can read it.
    pub fn signed(life: Duration) -> Self {
        Self { protection: Protection::Signed, life }
    }

    /// Encrypts the copy: nobody can read it.
    pub fn encrypted(life: Duration) -> Self {
        Self { protection: Protection::Encrypted, life }
    }

    pub(crate) fn life(self) -> Duration {
        self.life
    }
}

/// A cache with its keys.
#[derive(Debug)]
pub(crate) struct Copy {
    seal: Seal,
    name: String,
    life: Duration,
    room: usize,
}

impl Copy {
    pub(crate) fn new(cache: CookieCache, secrets: &[Secret], cookie: &CookieWriter) -> Self {
        let CookieCache { protection, life } = cache;
        Self {
            seal: Seal::derive(secrets, protection, "copy", cookie.name()),
            name: format!("{}{SUFFIX}", cookie.name()),
            life,
            room: LONGEST_LINE.saturating_sub(cookie.overhead() + SUFFIX.len()),
        }
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    pub(crate) fn life(&self) -> Duration {
        self.life
    }

    /// Returns the copy that the request carries, if it is fresh and of the session `id`.
    pub(crate) fn read(&self, arrival: &Arrival, id: Id, now: Timestamp) -> Option<Record> {
        let opened = arrival.values(&self.name).filter_map(|sealed| self.seal.open(sealed));
        let envelopes = opened.filter_map(|opened| envelope::read(opened.text()));
        let mut fresh =
            envelopes.filter(|envelope| envelope.until.is_some_and(|until| now < until));
        Some(fresh.find(|envelope| envelope.record.id == id)?.record)
    }

    /// Seals a copy; `None` if it does not fit.
    pub(crate) fn write(&self, record: &Record, now: Timestamp) -> Option<String> {
        let text = envelope::write(record, Some(now.plus(self.life)));
        if self.seal.sealed_len(text.len()) > self.room {
            tracing::debug!(target: "cloakroom::copy", session = %record.id, "too large for a copy in a cookie");
            return None;
        }
        self.seal.seal(&text).ok()
    }
}
