//! Who is signed in. Which user that is the session knows by itself; what pages show of them without asking the database
//! stands under [`SIGNED_IN`].

use axum::{extract::FromRequestParts, http::request::Parts};
use cloakroom::{Key, LoadUser, UserId, axum::CurrentUser};
use serde::{Deserialize, Serialize};

use crate::{
    error::Error,
    moment::Moment,
    state::Shop,
    users::{self, User, Users},
};

/// What pages show of who is signed in. Absent while nobody is.
pub const SIGNED_IN: Key<SignedIn> = Key::new("signed_in");

/// A signed-in visitor, as pages show them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignedIn {
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
    pub fn now(name: String, remembered: bool) -> Self {
        Self { name, since: Moment::now(), remembered }
    }
}

/// A handler that takes [`Member`] gets the user from the database: once a request, and a session that was signed in with
/// another password than the present one is over.
impl LoadUser for User {
    type Source = Users;
    type Error = Error;

    async fn load(users: &Users, id: &UserId) -> Result<Option<Self>, Error> {
        match id.as_str().parse() {
            Ok(number) => users.find(users::UserId(number)).await,
            Err(_) => Ok(None),
        }
    }

    fn auth_hash(&self) -> Option<&[u8]> {
        Some(self.password.as_str().as_bytes())
    }
}

/// The user who is signed in. Others are sent to sign in; mostly by the guard round the routes already.
#[derive(Debug, Clone)]
pub struct Member(pub User);

impl FromRequestParts<Shop> for Member {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, shop: &Shop) -> Result<Self, Error> {
        let CurrentUser(user) =
            <CurrentUser<User> as FromRequestParts<Shop>>::from_request_parts(parts, shop).await?;
        Ok(Self(user))
    }
}
