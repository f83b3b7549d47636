//! Where the user is signed in, and signing out there.

use askama::Template;
use axum::{
    Form,
    extract::State,
    response::{Html, Redirect},
};
use cloakroom::{ErrorKind, Id, SessionInfo, UserId, axum::Session};
use serde::Deserialize;

use crate::{
    device, error::Error, flash, moment::Moment, page::Page, state::Shop, users::User,
    visitor::Member,
};

#[derive(Template)]
#[template(path = "devices.html")]
struct Show {
    page: Page,
    /// `None` where sessions are in the visitors' own cookies: nobody knows where those are.
    devices: Option<Vec<Device>>,
}

/// A session, as its user knows it.
struct Device {
    id: String,
    name: String,
    address: Option<String>,
    since: Moment,
    active: Moment,
    here: bool,
}

impl Device {
    fn of(info: &SessionInfo, here: Option<Id>) -> Self {
        Self {
            id: info.id.to_string(),
            name: device::name(info.user_agent.as_deref()),
            address: info.address.map(|address| address.to_string()),
            since: Moment::from_millis(info.created_at.as_millis()),
            active: Moment::from_millis(info.active_at.as_millis()),
            here: Some(info.id) == here,
        }
    }
}

/// Shows the user's sessions, this one first.
///
/// # Errors
///
/// If nobody is signed in, or the store fails.
pub async fn show(
    State(shop): State<Shop>,
    Member(user): Member,
    page: Page,
    session: Session,
) -> Result<Html<String>, Error> {
    let devices = match shop.sessions.of_user(&id_of(&user)).await {
        Ok(list) => {
            let here = session.id();
            let mut devices: Vec<_> = list.iter().map(|info| Device::of(info, here)).collect();
            devices.sort_by_key(|device| !device.here);
            Some(devices)
        }
        Err(error) if error.kind() == ErrorKind::Unsupported => None,
        Err(error) => return Err(error.into()),
    };
    Ok(Html(Show { page, devices }.render()?))
}

/// Names a session.
#[derive(Debug, Deserialize)]
pub struct Which {
    session: String,
}

/// Signs out in one place. Only the user's own sessions can be ended, whatever a form says.
///
/// # Errors
///
/// If nobody is signed in, or the store fails.
pub async fn end(
    State(shop): State<Shop>,
    Member(user): Member,
    session: Session,
    Form(which): Form<Which>,
) -> Result<Redirect, Error> {
    let list = shop.sessions.of_user(&id_of(&user)).await?;
    let found = list.iter().find(|info| info.id.to_string() == which.session);
    let Some(info) = found else {
        session.flash(flash::NOTICE, "That place was signed out already.")?;
        return Ok(Redirect::to("/devices"));
    };
    if Some(info.id) == session.id() {
        session.sign_out()?;
        return Ok(Redirect::to("/signed-out"));
    }
    shop.sessions.revoke(info.id).await?;
    let name = device::name(info.user_agent.as_deref());
    session.flash(flash::SUCCESS, &format!("{name} is signed out."))?;
    Ok(Redirect::to("/devices"))
}

/// Signs out everywhere but here.
///
/// # Errors
///
/// If nobody is signed in, or the store fails.
pub async fn end_others(
    State(shop): State<Shop>,
    Member(user): Member,
    session: Session,
) -> Result<Redirect, Error> {
    if let Some(here) = session.id() {
        shop.sessions.revoke_others(&id_of(&user), here).await?;
    }
    session.flash(flash::SUCCESS, "You are signed in here only.")?;
    Ok(Redirect::to("/devices"))
}

fn id_of(user: &User) -> UserId {
    user.id.0.into()
}
