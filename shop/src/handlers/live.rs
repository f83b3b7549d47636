//! What signed-in pages listen to, so that they leave by themselves when their visitor is signed out elsewhere.

use std::{convert::Infallible, time::Duration};

use axum::{
    extract::State,
    response::{
        IntoResponse,
        sse::{Event, KeepAlive, Sse},
    },
};
use cloakroom::{End, axum::Session};
use futures_util::{StreamExt, stream};

use crate::{error::Error, state::Shop, visitor::SIGNED_IN};

/// How soon a page comes again whose stream was closed.
const RETRY: Duration = Duration::from_secs(1);

/// Streams nothing until the visitor is signed out, then says so. After a renewal, or when the shop closes, the stream just
/// ends: the page comes again, with its new cookie.
///
/// # Errors
///
/// If the session cannot be loaded.
pub async fn listen(
    State(shop): State<Shop>,
    session: Session,
) -> Result<impl IntoResponse, Error> {
    // Messages are for pages.
    session.keep_flash()?;
    let is_signed_in = session.get(SIGNED_IN)?.is_some();
    let ended = session.ended();
    let last = async move {
        if !is_signed_in {
            return Some(signed_out());
        }
        tokio::select! {
            end = ended => (end == End::Over).then(signed_out),
            () = shop.closing.begun() => None,
        }
    };
    let first = stream::once(async { Event::default().retry(RETRY) });
    let events = first.chain(stream::once(last).filter_map(async |event| event));
    Ok(Sse::new(events.map(Ok::<_, Infallible>)).keep_alive(KeepAlive::default()))
}

fn signed_out() -> Event {
    // Browsers pass over an event without data.
    Event::default().event("signed-out").data("now")
}
