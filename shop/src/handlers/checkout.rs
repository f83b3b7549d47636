//! Placing an order.

use askama::Template;
use axum::{
    Form,
    extract::State,
    response::{Html, IntoResponse, Redirect, Response},
};
use cloakroom::axum::Session;
use serde::Deserialize;

use crate::{
    cart::{CART, Line},
    catalogue::Price,
    error::Error,
    flash,
    page::Page,
    secret,
    state::Shop,
    visitor::Member,
};

#[derive(Template)]
#[template(path = "checkout.html")]
struct Show {
    page: Page,
    name: String,
    lines: Vec<Line>,
    total: Price,
    ticket: String,
}

/// Shows what would be ordered.
///
/// # Errors
///
/// If nobody is signed in, or the session cannot be loaded.
pub async fn show(Member(user): Member, page: Page, session: Session) -> Result<Response, Error> {
    let cart = session.get(CART)?.unwrap_or_default();
    if cart.count() == 0 {
        return Ok(Redirect::to("/cart").into_response());
    }
    let show = Show {
        page,
        name: user.name,
        lines: cart.lines().collect(),
        total: cart.total(),
        ticket: secret::random(),
    };
    Ok(Html(show.render()?).into_response())
}

/// The form below what would be ordered.
#[derive(Debug, Deserialize)]
pub struct Checkout {
    /// Names this order, so that a button pressed twice places it once.
    ticket: String,
}

/// Places an order for what is in the cart, and empties it.
///
/// # Errors
///
/// If nobody is signed in, the database fails, or the session cannot be loaded or changed.
pub async fn place(
    State(shop): State<Shop>,
    Member(user): Member,
    session: Session,
    Form(checkout): Form<Checkout>,
) -> Result<Redirect, Error> {
    // Should the order fail below, nothing of this request is kept, and the cart is as full as before.
    let cart = session.get(CART)?.unwrap_or_default();
    if cart.count() == 0 {
        session.flash(flash::NOTICE, "Your cart is empty.")?;
        return Ok(Redirect::to("/cart"));
    }
    let number = shop.orders.place(checkout.ticket, user.id, &cart).await?;
    // Not `pull`: of a button pressed twice both answers are the same order, not one and a conflict.
    session.remove(CART)?;
    let thanks = format!("Thank you, {}. Your order has number {number}.", user.name);
    session.flash(flash::SUCCESS, &thanks)?;
    Ok(Redirect::to("/account"))
}
