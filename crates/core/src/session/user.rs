//! Who is signed in.

use super::Session;
use crate::change::Change;
use crate::sessions::OnTooMany;
use crate::sign_in::{AuthHash, SignIn, SignInOptions};
use crate::token::Signer;
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
        self.sign_in_with(user, SignInOptions::new())
    }

    /// Like [`sign_in`](Self::sign_in), with [`SignInOptions`]: an authentication hash, so that a changed password voids
    /// the user's other sessions, or the data of another user kept.
    ///
    /// # Errors
    ///
    /// As [`sign_in`](Self::sign_in).
    pub fn sign_in_with(
        &self,
        user: impl TryInto<UserId, Error: Into<InvalidUserId>>,
        options: SignInOptions,
    ) -> Result<(), Error> {
        let user = user.try_into().map_err(|error| Error::user(error.into()))?;
        let limit = self.0.sessions().settings.session_limit;
        if limit.is_some_and(|limit| limit.on_too_many == OnTooMany::Refuse) {
            return Err(Error::sign_in_must_wait());
        }
        self.enter(user, options)
    }

    /// Tells whether the user who is signed in signed in with this: [`SignInOptions::auth_hash`] then, `material` now. Not
    /// if nobody is signed in, or without such a hash. Where it does not match, [`sign_out`](Self::sign_out).
    ///
    /// A hash that a retiring secret made is made again with the first one, and saved with the response.
    pub fn auth_hash_matches(&self, material: impl AsRef<[u8]>) -> bool {
        let keys = &self.0.sessions().auth;
        let mut state = self.0.lock();
        let Some(user) = state.user().cloned() else { return false };
        let Some(auth) = state.auth() else { return false };
        match auth.verify(keys, &user, material.as_ref()) {
            Some(Signer::Current) => true,
            Some(Signer::Retiring) => {
                let again = AuthHash::new(keys, &user, material.as_ref());
                // If the session takes no change any more, the next request does it.
                let _ = state.change(Change::Auth(again));
                true
            }
            None => false,
        }
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

    /// Signs `user` in, whatever the limit.
    pub(super) fn enter(&self, user: UserId, options: SignInOptions) -> Result<(), Error> {
        let keys = &self.0.sessions().auth;
        let auth = options.material.map(|material| AuthHash::new(keys, &user, &material));
        let client = self.0.arrival.client();
        self.0.lock().sign_in(SignIn { user, client, auth }, options.keep_data)
    }
}
