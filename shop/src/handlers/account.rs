//! The account: who is signed in, until when, and what they ordered.

use askama::Template;
use axum::{extract::State, response::Html};
use cloakroom::axum::Session;

use crate::{
    error::Error,
    moment::Moment,
    orders::Order,
    page::Page,
    state::Shop,
    users::User,
    visitor::{Member, SIGNED_IN, SignedIn},
};

#[derive(Template)]
#[template(path = "account.html")]
struct Show {
    page: Page,
    user: User,
    visitor: SignedIn,
    session: Ticket,
    orders: Vec<Order>,
}

/// What there is to say about the session itself.
struct Ticket {
    /// The id that logs and databases show. The secret one stays in the cookie.
    id: String,
    expires_at: Moment,
}

/// Shows the account.
///
/// # Errors
///
/// If nobody is signed in, the database fails, or the session cannot be loaded.
pub async fn show(
    State(shop): State<Shop>,
    Member(user): Member,
    page: Page,
    session: Session,
) -> Result<Html<String>, Error> {
    let visitor = session.get(SIGNED_IN)?.ok_or(Error::SignedOut)?;
    let orders = shop.orders.of(user.id).await?;
    let ticket = Ticket {
        id: session.id().map(|id| id.to_string()).unwrap_or_default(),
        expires_at: Moment::from_millis(session.expires_at().as_millis()),
    };
    let show = Show { page, user, visitor, session: ticket, orders };
    Ok(Html(show.render()?))
}
