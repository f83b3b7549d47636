//! Extractors of who is signed in.

use std::fmt;

use axum_core::extract::{FromRef, FromRequestParts, OptionalFromRequestParts};
use axum_core::response::{IntoResponse, Response};
use cloakroom_core::{LoadUser, Timestamp, UserId, load_user, not_signed_in, user_not_loaded};
use http::request::Parts;

use crate::{Session, SessionRejection};

/// Who is signed in, and since when. For handlers that need no more than the id; see [`CurrentUser`].
///
/// # Rejections
///
/// 401 if nobody is; and those of [`Session`]. `Option<SignedIn>` is `None` if nobody is.
///
/// ```
/// use cloakroom_axum::SignedIn;
///
/// async fn orders(SignedIn { user, .. }: SignedIn) -> String {
///     format!("the orders of {user}")
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedIn {
    /// The user.
    pub user: UserId,
    /// When they signed in, in this session.
    pub at: Timestamp,
}

/// The application's own user who is signed in, by its [`LoadUser`]. Loaded when the first extractor of a request asks for
/// it, and kept for the others. [`LoadUser::Source`] comes from the router's state, by [`FromRef`].
///
/// Where the user is gone, or has changed their password since (see [`LoadUser::auth_hash`]), the session ends and nobody
/// is signed in.
///
/// # Rejections
///
/// 401 if nobody is signed in; 500 if the user cannot be loaded; and those of [`Session`]. `Option<CurrentUser<T>>` is `None`
/// if nobody is signed in. To send them to a sign-in page instead, put a [`require_user`](crate::require_user) round the
/// routes.
///
/// ```
/// use axum::{Router, routing::get};
/// use cloakroom_axum::CurrentUser;
/// use cloakroom_core::{LoadUser, UserId};
///
/// #[derive(Clone)]
/// struct Users; // mostly a pool of database connections
///
/// #[derive(Clone)]
/// struct User {
///     name: String,
/// }
///
/// impl LoadUser for User {
///     type Source = Users;
///     type Error = std::io::Error;
///
///     async fn load(_: &Users, id: &UserId) -> Result<Option<Self>, Self::Error> {
///         Ok(Some(Self { name: format!("user {id}") }))
///     }
/// }
///
/// async fn account(CurrentUser(user): CurrentUser<User>) -> String {
///     user.name
/// }
///
/// async fn front(user: Option<CurrentUser<User>>) -> String {
///     user.map_or("stranger".to_owned(), |user| user.0.name)
/// }
///
/// let app: Router =
///     Router::new().route("/account", get(account)).route("/", get(front)).with_state(Users);
/// ```
#[derive(Clone, Debug)]
pub struct CurrentUser<T>(pub T);

/// Kept in the request's extensions once somebody asked.
#[derive(Clone)]
struct Kept<T> {
    /// For whom; another one may have signed in since, in an extractor before.
    id: Option<UserId>,
    user: Option<T>,
}

/// Why nobody could be extracted.
#[derive(Debug)]
#[non_exhaustive]
pub enum UserRejection {
    /// The session could not be extracted.
    Session(SessionRejection),
    /// Nobody is signed in.
    NotSignedIn,
    /// [`LoadUser::load`] failed.
    Load(Box<dyn std::error::Error + Send + Sync>),
}

impl<S: Send + Sync> OptionalFromRequestParts<S> for SignedIn {
    type Rejection = UserRejection;

    async fn from_request_parts(
        parts: &mut Parts,
        state: &S,
    ) -> Result<Option<Self>, UserRejection> {
        let session = <Session as FromRequestParts<S>>::from_request_parts(parts, state).await?;
        Ok(session.user().zip(session.signed_in_at()).map(|(user, at)| Self { user, at }))
    }
}

impl<S: Send + Sync> FromRequestParts<S> for SignedIn {
    type Rejection = UserRejection;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, UserRejection> {
        <Self as OptionalFromRequestParts<S>>::from_request_parts(parts, state)
            .await?
            .ok_or(UserRejection::NotSignedIn)
    }
}

impl<S, T> OptionalFromRequestParts<S> for CurrentUser<T>
where
    S: Send + Sync,
    T: LoadUser,
    T::Source: FromRef<S>,
{
    type Rejection = UserRejection;

    async fn from_request_parts(
        parts: &mut Parts,
        state: &S,
    ) -> Result<Option<Self>, UserRejection> {
        let session = <Session as FromRequestParts<S>>::from_request_parts(parts, state).await?;
        let id = session.user();
        if let Some(kept) = parts.extensions.get::<Kept<T>>().filter(|kept| kept.id == id) {
            return Ok(kept.user.clone().map(Self));
        }
        let source = T::Source::from_ref(state);
        let user = load_user::<T>(&session, &source)
            .await
            .map_err(|error| UserRejection::Load(error.into()))?;
        // A session that has just ended has no user, and then nobody has to be loaded to know it.
        parts.extensions.insert(Kept { id, user: user.clone() });
        Ok(user.map(Self))
    }
}

impl<S, T> FromRequestParts<S> for CurrentUser<T>
where
    S: Send + Sync,
    T: LoadUser,
    T::Source: FromRef<S>,
{
    type Rejection = UserRejection;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, UserRejection> {
        <Self as OptionalFromRequestParts<S>>::from_request_parts(parts, state)
            .await?
            .ok_or(UserRejection::NotSignedIn)
    }
}

impl From<SessionRejection> for UserRejection {
    fn from(rejection: SessionRejection) -> Self {
        Self::Session(rejection)
    }
}

impl fmt::Display for UserRejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Session(rejection) => rejection.fmt(f),
            Self::NotSignedIn => f.write_str("nobody is signed in"),
            Self::Load(_) => f.write_str("the user cannot be loaded"),
        }
    }
}

impl std::error::Error for UserRejection {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Session(rejection) => rejection.source(),
            Self::NotSignedIn => None,
            Self::Load(error) => Some(&**error),
        }
    }
}

impl IntoResponse for UserRejection {
    fn into_response(self) -> Response {
        match self {
            Self::Session(rejection) => rejection.into_response(),
            Self::NotSignedIn => not_signed_in().into_response(),
            Self::Load(error) => user_not_loaded(&*error).into_response(),
        }
    }
}
