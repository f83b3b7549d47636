//! The application's own user, loaded by the id that the session holds.

use std::future::Future;

use crate::{Session, UserId};

/// A user of the application, loaded from where it keeps them. Adapters' extractor `CurrentUser<T>` calls it, once a request
/// and only where a handler asks.
///
/// ```
/// use cloakroom_core::{LoadUser, UserId};
/// # use std::collections::HashMap;
/// # use std::sync::Arc;
///
/// #[derive(Clone)]
/// struct User {
///     name: String,
///     password_hash: String,
/// }
///
/// // Mostly a pool of database connections.
/// #[derive(Clone)]
/// struct Users(Arc<HashMap<String, User>>);
///
/// impl LoadUser for User {
///     type Source = Users;
///     type Error = std::convert::Infallible;
///
///     async fn load(users: &Users, id: &UserId) -> Result<Option<Self>, Self::Error> {
///         Ok(users.0.get(id.as_str()).cloned())
///     }
///
///     fn auth_hash(&self) -> Option<&[u8]> {
///         Some(self.password_hash.as_bytes())
///     }
/// }
/// ```
pub trait LoadUser: Clone + Send + Sync + Sized + 'static {
    /// What users are loaded from.
    type Source: Send + Sync;

    /// What can go wrong. Not there is no error.
    type Error: Into<Box<dyn std::error::Error + Send + Sync>> + Send;

    /// Returns the user with this id. `None` if there is none any more, or they may not be here any more: then their
    /// session ends.
    fn load(
        source: &Self::Source,
        id: &UserId,
    ) -> impl Future<Output = Result<Option<Self>, Self::Error>> + Send;

    /// Returns what the user signs in with, such as the stored hash of the password; then a session that signed in with
    /// another one ends, or with none: sign in by [`SignInOptions::auth_hash`](crate::SignInOptions::auth_hash). Default:
    /// `None`, and nothing is compared.
    fn auth_hash(&self) -> Option<&[u8]> {
        None
    }
}

/// Loads the user who is signed in; `None` if nobody is. If they are gone, or their [`LoadUser::auth_hash`] is another by now,
/// the session ends with the response. For adapters, which keep the result for the rest of the request.
///
/// # Errors
///
/// What [`LoadUser::load`] fails with.
pub async fn load_user<T: LoadUser>(
    session: &Session,
    source: &T::Source,
) -> Result<Option<T>, T::Error> {
    let Some(id) = session.user() else { return Ok(None) };
    let user = T::load(source, &id).await?;
    let hash = user.as_ref().and_then(T::auth_hash);
    let current = hash.is_none_or(|hash| session.auth_hash_matches(hash));
    if user.is_some() && current {
        return Ok(user);
    }
    let why = if current { "user gone" } else { "not signed in with the present `auth_hash`" };
    tracing::info!(target: "cloakroom::load", session = ?session.id(), why, "session ends");
    if let Err(error) = session.destroy() {
        let error: &dyn std::error::Error = &error;
        tracing::warn!(target: "cloakroom::load", error, "session not ended");
    }
    Ok(None)
}
