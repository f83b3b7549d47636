//! What a request that used its session adds to the head of its response.

use http::header::{CACHE_CONTROL, COOKIE, Entry, HeaderName, SET_COOKIE, VARY};
use http::{HeaderMap, HeaderValue};

/// Headers to add to the response; see [`Pending::finish`](crate::Pending::finish).
#[derive(Clone, Debug, Default)]
#[must_use = "without its headers the response does not carry the session"]
pub struct Head {
    /// The names of our cookies and their `Set-Cookie` lines.
    pub(crate) cookies: Vec<(String, HeaderValue)>,
    pub(crate) used: bool,
}

/// The headers of a response that a [`Head`] is applied to: those of `http`, or of a framework with types of its own. For
/// adapters.
pub trait ResponseHeaders {
    /// Adds `value` to the header `name`, beside its other values, unless one of them `says` the same already.
    fn add_unless(&mut self, name: HeaderName, value: HeaderValue, says: impl Fn(&[u8]) -> bool);

    /// Adds `value` to the header `name`, in place of those values that are `old`; all others stay, in their order.
    fn replace(&mut self, name: HeaderName, value: HeaderValue, old: impl Fn(&[u8]) -> bool);
}

impl Head {
    /// Adds the headers.
    ///
    /// `Vary: Cookie` where the session was used, so that a shared cache does not mix visitors up (RFC 9110,
    /// section 12.5.5). With `Set-Cookie` also `Cache-Control: no-cache="set-cookie"`, so that it does not keep the
    /// cookie (RFC 9111, section 5.2.2.4), unless the application said something stricter.
    pub fn apply(self, headers: &mut impl ResponseHeaders) {
        if self.used {
            // Caches may know already that the cookie matters.
            headers.add_unless(VARY, HeaderValue::from_static("cookie"), |value| {
                has_token(value, &["*", COOKIE.as_str()])
            });
        }
        if self.cookies.is_empty() {
            return;
        }
        for (name, line) in self.cookies {
            // A response has one of a name at most (RFC 6265bis, section 4.1.1).
            headers.replace(SET_COOKIE, line, |line| {
                line.strip_prefix(name.as_bytes()).is_some_and(|rest| rest.starts_with(b"="))
            });
        }
        let keep_off = HeaderValue::from_static("no-cache=\"set-cookie\"");
        headers.add_unless(CACHE_CONTROL, keep_off, |value| {
            has_token(value, &["no-store", "private", "no-cache"])
        });
    }
}

/// Tells whether a header's value, a list, holds one of these tokens by itself.
fn has_token(value: &[u8], tokens: &[&str]) -> bool {
    value.split(|&byte| byte == b',').any(|token| {
        tokens.iter().any(|wanted| token.trim_ascii().eq_ignore_ascii_case(wanted.as_bytes()))
    })
}

impl ResponseHeaders for HeaderMap {
    fn add_unless(&mut self, name: HeaderName, value: HeaderValue, says: impl Fn(&[u8]) -> bool) {
        match self.entry(name) {
            Entry::Vacant(place) => {
                place.insert(value);
            }
            Entry::Occupied(values) if values.iter().any(|value| says(value.as_bytes())) => {}
            Entry::Occupied(mut values) => values.append(value),
        }
    }

    fn replace(&mut self, name: HeaderName, value: HeaderValue, old: impl Fn(&[u8]) -> bool) {
        if self.get_all(&name).iter().any(|value| old(value.as_bytes()))
            && let Entry::Occupied(values) = self.entry(&name)
        {
            let (_, values) = values.remove_entry_mult();
            let others: Vec<_> = values.filter(|value| !old(value.as_bytes())).collect();
            for other in others {
                self.append(&name, other);
            }
        }
        self.append(name, value);
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
