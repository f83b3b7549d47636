//! What every page shows around its own matter: theme, cart, who is signed in, messages.

use axum::{extract::FromRequestParts, http::request::Parts};
use cloakroom::{LocalPath, axum::Session};

use crate::{
    assets,
    cart::CART,
    error::Error,
    flash::Flash,
    state::Shop,
    theme::{THEME, Theme},
    visitor::{SIGNED_IN, SignedIn},
};

/// The frame of a page. A handler that shows one takes it as an argument; `layout.html` draws it.
///
/// It only reads. A visitor who just looks round gets no cookie and leaves nothing in the store; unless forms carry tokens,
/// which belong to a session.
#[derive(Debug, Clone)]
pub struct Page {
    /// How it looks.
    pub theme: Theme,
    /// The end of the session's number, if the store has it already.
    pub ticket: Option<String>,
    /// How many things are in the cart.
    pub in_cart: u32,
    /// Who is signed in.
    pub visitor: Option<SignedIn>,
    /// What the last request had to say.
    pub messages: Vec<Flash>,
    /// Where this page is, to come back to.
    pub path: LocalPath,
    /// The token for its forms, if they carry one.
    pub csrf: Option<String>,
}

impl FromRequestParts<Shop> for Page {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, shop: &Shop) -> Result<Self, Error> {
        let session = Session::from_request_parts(parts, shop).await?;
        Ok(Self {
            theme: session.get(THEME)?.unwrap_or_default(),
            ticket: session.id().map(short),
            in_cart: session.get(CART)?.unwrap_or_default().count(),
            visitor: session.get(SIGNED_IN)?,
            messages: Flash::all(&session)?,
            path: LocalPath::of(&parts.uri),
            csrf: shop.csrf_tokens.then(|| session.csrf_token()).transpose()?,
        })
    }
}

/// The last digits tell sessions apart well enough for people.
fn short(id: cloakroom::Id) -> String {
    let text = id.to_string();
    text[text.len().saturating_sub(6)..].to_uppercase()
}

impl Page {
    pub(crate) fn style_sheet(&self) -> &'static str {
        assets::style_sheet()
    }

    pub(crate) fn script(&self) -> &'static str {
        assets::script()
    }
}
