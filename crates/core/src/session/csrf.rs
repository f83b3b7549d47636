//! CSRF tokens of a session.

use super::Session;
use crate::{Error, csrf};

/// Protection of forms.
impl Session {
    /// Returns a CSRF token for a form's hidden field `csrf_token`, or for the header `X-CSRF-Token`; 43 characters of
    /// base64url. Another one each time, all good at once, none of them kept anywhere.
    ///
    /// It is good for as long as the session, and not after the next [`sign_in`](Self::sign_in), [`renew`](Self::renew) or
    /// end; a periodic renewal it outlives once, so that a page that was open then still works. Where this very request
    /// renews the session, ask for the token after that. A visitor without a session gets one, and a cookie with the
    /// response: a token is worth nothing without something that it belongs to.
    ///
    /// ```
    /// # use cloakroom_core::{Error, Session};
    /// fn form(session: &Session) -> Result<String, Error> {
    ///     let token = session.csrf_token()?;
    ///     Ok(format!(r#"<form method="post"><input type="hidden" name="csrf_token" value="{token}">…</form>"#))
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Random`](crate::ErrorKind::Random) without randomness. Where a session must begin or renew for it, those
    /// of [`renew`](Self::renew).
    pub fn csrf_token(&self) -> Result<String, Error> {
        let sessions = self.0.sessions();
        let id = self.0.lock().csrf_subject(&sessions.keys)?;
        csrf::make(&sessions.csrf, id)
    }

    /// Tells whether this is a token that [`csrf_token`](Self::csrf_token) gave for this session. Compares in constant time;
    /// never for a visitor without a session. What the layer does by itself, for what it cannot see, such as the first
    /// message of a WebSocket.
    #[must_use]
    pub fn verify_csrf(&self, token: &str) -> bool {
        let keys = &self.0.sessions().csrf;
        let subjects = self.0.lock().csrf_subjects();
        csrf::verify(keys, subjects.into_iter().flatten(), token)
    }
}
