//! What a request that used its session adds to the head of its response.

use http::header::{CACHE_CONTROL, COOKIE, Entry, SET_COOKIE, VARY};
use http::{HeaderMap, HeaderValue};

/// Headers to add to the response; see [`Pending::finish`](crate::Pending::finish).
#[derive(Debug, Default)]
#[must_use = "without its headers the response does not carry the session"]
pub struct Head {
    /// The names of our cookies and their `Set-Cookie` lines.
    pub(crate) cookies: Vec<(String, HeaderValue)>,
    pub(crate) used: bool,
}

impl Head {
    /// Adds the headers.
    ///
    /// `Vary: Cookie` where the session was used, so that a shared cache does not mix visitors up (RFC 9110,
    /// section 12.5.5). With `Set-Cookie` also `Cache-Control: no-cache="set-cookie"`, so that it does not keep the
    /// cookie (RFC 9111, section 5.2.2.4), unless the application said something stricter.
    pub fn apply(self, headers: &mut HeaderMap) {
        if self.used {
            vary(headers);
        }
        if self.cookies.is_empty() {
            return;
        }
        for (name, line) in self.cookies {
            remove_cookie(headers, &name);
            headers.append(SET_COOKIE, line);
        }
        if !is_private(headers) {
            headers.append(CACHE_CONTROL, HeaderValue::from_static("no-cache=\"set-cookie\""));
        }
    }
}

/// Tells caches that the cookie matters, if they do not know already.
fn vary(headers: &mut HeaderMap) {
    let varies = |value: &HeaderValue| {
        tokens(value).any(|token| token == "*" || token.eq_ignore_ascii_case(COOKIE.as_str()))
    };
    let cookie = HeaderValue::from_static("cookie");
    match headers.entry(VARY) {
        Entry::Vacant(place) => {
            place.insert(cookie);
        }
        Entry::Occupied(values) if values.iter().any(varies) => {}
        Entry::Occupied(mut values) => values.append(cookie),
    }
}

/// Tells whether the application's own directives keep the response out of shared caches.
fn is_private(headers: &HeaderMap) -> bool {
    headers.get_all(CACHE_CONTROL).iter().flat_map(tokens).any(|token| {
        ["no-store", "private", "no-cache"].iter().any(|strict| token.eq_ignore_ascii_case(strict))
    })
}

fn tokens(value: &HeaderValue) -> impl Iterator<Item = &str> {
    value.to_str().unwrap_or_default().split(',').map(str::trim)
}

/// Removes an older `Set-Cookie` of our name: a response has one at most (RFC 6265bis, section 4.1.1).
fn remove_cookie(headers: &mut HeaderMap, name: &str) {
    let is_ours = |line: &HeaderValue| {
        line.as_bytes().strip_prefix(name.as_bytes()).is_some_and(|rest| rest.starts_with(b"="))
    };
    if !headers.get_all(SET_COOKIE).iter().any(is_ours) {
        return;
    }
    if let Entry::Occupied(lines) = headers.entry(SET_COOKIE) {
        let (_, lines) = lines.remove_entry_mult();
        let others: Vec<_> = lines.filter(|line| !is_ours(line)).collect();
        for line in others {
            headers.append(SET_COOKIE, line);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn apply(before: &[(&'static str, &'static str)], cookie: bool) -> Vec<String> {
        let mut headers = HeaderMap::new();
        for (name, value) in before {
            headers.append(*name, HeaderValue::from_static(value));
        }
        let line = HeaderValue::from_static("session=new; Path=/");
        let cookies = cookie.then(|| ("session".to_owned(), line)).into_iter().collect();
        Head { cookies, used: true }.apply(&mut headers);
        headers.iter().map(|(name, value)| format!("{name}: {}", value.to_str().unwrap())).collect()
    }

    #[test]
    fn reading_varies_and_setting_keeps_caches_off() {
        assert_eq!(apply(&[], false), ["vary: cookie"]);
        assert_eq!(
            apply(&[], true),
            [
                "vary: cookie",
                "set-cookie: session=new; Path=/",
                "cache-control: no-cache=\"set-cookie\""
            ]
        );
    }

    #[test]
    fn what_the_application_said_stricter_stays() {
        assert_eq!(apply(&[("vary", "Accept, Cookie")], false), ["vary: Accept, Cookie"]);
        assert_eq!(apply(&[("vary", "*")], false), ["vary: *"]);
        for strict in ["no-store", "private, max-age=60", "No-Cache"] {
            let after = apply(&[("cache-control", strict)], true);
            assert_eq!(after.iter().filter(|line| line.starts_with("cache-control")).count(), 1);
        }
        let public = apply(&[("cache-control", "public, max-age=60")], true);
        assert!(public.contains(&"cache-control: no-cache=\"set-cookie\"".to_owned()));
    }

    #[test]
    fn one_set_cookie_of_our_name() {
        let after = apply(&[("set-cookie", "session=old"), ("set-cookie", "sessions=x")], true);
        let lines: Vec<_> = after.iter().filter(|line| line.starts_with("set-cookie")).collect();
        assert_eq!(lines, ["set-cookie: sessions=x", "set-cookie: session=new; Path=/"]);
    }
}
