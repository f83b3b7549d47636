//! Choosing how the shop looks.

use axum::{Form, response::Redirect};
use cloakroom::{LocalPath, axum::Session};
use serde::Deserialize;

use crate::{
    error::Error,
    flash,
    theme::{THEME, Theme},
};

/// The form at the foot of each page.
#[derive(Debug, Deserialize)]
pub struct Choice {
    theme: Theme,
    back: LocalPath,
}

/// Keeps the choice, and goes back to the page where it was made.
///
/// # Errors
///
/// If the session cannot be loaded or changed.
pub async fn choose(session: Session, Form(choice): Form<Choice>) -> Result<Redirect, Error> {
    session.set(THEME, &choice.theme)?;
    let text = match choice.theme {
        Theme::Auto => "The lights follow your device.",
        Theme::Light => "The lights are on.",
        Theme::Dark => "The lights are low.",
    };
    session.flash(flash::NOTICE, text)?;
    Ok(Redirect::to(choice.back.as_str()))
}
