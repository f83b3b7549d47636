//! What can go wrong while answering, and what the visitor gets to see of it.

use askama::Template;
use axum::{
    http::StatusCode,
    response::{Html, IntoResponse, Redirect, Response},
};
use cloakroom::axum::{SessionRejection, UserRejection};
use tokio::task::JoinError;

use crate::assets;

/// A request that could not be answered as asked.
#[derive(Debug)]
#[non_exhaustive]
pub enum Error {
    /// The database failed.
    Database(rusqlite::Error),
    /// There is no such page or product.
    NotFound,
    /// A password could not be hashed, or a stored hash is not one.
    Password(argon2::password_hash::Error),
    /// The session could not be read or changed.
    Session(cloakroom::Error),
    /// The session could not be loaded.
    SessionNotLoaded(SessionRejection),
    /// The page is for visitors who are signed in.
    SignedOut,
    /// The user who is signed in could not be found out.
    User(UserRejection),
    /// Work on another thread panicked.
    Task(JoinError),
    /// A page could not be drawn.
    Template(askama::Error),
}

/// A page without the frame of the others: it must not need the session, for that may be what failed;
/// and a browser that looks for an icon that is not there must not use up a message meant for a page.
#[derive(Template)]
#[template(path = "error.html")]
struct ErrorPage {
    style_sheet: &'static str,
    title: &'static str,
    text: &'static str,
}

/// Returns the page that says what went wrong, in the visitor's terms.
pub(crate) fn page(status: StatusCode, title: &'static str, text: &'static str) -> Response {
    let page = ErrorPage { style_sheet: assets::style_sheet(), title, text };
    let html = page.render().unwrap_or_else(|_| title.to_owned());
    (status, Html(html)).into_response()
}

impl IntoResponse for Error {
    fn into_response(self) -> Response {
        match self {
            Self::NotFound => page(
                StatusCode::NOT_FOUND,
                "Nothing on this peg",
                "What you are looking for is not here, or not here any more.",
            ),
            // The library knows best: a store that is down is a 503 with `Retry-After`.
            Self::Session(error) => cloakroom::axum::Error::from(error).into_response(),
            Self::SessionNotLoaded(rejection) => rejection.into_response(),
            Self::User(rejection) => rejection.into_response(),
            Self::SignedOut => Redirect::to("/sign-in").into_response(),
            Self::Database(_) | Self::Password(_) | Self::Task(_) | Self::Template(_) => {
                tracing::error!(error = ?self, "request failed");
                page(
                    StatusCode::INTERNAL_SERVER_ERROR,
                    "Something came off its hook",
                    "That was our fault, and nothing of yours has changed. Please try again.",
                )
            }
        }
    }
}

impl std::fmt::Display for Error {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "request failed: {self:?}")
    }
}

impl std::error::Error for Error {}

impl From<UserRejection> for Error {
    fn from(rejection: UserRejection) -> Self {
        match rejection {
            // Signed out elsewhere a moment ago, or by a changed password.
            UserRejection::NotSignedIn => Self::SignedOut,
            rejection => Self::User(rejection),
        }
    }
}

impl From<cloakroom::Error> for Error {
    fn from(error: cloakroom::Error) -> Self {
        Self::Session(error)
    }
}

impl From<SessionRejection> for Error {
    fn from(rejection: SessionRejection) -> Self {
        Self::SessionNotLoaded(rejection)
    }
}

impl From<rusqlite::Error> for Error {
    fn from(error: rusqlite::Error) -> Self {
        Self::Database(error)
    }
}

impl From<argon2::password_hash::Error> for Error {
    fn from(error: argon2::password_hash::Error) -> Self {
        Self::Password(error)
    }
}

impl From<JoinError> for Error {
    fn from(error: JoinError) -> Self {
        Self::Task(error)
    }
}

impl From<askama::Error> for Error {
    fn from(error: askama::Error) -> Self {
        Self::Template(error)
    }
}
