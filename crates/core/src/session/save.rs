//! Saving before the response, and after it.

use super::{Session, Work};
use crate::Error;
use crate::arrival::Arrival;
use crate::commit::commit;
use crate::place::Place;
use crate::plan::Ending;
use crate::state::{Phase, Standing};

/// What became of [`Session::save`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use = "a session that has ended was not saved"]
pub enum Saved {
    /// All changes are in the store; or there were none, and the store was not asked.
    Done,
    /// The session was ended elsewhere (signed out, revoked, expired); the changes are dropped.
    Ended,
}

/// Work that outlives the response.
impl Session {
    /// Saves now, instead of when the response goes out. A cookie that this calls for still goes out with the
    /// response. For event streams and WebSockets see [`detach`](Self::detach). Where nothing has changed the store
    /// is not asked.
    ///
    /// Await it to its end. A `save` that is dropped half-way, or that the store does not answer, leaves it unknown
    /// what was saved; changes are refused from then on, so that nothing happens twice. And a `save` that is held
    /// without being polled holds up other requests' writes, like a lock's guard: in a `select!` with slow branches,
    /// spawn it.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Unavailable`](crate::ErrorKind::Unavailable) if the store fails,
    /// [`ErrorKind::Closed`](crate::ErrorKind::Closed) once the response has gone.
    pub async fn save(&self) -> Result<Saved, Error> {
        {
            let mut state = self.0.lock();
            state.check_open()?;
            state.phase = Phase::Saving;
        }
        let unsure = Unsure(&self.0);
        let result = commit(&self.0, Ending::Success).await;
        if !result.as_ref().is_err_and(Error::is_unavailable) {
            unsure.resolve();
        }
        result?;
        let ended = matches!(self.0.lock().standing, Standing::Ended);
        Ok(if ended { Saved::Ended } else { Saved::Done })
    }

    /// Begins a second piece of work on the same session, which goes on after the response: for event streams and
    /// WebSockets. It is saved by [`save`](Self::save) alone, as often as needed; the two pieces of work meet
    /// like two requests, and no update is lost.
    ///
    /// ```
    /// # use cloakroom_core::{Error, Saved, Session};
    /// async fn on_message(session: &Session) -> Result<(), Error> {
    ///     session.increment("messages", 1)?;
    ///     if session.save().await? == Saved::Ended {
    ///         // signed out elsewhere: close the socket
    ///     }
    ///     Ok(())
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Closed`](crate::ErrorKind::Closed) if the visitor has no session yet: nothing could carry its
    /// cookie later. Set something and [`save`](Self::save) first. Or if the session travels in the cookie.
    pub fn detach(&self) -> Result<Self, Error> {
        if matches!(self.0.sessions().place, Place::Cookie(_)) {
            return Err(Error::in_cookie());
        }
        let state = self.0.lock().detach()?;
        let session = Self::unloaded(self.0.sessions.clone(), Arrival::default());
        session.0.begin(|| state);
        Ok(session)
    }
}

/// A save under way. Dropped before it is resolved, it leaves open what was saved.
struct Unsure<'a>(&'a Work);

impl Unsure<'_> {
    fn resolve(self) {
        self.leave(Phase::Open);
    }

    /// The response may have gone meanwhile; then the session stays closed.
    fn leave(&self, phase: Phase) {
        let mut state = self.0.lock();
        if state.phase == Phase::Saving {
            state.phase = phase;
        }
    }
}

impl Drop for Unsure<'_> {
    fn drop(&mut self) {
        self.leave(Phase::Unsure);
    }
}
