//! A kit for tests of applications: signed-in visitors in a line, and a store that fails, waits and loses races when
//! it is told to. The frozen clock is [`FrozenClock`](crate::FrozenClock).
//!
//! ```
//! use cloakroom_core::{Error, FrozenClock, MemoryStore, Secret, Sessions, testing};
//! use http::Request;
//! use std::time::Duration;
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let (clock, gauge) = (FrozenClock::default(), testing::Gauge::default());
//! let store = gauge.measure(MemoryStore::new());
//! let sessions = Sessions::builder(store).secret(Secret::generate()?).clock(clock.clone()).build()?;
//!
//! let cookie = testing::signed_in(&sessions, "ann").await;
//! let request = Request::get("/account").header("cookie", &cookie).body(())?; // for your app, by `oneshot`
//! assert!(sessions.from_request(request.headers()).await?.is_some());
//!
//! gauge.fail(true);
//! assert!(sessions.from_request(request.headers()).await.is_err());
//! gauge.fail(false);
//!
//! clock.advance(Duration::from_secs(2 * 60 * 60));
//! assert!(sessions.from_request(request.headers()).await?.is_none());
//! # Ok(())
//! # }
//! ```
//!
//! Everything here panics where a test would: with a message.

mod gauge;

use http::header::SET_COOKIE;
use http::{HeaderMap, HeaderValue};

pub use self::gauge::{Gauge, Measured};
use crate::{Error, InvalidUserId, Session, Sessions, UserId};

/// Signs a user in, in a new session; returns the `Cookie` header of a browser that has it.
///
/// # Panics
///
/// If the store fails, or `user` is no [`UserId`].
pub async fn signed_in(
    sessions: &Sessions,
    user: impl TryInto<UserId, Error: Into<InvalidUserId>>,
) -> HeaderValue {
    cookie(sessions, |session| session.sign_in(user)).await
}

/// Begins a session with what `fill` sets, be it values, flash or a sign-in; returns the `Cookie` header of a browser
/// that has it.
///
/// ```
/// # use cloakroom_core::{Sessions, testing};
/// # async fn with_a_cart(sessions: &Sessions) -> http::HeaderValue {
/// testing::cookie(sessions, |session| {
///     session.sign_in("ann")?;
///     session.set("cart", &["hat"])
/// })
/// .await
/// # }
/// ```
///
/// # Panics
///
/// If `fill` or the store fails, or if `fill` sets nothing: then there is no session.
pub async fn cookie(
    sessions: &Sessions,
    fill: impl FnOnce(&Session) -> Result<(), Error>,
) -> HeaderValue {
    let ticket = sessions.create(&HeaderMap::new(), fill).await;
    let mut headers = HeaderMap::new();
    let ticket = ticket.unwrap_or_else(|error| panic!("the session cannot begin: {error}"));
    let saved = ticket.set_cookie(&mut headers).await;
    saved.unwrap_or_else(|error| panic!("the session cannot be saved: {error}"));
    kept(&headers).expect("a session that holds nothing has no cookie; set something in it")
}

/// Returns what a browser without other cookies would send back, as a `Cookie` header, after a response with these
/// headers; `None` if the response sets no cookie, or only removes some.
#[must_use]
pub fn kept(response: &HeaderMap) -> Option<HeaderValue> {
    let lines = response.get_all(SET_COOKIE).iter().filter_map(|line| line.to_str().ok());
    let pairs: Vec<_> = lines
        .filter_map(|line| line.split(';').next())
        .filter(|pair| !pair.ends_with('='))
        .collect();
    if pairs.is_empty() {
        return None;
    }
    Some(HeaderValue::from_str(&pairs.join("; ")).expect("a cookie is visible text"))
}
