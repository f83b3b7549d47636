//! The contract that every system serves: its routes' parameters and the data of a seeded session.

use std::time::Duration;

use http::{HeaderMap, header::SET_COOKIE};
use serde::{Deserialize, Serialize};

/// The user id that `/seed` stores.
pub const USER: &str = "user";

/// The 64-character token that `/seed` stores.
pub const TOKEN: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

/// What routes without a value of their own answer.
pub const DONE: &str = "ok";

const _: () = assert!(TOKEN.len() == 64);

/// One line of the seeded cart.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Item {
    /// The article.
    pub id: u32,
    /// What the article is called.
    pub name: String,
    /// How many.
    pub qty: u32,
    /// The price of one, in cents.
    pub price: u32,
}

/// The cart of five items that `/seed` stores.
#[must_use]
pub fn cart() -> Vec<Item> {
    (1..=5)
        .map(|id| Item {
            id,
            name: format!("Article number {id}"),
            qty: id,
            price: 1_000 + id * 95,
        })
        .collect()
}

/// What `/seed` stores, where a system keeps it as one text.
#[derive(Debug, Deserialize, Serialize)]
pub struct Content {
    /// The cart.
    pub cart: Vec<Item>,
    /// The value that `/read` reads and `/write` raises.
    pub n: i64,
    /// A text as long as a token.
    pub token: String,
    /// Who it belongs to.
    pub user: String,
}

impl Content {
    /// As `/seed` stores it.
    #[must_use]
    pub fn seeded() -> Self {
        Self { cart: cart(), n: 1, token: TOKEN.to_owned(), user: USER.to_owned() }
    }
}

/// The part of a [`Content`] that `/read` needs.
#[derive(Debug, Deserialize)]
pub struct N {
    /// Its value.
    pub n: i64,
}

/// Parameters of `/set`.
#[derive(Debug, Deserialize)]
pub struct Set {
    /// The key to set.
    pub k: String,
    /// Its new value, stored as a string.
    pub v: String,
    /// How long to sleep between reading `n` and setting `k`.
    #[serde(default)]
    pub ms: u64,
}

impl Set {
    /// Sleeps as long as the request asked for; does not yield where it asked for nothing.
    pub async fn pause(&self) {
        if self.ms > 0 {
            tokio::time::sleep(Duration::from_millis(self.ms)).await;
        }
    }
}

/// Parameters of `/login`.
#[derive(Debug, Deserialize)]
pub struct Login {
    /// The user id to store.
    pub user: String,
}

/// The cookie that a browser sends back for a `Set-Cookie` header: its `name=value`.
#[must_use]
pub fn cookie(set_cookie: &str) -> &str {
    set_cookie.split_once(';').map_or(set_cookie, |(pair, _)| pair)
}

/// The cookies that a browser without others sends back after a response: each but those that it was told to remove.
#[must_use]
pub fn kept(headers: &HeaderMap) -> Option<String> {
    let lines = headers.get_all(SET_COOKIE).iter().filter_map(|line| line.to_str().ok());
    let pairs: Vec<_> = lines.map(cookie).filter(|pair| !pair.ends_with('=')).collect();
    if pairs.is_empty() { None } else { Some(pairs.join("; ")) }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[test]
    fn a_cookie_goes_back_without_its_attributes() {
        assert_eq!(cookie("id=abc; Path=/; HttpOnly"), "id=abc");
        assert_eq!(cookie("id=abc"), "id=abc");
    }
    #[test]
    fn cookies_that_are_removed_do_not_go_back() {
        let kept = |lines: &[&'static str]| {
            let lines = lines.iter().map(|line| (SET_COOKIE, HeaderValue::from_static(line)));
            super::kept(&lines.collect())
        };
        assert_eq!(kept(&["old=; Max-Age=0", "id=abc; Path=/"]).as_deref(), Some("id=abc"));
        assert_eq!(kept(&["id=abc", "part=2"]).as_deref(), Some("id=abc; part=2"));
        assert_eq!(kept(&["old=; Max-Age=0"]), None);
        assert_eq!(kept(&[]), None);
    }
}
