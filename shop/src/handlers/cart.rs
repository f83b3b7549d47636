//! The cart: seeing it, putting in, changing, taking out.

use askama::Template;
use axum::{
    Form,
    response::{Html, Redirect},
};
use cloakroom::axum::Session;
use serde::Deserialize;

use crate::{
    cart::{CART, Line, MOST},
    catalogue::{self, Price},
    error::Error,
    flash,
    page::Page,
};

/// A product and how many of it, as a form says it.
#[derive(Debug, Deserialize)]
pub struct Item {
    product: String,
    quantity: u32,
}

/// A product, as a form says it.
#[derive(Debug, Deserialize)]
pub struct Which {
    product: String,
}

#[derive(Template)]
#[template(path = "cart.html")]
struct Show {
    page: Page,
    lines: Vec<Line>,
    total: Price,
    most: u32,
}

/// Shows the cart.
///
/// # Errors
///
/// If the session cannot be loaded.
pub async fn show(page: Page, session: Session) -> Result<Html<String>, Error> {
    let cart = session.get(CART)?.unwrap_or_default();
    let show = Show { page, lines: cart.lines().collect(), total: cart.total(), most: MOST };
    Ok(Html(show.render()?))
}

/// Puts a product in.
///
/// # Errors
///
/// If there is no such product, or the session cannot be loaded or changed.
pub async fn add(session: Session, Form(item): Form<Item>) -> Result<Redirect, Error> {
    let product = catalogue::find(&item.product).ok_or(Error::NotFound)?;
    session.update(CART, move |cart| cart.add(product, item.quantity))?;
    session.flash(flash::SUCCESS, &format!("{} is in your cart.", product.name))?;
    Ok(Redirect::to("/cart"))
}

/// Changes how many of a product are in.
///
/// # Errors
///
/// If there is no such product, or the session cannot be loaded or changed.
pub async fn change(session: Session, Form(item): Form<Item>) -> Result<Redirect, Error> {
    let product = catalogue::find(&item.product).ok_or(Error::NotFound)?;
    session.update(CART, move |cart| cart.change(product, item.quantity))?;
    session.flash(flash::SUCCESS, &format!("{}: the quantity is changed.", product.name))?;
    Ok(Redirect::to("/cart"))
}

/// Takes a product out.
///
/// # Errors
///
/// If there is no such product, or the session cannot be loaded or changed.
pub async fn remove(session: Session, Form(which): Form<Which>) -> Result<Redirect, Error> {
    let product = catalogue::find(&which.product).ok_or(Error::NotFound)?;
    session.update(CART, move |cart| cart.remove(product))?;
    session.flash(flash::SUCCESS, &format!("{} is back on its peg.", product.name))?;
    Ok(Redirect::to("/cart"))
}
