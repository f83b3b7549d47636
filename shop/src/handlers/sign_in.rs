//! Signing in and out.

use std::time::Duration;

use askama::Template;
use axum::{
    Form,
    extract::State,
    http::Uri,
    response::{Html, Redirect},
};
use cloakroom::{Lifetime, LocalPath, SignInOptions, axum::Session};
use serde::{Deserialize, Serialize};

use crate::{
    error::Error,
    flash::{self, Flash},
    page::Page,
    passwords::{Password, PasswordHash},
    state::Shop,
    users::{Email, UserId},
    visitor::{SIGNED_IN, SignedIn},
};

/// Where a refused form waits for its page to be drawn again.
const DRAFT: &str = "sign_in";

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// How long a visitor who asked for it is remembered: a month without a visit, half a year at most.
const REMEMBERED: Lifetime =
    Lifetime { idle: Some(DAY.saturating_mul(30)), absolute: Some(DAY.saturating_mul(182)) };

/// The application's own limits: also for the second of two who sign in one after the other.
const AS_USUAL: Lifetime = Lifetime { idle: None, absolute: None };

/// The form.
#[derive(Debug, Deserialize)]
pub struct SignIn {
    email: String,
    password: Password,
    /// A ticked box sends its value; an empty one sends nothing.
    remember: Option<String>,
    /// Where the visitor wanted to go.
    next: Option<String>,
}

/// What was typed, without the password.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Draft {
    email: String,
    remember: bool,
}

#[derive(Template)]
#[template(path = "sign_in.html")]
struct Show {
    page: Page,
    draft: Draft,
    next: Option<LocalPath>,
}

/// Shows the form.
///
/// # Errors
///
/// If the session cannot be loaded.
pub async fn show(mut page: Page, session: Session, uri: Uri) -> Result<Html<String>, Error> {
    let next = LocalPath::next_of(&uri);
    if next.is_some() && page.messages.is_empty() {
        let text = "Please sign in first.".to_owned();
        page.messages.push(Flash { kind: flash::NOTICE, text });
    }
    let draft = session.flashed(DRAFT)?.unwrap_or_default();
    Ok(Html(Show { page, draft, next }.render()?))
}

/// Signs in. A wrong password and an unknown address get the same answer after the same work.
///
/// # Errors
///
/// If the database fails, or the session cannot be loaded or changed.
pub async fn submit(
    State(shop): State<Shop>,
    session: Session,
    Form(form): Form<SignIn>,
) -> Result<Redirect, Error> {
    let remember = form.remember.is_some();
    let next = form.next.as_deref().and_then(LocalPath::parse);
    let user = match Email::parse(&form.email) {
        Some(email) => shop.users.find_by_email(email).await?,
        None => None,
    };
    let stored = user.as_ref().map(|user| user.password.clone());
    let matches = shop.passwords.verify(form.password, stored).await?;

    let Some(user) = user.filter(|_| matches) else {
        let email = form.email;
        session.flash(DRAFT, &Draft { email, remember })?;
        session.flash(flash::PROBLEM, "This address and password do not go together.")?;
        let again = next.map_or("/sign-in".to_owned(), |next| next.wanted_at("/sign-in"));
        return Ok(Redirect::to(&again));
    };
    session.flash(flash::SUCCESS, &format!("Welcome back, {}.", user.name))?;
    let visitor = SignedIn::now(user.name, remember);
    enter(&session, user.id, &user.password, &visitor)?;
    Ok(Redirect::to(next.unwrap_or_default().as_str()))
}

/// Makes `user` the one who is signed in, for as long as this is their password.
///
/// The session gets a new id: whoever knew the old one, say from a shared computer, has nothing. What is in
/// it stays, and so does the cart.
pub(super) fn enter(
    session: &Session,
    user: UserId,
    password: &PasswordHash,
    visitor: &SignedIn,
) -> Result<(), Error> {
    session.sign_in_with(user.0, SignInOptions::new().auth_hash(password.as_str()))?;
    session.set_lifetime(if visitor.remembered { REMEMBERED } else { AS_USUAL })?;
    session.set(SIGNED_IN, visitor)?;
    Ok(())
}

/// Signs out. The session ends with all that is in it, for every tab; the cookie is worth nothing now.
///
/// # Errors
///
/// If the session cannot be loaded.
pub async fn sign_out(session: Session) -> Result<Redirect, Error> {
    session.sign_out()?;
    Ok(Redirect::to("/signed-out"))
}

#[derive(Template)]
#[template(path = "signed_out.html")]
struct SignedOut {
    page: Page,
}

/// Says goodbye.
///
/// # Errors
///
/// If the session cannot be loaded.
pub async fn signed_out(page: Page) -> Result<Html<String>, Error> {
    Ok(Html(SignedOut { page }.render()?))
}
