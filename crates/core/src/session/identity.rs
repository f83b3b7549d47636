//! Who the session is, how long it lives, its renewal and its end.

use std::time::Duration;

use super::Session;
use crate::change::Change;
use crate::{Error, Id, Lifetime, Timestamp};

const SECOND: Duration = Duration::from_secs(1);

/// Identity and lifetime.
impl Session {
    /// Returns what stores, logs and device lists call this session; `None` until it is first saved. Not a
    /// secret: the token in the cookie cannot be computed from it.
    #[must_use]
    pub fn id(&self) -> Option<Id> {
        self.0.lock().record().map(|record| record.id)
    }

    /// Tells whether the visitor came without a live session.
    #[must_use]
    pub fn is_new(&self) -> bool {
        self.0.lock().record().is_none()
    }

    /// Gives the session a new id and the browser a new token when the response goes out; the data stays, and the
    /// old token is dead at once. Call it whenever rights change (OWASP, ASVS 7.2.4); [`sign_in`](Self::sign_in) does so
    /// by itself.
    ///
    /// One atomic step of the store: either the old id or the new one is valid, never neither, never both. What
    /// requests with the old token that are still running change after it is dropped, as after a sign-out.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Closed`](crate::ErrorKind::Closed) once the response has gone, and for a
    /// [`detach`](Self::detach)ed session, which has no response to carry the new token.
    pub fn renew(&self) -> Result<(), Error> {
        self.0.lock().renew()
    }

    /// Ends the session when the response goes out, also if that is an error: the record is deleted, the cookie
    /// removed, and no request that is under way can bring it back. What is set after this, such as a flash,
    /// starts another session under a new id.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Closed`](crate::ErrorKind::Closed) once the response has gone.
    pub fn destroy(&self) -> Result<(), Error> {
        let mut state = self.0.lock();
        state.check_open()?;
        state.destroy();
        Ok(())
    }

    /// Returns when the session began; now, for a new one.
    #[must_use]
    pub fn created_at(&self) -> Timestamp {
        let now = self.0.sessions().clock.now();
        self.0.lock().record().map_or(now, |record| record.created_at)
    }

    /// Returns when the session was last active before this request. Sliding is throttled, so this may be early by
    /// a tenth of the idle timeout.
    #[must_use]
    pub fn last_active_at(&self) -> Timestamp {
        let now = self.0.sessions().clock.now();
        self.0.lock().record().map_or(now, |record| record.active_at)
    }

    /// Returns when the session ends if nothing happens after this request.
    #[must_use]
    pub fn expires_at(&self) -> Timestamp {
        let sessions = self.0.sessions();
        let (now, state) = (sessions.clock.now(), self.0.lock());
        let created = state.record().map_or(now, |record| record.created_at);
        sessions.settings.limits.deadline(created, now, state.draft.extras.lifetime)
    }

    /// Gives this session limits of its own, kept in its record: "remember me". Both count from where the
    /// application's count: idle from the last activity, absolute from the beginning of the session.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Value`](crate::ErrorKind::Value) for a limit of less than a second,
    /// [`ErrorKind::Closed`](crate::ErrorKind::Closed) once the response has gone.
    pub fn set_lifetime(&self, lifetime: Lifetime) -> Result<(), Error> {
        let too_short = |limit: Option<Duration>| limit.is_some_and(|limit| limit < SECOND);
        for (name, limit) in [("idle", lifetime.idle), ("absolute", lifetime.absolute)] {
            if too_short(limit) {
                return Err(Error::too_short(name));
            }
        }
        self.0.lock().change(Change::Lifetime(lifetime))
    }
}
