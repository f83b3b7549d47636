//! Who is signed in: kept in the session under [`SIGNED_IN`], and asked for by handlers as an argument.

use axum::{
    extract::FromRequestParts,
    http::{Method, request::Parts},
};
use cloakroom::{Key, axum::Session};
use serde::{Deserialize, Serialize};

use crate::{error::Error, flash, local_path::LocalPath, moment::Moment, users::UserId};

/// Who is signed in. Absent while nobody is.
pub const SIGNED_IN: Key<SignedIn> = Key::new("signed_in");

/// Where the visitor wanted to go when we asked them to sign in.
pub const RETURN_TO: Key<LocalPath> = Key::new("return_to");

/// A signed-in visitor.
///
/// As an argument of a handler it lets in only those who are signed in; others are sent to sign in,
/// and come back afterwards.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignedIn {
    /// Which user.
    pub user: UserId,
    /// What we call them, so that no page asks the database for it.
    pub name: String,
    /// Since when.
    pub since: Moment,
    /// Whether they asked to be remembered.
    pub remembered: bool,
}

impl SignedIn {
    /// Returns a visitor who signs in at this moment.
    #[must_use]
    pub fn now(user: UserId, name: String, remembered: bool) -> Self {
        Self { user, name, since: Moment::now(), remembered }
    }
}

impl<S: Send + Sync> FromRequestParts<S> for SignedIn {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Error> {
        let session = Session::from_request_parts(parts, state).await?;
        if let Some(visitor) = session.get(SIGNED_IN)? {
            return Ok(visitor);
        }
        if parts.method == Method::GET {
            session.set(RETURN_TO, &LocalPath::of(&parts.uri))?;
        }
        session.flash(flash::NOTICE, "Please sign in first.")?;
        Err(Error::SignedOut)
    }
}
