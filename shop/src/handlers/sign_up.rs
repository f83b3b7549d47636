//! Opening an account.

use askama::Template;
use axum::{
    Form,
    extract::State,
    response::{Html, Redirect},
};
use cloakroom::axum::Session;
use serde::{Deserialize, Serialize};

use super::sign_in;
use crate::{
    error::Error, flash, page::Page, passwords::Password, state::Shop, users::Email,
    visitor::SignedIn,
};

/// Where a refused form waits for its page to be drawn again.
const DRAFT: &str = "sign_up";

/// The form.
#[derive(Debug, Deserialize)]
pub struct SignUp {
    name: String,
    email: String,
    password: Password,
}

/// What was typed, without the password, and what is wrong with it.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Draft {
    name: String,
    email: String,
    name_problem: Option<String>,
    email_problem: Option<String>,
    password_problem: Option<String>,
}

#[derive(Template)]
#[template(path = "sign_up.html")]
struct Show {
    page: Page,
    draft: Draft,
    min: usize,
    max: usize,
}

/// Shows the form.
///
/// # Errors
///
/// If the session cannot be loaded.
pub async fn show(page: Page, session: Session) -> Result<Html<String>, Error> {
    let show = Show {
        page,
        draft: session.flashed(DRAFT)?.unwrap_or_default(),
        min: Password::MIN,
        max: Password::MAX,
    };
    Ok(Html(show.render()?))
}

/// Opens the account and signs in.
///
/// # Errors
///
/// If the database fails, or the session cannot be loaded or changed.
pub async fn submit(
    State(shop): State<Shop>,
    session: Session,
    Form(form): Form<SignUp>,
) -> Result<Redirect, Error> {
    let (name, email) = match form.check() {
        Ok(checked) => checked,
        Err(draft) => return form_again(&session, &draft),
    };
    let password = shop.passwords.hash(form.password).await?;
    let Some(user) = shop.users.add(name.clone(), email.clone(), password.clone()).await? else {
        let draft = Draft {
            name,
            email: email.to_string(),
            email_problem: Some("There is an account with this address already.".into()),
            ..Draft::default()
        };
        return form_again(&session, &draft);
    };
    session.flash(flash::SUCCESS, &format!("Welcome, {name}. Your account is open."))?;
    sign_in::enter(&session, user, &password, &SignedIn::now(name, false))?;
    Ok(Redirect::to("/"))
}

fn form_again(session: &Session, draft: &Draft) -> Result<Redirect, Error> {
    session.flash(DRAFT, draft)?;
    session
        .flash(flash::PROBLEM, "Your account is not open yet. Please look at the form again.")?;
    Ok(Redirect::to("/sign-up"))
}

impl SignUp {
    /// Returns the name and address, or the form with everything that is wrong with it.
    fn check(&self) -> Result<(String, Email), Draft> {
        let name = self.name.trim();
        let named = (1..=80).contains(&name.chars().count());
        let acceptable = self.password.is_acceptable();
        let problem = |found: bool, text: String| found.then_some(text);
        match Email::parse(&self.email) {
            Some(email) if named && acceptable => Ok((name.to_owned(), email)),
            email => Err(Draft {
                name: self.name.clone(),
                email: self.email.clone(),
                name_problem: problem(
                    !named,
                    "Please tell us what to call you, in 80 characters or fewer.".into(),
                ),
                email_problem: problem(
                    email.is_none(),
                    "This does not look like an e-mail address.".into(),
                ),
                password_problem: problem(
                    !acceptable,
                    format!("A password has {} to {} characters.", Password::MIN, Password::MAX),
                ),
            }),
        }
    }
}
