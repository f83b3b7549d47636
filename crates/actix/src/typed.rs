//! The extractor of a struct that is the session's schema.

use std::ops::{Deref, DerefMut};

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};
use futures_util::future::LocalBoxFuture;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::failure::Failure;
use crate::{Session, SessionRejection};

/// A struct whose fields are the session's values of the same names; see [`cloakroom_core::Typed`].
///
/// ```
/// use cloakroom_actix::{Error, Typed};
/// use serde::{Deserialize, Serialize};
///
/// #[derive(Default, Serialize, Deserialize)]
/// #[serde(default)]
/// struct Shop {
///     cart: Vec<String>,
///     visits: u32,
/// }
///
/// async fn visit(mut shop: Typed<Shop>) -> Result<String, Error> {
///     shop.visits += 1;
///     shop.save()?; // nothing is saved without it
///     Ok(format!("visit {}, {} things in the cart", shop.visits, shop.cart.len()))
/// }
/// ```
///
/// Of two requests that save the same field the later one wins. Where each must count, use
/// [`modify`](cloakroom_core::Session::modify): `shop.session().modify(|shop: &mut Shop| shop.visits += 1)?`.
///
/// # Rejections
///
/// Those of [`Session`], and 500 if the session's values do not fit the struct.
#[derive(Debug)]
#[must_use = "changes are saved only by `save`"]
pub struct Typed<T>(pub cloakroom_core::Typed<T>);

impl<T> Deref for Typed<T> {
    type Target = cloakroom_core::Typed<T>;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl<T> DerefMut for Typed<T> {
    fn deref_mut(&mut self) -> &mut Self::Target {
        &mut self.0
    }
}

impl<T: Serialize + DeserializeOwned + 'static> FromRequest for Typed<T> {
    type Error = SessionRejection;
    type Future = LocalBoxFuture<'static, Result<Self, SessionRejection>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let (request, session) = (request.clone(), Session::extract(request));
        Box::pin(async move {
            let typed = session.await?.typed();
            typed.map(Self).map_err(|error| Failure::note(&request, SessionRejection::Load(error)))
        })
    }
}
