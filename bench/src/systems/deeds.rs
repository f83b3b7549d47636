//! What the routes of the contract do to a session of `cloakroom`, whatever the framework.

use cloakroom::{Error, Key, Session};

use crate::contract::{self, DONE, Item, Login, Set};

const CART: Key<Vec<Item>> = Key::new("cart");
const N: Key<i64> = Key::new("n");

pub(super) fn read(session: &Session) -> Result<String, Error> {
    Ok(session.get_or(N, 0)?.to_string())
}

pub(super) fn write(session: &Session) -> Result<String, Error> {
    let n = session.get_or(N, 0)? + 1;
    session.set(N, &n)?;
    Ok(n.to_string())
}

pub(super) fn update(session: &Session) -> Result<String, Error> {
    session.update(N, |n: &mut i64| *n += 1)?;
    read(session)
}

pub(super) fn seed(session: &Session) -> Result<&'static str, Error> {
    session.set("user", contract::USER)?;
    session.set("token", contract::TOKEN)?;
    session.set(CART, &contract::cart())?;
    session.set(N, &1)?;
    Ok("1")
}

pub(super) async fn set(session: &Session, set: Set) -> Result<String, Error> {
    let n = read(session)?;
    set.pause().await;
    session.set(set.k.as_str(), &set.v)?;
    Ok(n)
}

pub(super) fn login(session: &Session, login: &Login) -> Result<&'static str, Error> {
    session.renew()?;
    session.set("user", &login.user)?;
    Ok(DONE)
}

pub(super) fn renew(session: &Session) -> Result<&'static str, Error> {
    session.renew()?;
    Ok(DONE)
}

pub(super) fn logout(session: &Session) -> Result<&'static str, Error> {
    session.destroy()?;
    Ok(DONE)
}
