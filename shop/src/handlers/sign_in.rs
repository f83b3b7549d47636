//! Signing in and out.

use std::time::Duration;

use askama::Template;
use axum::{
    Form,
    extract::State,
    response::{Html, IntoResponse, Redirect, Response},
};
use cloakroom::{Lifetime, axum::Session};
use serde::{Deserialize, Serialize};

use crate::{
    error::Error,
    flash,
    page::Page,
    passwords::Password,
    state::Shop,
    users::Email,
    visitor::{RETURN_TO, SIGNED_IN, SignedIn},
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
}

/// Shows the form.
///
/// # Errors
///
/// If the session cannot be loaded.
pub async fn show(page: Page, session: Session) -> Result<Response, Error> {
    if page.visitor.is_some() {
        return Ok(Redirect::to("/account").into_response());
    }
    let draft = session.flashed(DRAFT)?.unwrap_or_default();
    Ok(Html(Show { page, draft }.render()?).into_response())
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
        return Ok(Redirect::to("/sign-in"));
    };
    session.flash(flash::SUCCESS, &format!("Welcome back, {}.", user.name))?;
    enter(&session, &SignedIn::now(user.id, user.name, remember))
}

/// Makes `visitor` the one who is signed in, and sends them where they wanted to go.
///
/// The session gets a new id: whoever knew the old one, say from a shared computer, has nothing. What is in
/// it stays, and so does the cart.
pub(super) fn enter(session: &Session, visitor: &SignedIn) -> Result<Redirect, Error> {
    session.renew()?;
    session.set_lifetime(if visitor.remembered { REMEMBERED } else { AS_USUAL })?;
    session.set(SIGNED_IN, visitor)?;
    let target = session.get(RETURN_TO)?.unwrap_or_default();
    session.remove(RETURN_TO)?;
    Ok(Redirect::to(target.as_str()))
}

/// Signs out. The session ends with all that is in it, for every tab; the cookie is worth nothing now.
///
/// # Errors
///
/// If the session cannot be loaded.
pub async fn sign_out(session: Session) -> Result<Redirect, Error> {
    session.destroy()?;
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
