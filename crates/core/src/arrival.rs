//! What a request brought: its cookies.

use std::net::IpAddr;
use std::sync::OnceLock;
use std::sync::atomic::AtomicBool;

use futures_util::lock::Mutex;
use http::header::{COOKIE, USER_AGENT};
use http::{HeaderMap, HeaderValue};

use crate::cookie::{MOST_CANDIDATES, values_of};
use crate::sign_in::Client;
use crate::token::{KeyRing, Token, Unverified};

/// What a request brought, and how far it is.
#[derive(Default)]
pub(crate) struct Arrival {
    /// The first `Cookie` header; there are more only in HTTP/2, and then rarely.
    cookie: Option<Line>,
    more_cookies: Vec<Line>,
    /// Kept for a sign-in; nothing else looks at it.
    user_agent: Option<Line>,
    address: OnceLock<IpAddr>,
    pub(crate) loading: Mutex<()>,
    /// Something wanted the session, whether or not it could be loaded.
    pub(crate) asked: AtomicBool,
    pub(crate) finished: AtomicBool,
}

/// A header's value, shared with the request as its framework has it.
pub(crate) enum Line {
    Known(HeaderValue),
    Other(Box<dyn AsRef<[u8]> + Send + Sync>),
}

impl Line {
    pub(crate) fn other(value: impl AsRef<[u8]> + Send + Sync + 'static) -> Self {
        Self::Other(Box::new(value))
    }

    fn as_bytes(&self) -> &[u8] {
        match self {
            Self::Known(value) => value.as_bytes(),
            Self::Other(value) => (**value).as_ref(),
        }
    }
}

impl Arrival {
    pub(crate) fn new(headers: &HeaderMap) -> Self {
        let cookies = headers.get_all(COOKIE).iter().cloned().map(Line::Known);
        Self::of(cookies, headers.get(USER_AGENT).cloned().map(Line::Known))
    }

    pub(crate) fn of(cookies: impl IntoIterator<Item = Line>, user_agent: Option<Line>) -> Self {
        let mut cookies = cookies.into_iter();
        let cookie = cookies.next();
        Self { cookie, more_cookies: cookies.collect(), user_agent, ..Self::default() }
    }

    /// Notes which address the request comes from.
    pub(crate) fn set_address(&self, address: IpAddr) {
        // Who is nearest to the browser knows best, and came first.
        let _ = self.address.set(address);
    }

    /// Returns where the request comes from.
    pub(crate) fn client(&self) -> Client {
        Client::new(self.address.get().copied(), self.user_agent.as_ref().map(Line::as_bytes))
    }

    /// Tells whether the request brought any cookie.
    pub(crate) fn has_cookies(&self) -> bool {
        self.cookie.is_some()
    }

    /// Returns the values of the cookies named `name`, as many as are worth looking at.
    pub(crate) fn values<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a [u8]> {
        let cookies = self.cookie.iter().chain(&self.more_cookies);
        cookies.flat_map(move |cookie| values_of(cookie.as_bytes(), name)).take(MOST_CANDIDATES)
    }

    /// Returns the value of the first cookie named `name`.
    pub(crate) fn first(&self, name: &str) -> Option<&[u8]> {
        let cookies = self.cookie.iter().chain(&self.more_cookies);
        cookies.into_iter().find_map(|cookie| values_of(cookie.as_bytes(), name).next())
    }

    /// Returns the token of the request, if there is exactly one that we signed. Of two different ones nobody knows
    /// which is the visitor's own, so neither counts.
    pub(crate) fn token(&self, keys: &KeyRing, name: &str) -> Option<Token> {
        let mut found: Option<Token> = None;
        let mut candidates = 0;
        // Plain loops: adapters for iterators cost more than the search itself.
        for cookie in self.cookie.iter().chain(&self.more_cookies) {
            for value in values_of(cookie.as_bytes(), name) {
                candidates += 1;
                if candidates > MOST_CANDIDATES {
                    return found;
                }
                let token = Unverified::parse(value).and_then(|text| keys.verify(&text));
                match (token, &found) {
                    (Some(token), Some(other)) if token != *other => return None,
                    (Some(token), _) => found = Some(token),
                    (None, _) => {}
                }
            }
        }
        found
    }
}
