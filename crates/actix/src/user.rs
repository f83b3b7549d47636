//! Extractors of who is signed in.

use std::any::type_name;
use std::fmt;
use std::rc::Rc;
use std::sync::Arc;

use actix_web::dev::Payload;
use actix_web::http::StatusCode;
use actix_web::{FromRequest, HttpMessage as _, HttpRequest, HttpResponse, ResponseError, web};
use cloakroom_core::{
    Answer, LoadUser, Timestamp, UserId, load_user, misconfigured, not_signed_in, user_not_loaded,
};
use futures_util::future::LocalBoxFuture;
use futures_util::lock::Mutex;

use crate::failure::Failure;
use crate::{Session, SessionRejection, border};

/// Who is signed in, and since when. For handlers that need no more than the id; see [`CurrentUser`].
///
/// # Rejections
///
/// 401 if nobody is; and those of [`Session`]. `Option<SignedIn>` is `None` if nobody is; see the
/// [crate's documentation](crate#option-and-result).
///
/// ```
/// use cloakroom_actix::SignedIn;
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
/// it, and kept for the others. [`LoadUser::Source`] comes from the application's data: `web::Data` of it, or itself.
///
/// Where the user is gone, or has changed their password since (see [`LoadUser::auth_hash`]), the session ends and nobody
/// is signed in.
///
/// # Rejections
///
/// 401 if nobody is signed in; 500 if the user cannot be loaded, or their source is not in the application's data; and those of
/// [`Session`]. `Option<CurrentUser<T>>` is `None` if nobody is signed in; see the
/// [crate's documentation](crate#option-and-result). To send them to a sign-in page instead, put a
/// [`require_user`](crate::require_user) round the routes.
///
/// ```
/// use actix_web::{App, web};
/// use cloakroom_actix::CurrentUser;
/// use cloakroom_core::{LoadUser, UserId};
///
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
/// let app = App::new()
///     .app_data(web::Data::new(Users))
///     .route("/account", web::get().to(account))
///     .route("/", web::get().to(front));
/// # drop(app);
/// ```
#[derive(Clone, Debug)]
pub struct CurrentUser<T>(pub T);

/// Who was loaded in this request. actix-web runs the extractors of a handler at once, so all but the first wait.
struct Kept<T>(Rc<Mutex<Option<Found<T>>>>);

#[derive(Clone)]
struct Found<T> {
    /// For whom; another one may have signed in since, in an extractor before.
    id: Option<UserId>,
    user: Option<T>,
}

/// Why nobody could be extracted.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum UserRejection {
    /// The session could not be extracted.
    Session(SessionRejection),
    /// Nobody is signed in.
    NotSignedIn,
    /// [`LoadUser::load`] failed.
    Load(Arc<dyn std::error::Error + Send + Sync>),
    /// [`LoadUser::Source`], with this name, is not in the application's data.
    NoSource(&'static str),
}

impl FromRequest for SignedIn {
    type Error = UserRejection;
    type Future = LocalBoxFuture<'static, Result<Self, UserRejection>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let session = Session::extract(request);
        Box::pin(async move {
            let session = session.await?;
            let signed_in = session.user().zip(session.signed_in_at());
            signed_in.map(|(user, at)| Self { user, at }).ok_or(UserRejection::NotSignedIn)
        })
    }
}

impl<T: LoadUser<Source: 'static>> FromRequest for CurrentUser<T> {
    type Error = UserRejection;
    type Future = LocalBoxFuture<'static, Result<Self, UserRejection>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let (request, session) = (request.clone(), Session::extract(request));
        Box::pin(async move {
            let session = session.await?;
            let user = find(&request, &session).await;
            let user = user.map_err(|rejection| Failure::note(&request, rejection))?;
            user.map(Self).ok_or(UserRejection::NotSignedIn)
        })
    }
}

async fn find<T: LoadUser<Source: 'static>>(
    request: &HttpRequest,
    session: &Session,
) -> Result<Option<T>, UserRejection> {
    let kept = kept::<T>(request);
    let mut kept = kept.lock().await;
    let id = session.user();
    if let Some(found) = kept.as_ref().filter(|found| found.id == id) {
        return Ok(found.user.clone());
    }
    let source = match request.app_data::<web::Data<T::Source>>() {
        Some(data) => data,
        None => request
            .app_data::<T::Source>()
            .ok_or(UserRejection::NoSource(type_name::<T::Source>()))?,
    };
    let user = load_user::<T>(session, source).await;
    let user = user.map_err(|error| UserRejection::Load(Arc::from(error.into())))?;
    // A session that has just ended has no user, and then nobody has to be loaded to know it.
    *kept = Some(Found { id, user: user.clone() });
    Ok(user)
}

fn kept<T: 'static>(request: &HttpRequest) -> Rc<Mutex<Option<Found<T>>>> {
    let mut extensions = request.extensions_mut();
    if let Some(Kept(kept)) = extensions.get::<Kept<T>>() {
        return kept.clone();
    }
    let kept = Rc::default();
    extensions.insert(Kept(Rc::clone(&kept)));
    kept
}

impl UserRejection {
    pub(crate) fn answer(&self) -> Answer {
        match self {
            Self::Session(rejection) => rejection.answer(),
            Self::NotSignedIn => not_signed_in(),
            Self::Load(error) => user_not_loaded(&**error),
            Self::NoSource(_) => misconfigured(&self.to_string()),
        }
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
            Self::NoSource(name) => write!(
                f,
                "users are loaded from `{name}`, which is not in the application's data: add \
                 `.app_data(web::Data::new(…))` with one"
            ),
        }
    }
}

impl std::error::Error for UserRejection {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Session(rejection) => rejection.source(),
            Self::NotSignedIn | Self::NoSource(_) => None,
            Self::Load(error) => Some(&**error),
        }
    }
}

impl ResponseError for UserRejection {
    fn status_code(&self) -> StatusCode {
        match self {
            Self::Session(rejection) => rejection.status_code(),
            Self::NotSignedIn => StatusCode::UNAUTHORIZED,
            Self::Load(_) | Self::NoSource(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    fn error_response(&self) -> HttpResponse {
        border::answer(self.answer())
    }
}
