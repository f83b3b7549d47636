//! A sign-in: who, when, and where from.

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::purpose::{MAC_BYTES, PurposeKeys};
use crate::token::Signer;
use crate::{Timestamp, UserId};

/// Longest description of a browser that is kept, in bytes. Real ones have fewer than 200.
const LONGEST_AGENT: usize = 256;

/// Where a request comes from, as far as it tells.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Client {
    pub(crate) address: Option<IpAddr>,
    pub(crate) user_agent: Option<String>,
}

impl Client {
    pub(crate) fn new(address: Option<IpAddr>, user_agent: Option<&[u8]>) -> Self {
        let user_agent = user_agent.map(|agent| {
            let text = String::from_utf8_lossy(agent);
            let fits = |(place, letter): &(usize, char)| place + letter.len_utf8() <= LONGEST_AGENT;
            text.char_indices().take_while(fits).map(|(_, letter)| letter).collect()
        });
        Self { address: address.map(|address| address.to_canonical()), user_agent }
    }
}

/// More about a sign-in, for [`Session::sign_in_with`](crate::Session::sign_in_with). Nothing of it shows in `Debug`.
///
/// ```
/// # use cloakroom_core::{Error, Session, SignInOptions};
/// fn signed_in(session: &Session, user_id: i64, password_hash: &str) -> Result<(), Error> {
///     session.sign_in_with(user_id, SignInOptions::new().auth_hash(password_hash))
/// }
/// ```
#[derive(Clone, Default)]
pub struct SignInOptions {
    pub(crate) material: Option<Zeroizing<Vec<u8>>>,
    pub(crate) keep_data: bool,
}

impl SignInOptions {
    /// Makes options that ask for nothing: what [`Session::sign_in`](crate::Session::sign_in) does.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Binds the session to what the user signs in with, such as the stored hash of the password: once that is another,
    /// the session is void where it is checked, by [`LoadUser::auth_hash`](crate::LoadUser::auth_hash) or
    /// [`Session::auth_hash_matches`](crate::Session::auth_hash_matches). So a changed password ends the user's other
    /// sessions, in every store and also in cookies. Kept is a keyed hash of it for this user, never it itself.
    #[must_use]
    pub fn auth_hash(mut self, material: impl AsRef<[u8]>) -> Self {
        self.material = Some(Zeroizing::new(material.as_ref().to_vec()));
        self
    }

    /// Keeps the session's data also if somebody else was signed in: for an administrator who signs in as a customer, or
    /// two accounts of one person. Without it the data of one user is never shown to the next.
    #[must_use]
    pub fn keep_data(mut self) -> Self {
        self.keep_data = true;
        self
    }
}

impl fmt::Debug for SignInOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SignInOptions")
            .field("auth_hash", &self.material.as_ref().map(|_| "REDACTED"))
            .field("keep_data", &self.keep_data)
            .finish()
    }
}

/// A keyed hash of what a user signed in with, as a session keeps it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct AuthHash(String);

impl AuthHash {
    pub(crate) fn new(keys: &PurposeKeys, user: &UserId, material: &[u8]) -> Self {
        Self(URL_SAFE_NO_PAD.encode(keys.make(&Self::parts(user, material))))
    }

    /// Tells which key made this of `material`, if one did.
    pub(crate) fn verify(
        &self,
        keys: &PurposeKeys,
        user: &UserId,
        material: &[u8],
    ) -> Option<Signer> {
        let mut claimed = [0; MAC_BYTES];
        let length = URL_SAFE_NO_PAD.decode_slice(&self.0, &mut claimed).ok()?;
        (length == MAC_BYTES).then_some(())?;
        keys.verify(&Self::parts(user, material), &claimed)
    }

    /// A user's id has no control characters, so the zero ends it.
    fn parts<'a>(user: &'a UserId, material: &'a [u8]) -> [&'a [u8]; 3] {
        [user.as_str().as_bytes(), b"\0", material]
    }
}

/// A sign-in that takes effect with the response.
#[derive(Clone, Debug)]
pub(crate) struct SignIn {
    pub(crate) user: UserId,
    pub(crate) client: Client,
    pub(crate) auth: Option<AuthHash>,
}

impl SignIn {
    /// Returns what the session keeps of it.
    pub(crate) fn at(&self, now: Timestamp) -> Arc<SignedIn> {
        let Client { address, user_agent } = self.client.clone();
        Arc::new(SignedIn { at: now, address, agent: user_agent, auth: self.auth.clone() })
    }
}

/// What a session keeps of its last sign-in; a part of its payload.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct SignedIn {
    pub(crate) at: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) address: Option<IpAddr>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) agent: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) auth: Option<AuthHash>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_is_short_and_plain() {
        let agent = "é".repeat(300);
        let client = Client::new("::ffff:192.0.2.1".parse().ok(), Some(agent.as_bytes()));
        assert_eq!(client.address, "192.0.2.1".parse().ok());
        assert_eq!(client.user_agent, Some("é".repeat(128)));
        let opaque = b"a\xffb";
        assert_eq!(Client::new(None, Some(opaque)).user_agent.as_deref(), Some("a\u{fffd}b"));
    }
}
