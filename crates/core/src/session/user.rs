//! Who is signed in.

use super::Session;
use crate::sign_in::SignIn;
use crate::{Error, InvalidUserId, Timestamp, UserId};

/// Sign-in and sign-out.
impl Session {
    /// Signs a user in when the response goes out: the session gets a new id and the browser a new token, so that nobody
    /// who knew the old one is signed in too (session fixation; ASVS 7.2.4). What the visitor did before, such as a
    /// cart, stays. The absolute timeout counts from now.
    ///
    /// Who is signed in already and signs in as somebody else starts clean: the session of the other ends, and what it
    /// held is gone.
    ///
    /// ```
    /// # use cloakroom_core::{Error, Session};
    /// fn signed_in(session: &Session, user_id: i64) -> Result<(), Error> {
    ///     session.sign_in(user_id)?;
    ///     session.flash("success", "Welcome back")
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Value`](crate::ErrorKind::Value) if `user` is no [`UserId`], and those of
    /// [`renew`](Self::renew).
    pub fn sign_in(
        &self,
        user: impl TryInto<UserId, Error: Into<InvalidUserId>>,
    ) -> Result<(), Error> {
        let user = user.try_into().map_err(|error| Error::user(error.into()))?;
        let client = self.0.arrival.client();
        self.0.lock().sign_in(SignIn { user, client })
    }

    /// Signs out: another name for [`destroy`](Self::destroy).
    ///
    /// # Errors
    ///
    /// As [`destroy`](Self::destroy).
    pub fn sign_out(&self) -> Result<(), Error> {
        self.destroy()
    }

    /// Returns who is signed in.
    #[must_use]
    pub fn user(&self) -> Option<UserId> {
        self.0.lock().user().cloned()
    }

    /// Tells whether somebody is signed in.
    #[must_use]
    pub fn is_signed_in(&self) -> bool {
        self.0.lock().user().is_some()
    }

    /// Returns when the user last signed in, in this session; `None` if nobody has. Ask for the password again before
    /// something grave if that is long ago.
    #[must_use]
    pub fn signed_in_at(&self) -> Option<Timestamp> {
        let now = self.0.sessions().clock.now();
        let state = self.0.lock();
        if state.sign_in.is_some() {
            return Some(now);
        }
        Some(state.record()?.payload.extras().signed_in.as_ref()?.at)
    }
}
