//! Refuses unsafe requests that a browser sends from another origin (CSRF), without tokens and without state.
//!
//! By the rules of Go 1.25, `net/http.CrossOriginProtection`, which <https://words.filippo.io/csrf/> explains. Stricter in one
//! thing: to open a WebSocket is no safe request here, although it is a `GET`, because it is the one `GET` that another
//! site's page may both send with cookies and use afterwards.

use std::fmt;

use http::header::{HOST, HeaderName, ORIGIN, UPGRADE};
use http::uri::Authority;
use http::{HeaderMap, Method, StatusCode, Uri};

use crate::ConfigError;
use crate::answer::{Answer, answer};
use crate::exempt::Exempt;

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// Longest part of a header that a refusal quotes, in characters.
const LONGEST_QUOTE: usize = 200;

/// Refuses requests that other sites' pages make a visitor's browser send (CSRF; ASVS 3.5.1, 3.5.3). Needs no session, so it
/// protects sign-in forms too. Adapters make a layer of it.
///
/// A request passes if
///
/// 1. its method is safe (`GET`, `HEAD`, `OPTIONS`) and it opens no WebSocket; so nothing may change on `GET`; or
/// 2. its `Sec-Fetch-Site` header is `same-origin` or `none`, as all browsers since 2023 send it over https and to the
///    loopback interface; or
/// 3. it has no such header, and the host of its `Origin` is that of the request (older browsers, plain http); or
/// 4. it has neither of these headers, so that no browser sent it; or
/// 5. its origin is trusted, or its path is exempt.
///
/// `same-site` is refused too: a sister domain is another origin. The host is that of the request's target or else its
/// `Host` header: a proxy in front must leave it as it is, or its public origin be trusted.
///
/// ```
/// use cloakroom_core::CrossOrigin;
///
/// let policy = CrossOrigin::new()
///     .trust_origin("https://accounts.example.com")?
///     .exempt("/hooks/{*rest}")?;
/// # Ok::<(), cloakroom_core::ConfigError>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct CrossOrigin {
    trusted: Vec<String>,
    exempt: Exempt,
}

impl CrossOrigin {
    /// The headers that [`check`](Self::check) looks at; for adapters whose framework has other types than `http`'s.
    pub const HEADERS: [HeaderName; 4] = [HOST, ORIGIN, SEC_FETCH_SITE, UPGRADE];

    /// Makes the policy that trusts no other origin and has no exempt path.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Lets the pages of another origin send unsafe requests: `scheme://host` or `scheme://host:port`, as browsers write
    /// it in `Origin`.
    ///
    /// # Errors
    ///
    /// [`ConfigError::InvalidOrigin`] for anything else, such as a path or a wildcard.
    pub fn trust_origin(mut self, origin: &str) -> Result<Self, ConfigError> {
        let parsed = parse_origin(origin);
        self.trusted.push(parsed.ok_or_else(|| ConfigError::InvalidOrigin(origin.to_owned()))?);
        Ok(self)
    }

    /// Lets every origin send unsafe requests to the paths of this pattern, in the syntax of axum's routes:
    /// `/hooks/{provider}` or `/hooks/{*rest}`. For what no browser is meant to send, or what proves itself in another
    /// way. The path is the one that the layer sees; one with `..`, `//` or an encoded slash or dot is never exempt.
    ///
    /// # Errors
    ///
    /// [`ConfigError::InvalidPath`] for what is no pattern, or one that overlaps another.
    pub fn exempt(mut self, pattern: &str) -> Result<Self, ConfigError> {
        self.exempt.add(pattern)?;
        Ok(self)
    }

    /// Decides about one request. For adapters.
    ///
    /// # Errors
    ///
    /// The refusal, which knows its [`answer`](CrossOriginRefusal::answer).
    pub fn check(
        &self,
        method: &Method,
        uri: &Uri,
        headers: &HeaderMap,
    ) -> Result<(), CrossOriginRefusal> {
        if is_safe(method) && !opens_websocket(headers) {
            return Ok(());
        }
        let origin = Sent::of(headers, &ORIGIN);
        let why = match Sent::of(headers, &SEC_FETCH_SITE) {
            Sent::Once("same-origin" | "none") => return Ok(()),
            Sent::Not => match origin {
                Sent::Not => return Ok(()),
                Sent::Once(origin) if is_own(origin, uri, headers) => return Ok(()),
                Sent::Once(_) | Sent::Oddly => {
                    Why::Origin { host: quote(host_of(uri, headers).unwrap_or_default()) }
                }
            },
            Sent::Once(site) => Why::Site(quote(site)),
            Sent::Oddly => Why::Site("(not one plain value)".to_owned()),
        };
        if self.exempt.has(uri.path()) {
            return Ok(());
        }
        let origin = match origin {
            // The header's text is canonical: browsers write it themselves.
            Sent::Once(origin) if self.trusted.iter().any(|trusted| trusted == origin) => {
                return Ok(());
            }
            Sent::Once(origin) => Some(quote(origin)),
            Sent::Not | Sent::Oddly => None,
        };
        Err(CrossOriginRefusal { origin, why })
    }
}

/// Why a request was refused as coming from another origin. Its text tells a developer which header said what, and which
/// setting helps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CrossOriginRefusal {
    origin: Option<String>,
    why: Why,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Why {
    /// `Sec-Fetch-Site`.
    Site(String),
    /// `Origin` alone.
    Origin { host: String },
}

impl CrossOriginRefusal {
    /// Returns the response: 403 (Forbidden), with this text; the refusal itself is in its extensions.
    #[must_use]
    pub fn answer(self) -> Answer {
        tracing::info!(target: "cloakroom::cross_origin", "{self}");
        let mut response = answer(StatusCode::FORBIDDEN, self.to_string());
        response.extensions_mut().insert(self);
        response
    }
}

impl fmt::Display for CrossOriginRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("This request comes from another site's page and is refused. ")?;
        let origin = self.origin.as_deref();
        match (&self.why, origin) {
            (Why::Site(site), Some(origin)) => {
                write!(f, "The browser sent \"Sec-Fetch-Site: {site}\" and \"Origin: {origin}\".")?;
            }
            (Why::Site(site), None) => write!(f, "The browser sent \"Sec-Fetch-Site: {site}\".")?,
            (Why::Origin { host }, Some(origin)) => write!(
                f,
                "The browser sent \"Origin: {origin}\", and the request is for the host \"{host}\"; if that is a proxy's \
                 doing, let it pass the Host header on."
            )?,
            (Why::Origin { .. }, None) => f.write_str("It has more than one Origin header.")?,
        }
        match origin {
            Some(origin) if origin != "null" => write!(
                f,
                " If that origin is yours, configure CrossOrigin::trust_origin(\"{origin}\"); if this path is not for \
                 browsers, CrossOrigin::exempt."
            ),
            _ => f.write_str(" If this path is not for browsers, configure CrossOrigin::exempt."),
        }
    }
}

impl std::error::Error for CrossOriginRefusal {}

/// What a request says in a header that it should send once at most. An empty one says nothing.
#[derive(Clone, Copy)]
enum Sent<'a> {
    Not,
    Once(&'a str),
    /// Several times, or not as text.
    Oddly,
}

impl<'a> Sent<'a> {
    fn of(headers: &'a HeaderMap, name: &HeaderName) -> Self {
        let mut values = headers.get_all(name).into_iter();
        match (values.next().map(|value| value.to_str()), values.next()) {
            (None, _) | (Some(Ok("")), None) => Self::Not,
            (Some(Ok(value)), None) => Self::Once(value),
            _ => Self::Oddly,
        }
    }
}

/// Deliberately not `Method::is_safe`, which holds `TRACE` for safe and Go's rules do not.
pub(crate) fn is_safe(method: &Method) -> bool {
    matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS)
}

/// In HTTP/2 and later that is a `CONNECT`, which is not safe anyway.
fn opens_websocket(headers: &HeaderMap) -> bool {
    let mut upgrades = headers.get_all(UPGRADE).into_iter();
    // Of several protocols the server chooses.
    upgrades.any(|upgrade| {
        let mut protocols = upgrade.as_bytes().split(|&byte| byte == b',');
        protocols.any(|protocol| protocol.trim_ascii().eq_ignore_ascii_case(b"websocket"))
    })
}

/// Returns the host, with its port if there is one, that the request is for.
fn host_of<'a>(uri: &'a Uri, headers: &'a HeaderMap) -> Option<&'a str> {
    match uri.authority() {
        Some(authority) => authority.as_str().rsplit('@').next(),
        None => headers.get(HOST)?.to_str().ok(),
    }
}

/// Tells whether the origin's host is that of the request. The scheme of the request is not known behind a proxy, so it is
/// not compared; Go's rules have that gap too, for browsers from before 2023, and HSTS closes it.
fn is_own(origin: &str, uri: &Uri, headers: &HeaderMap) -> bool {
    let Some((_, own)) = origin.split_once("://") else { return false };
    host_of(uri, headers).is_some_and(|host| !host.is_empty() && host.eq_ignore_ascii_case(own))
}

/// Returns the origin as browsers write it: in lower case, without the scheme's own port.
fn parse_origin(text: &str) -> Option<String> {
    let (scheme, rest) = text.split_once("://")?;
    let scheme = scheme.to_ascii_lowercase();
    let mut letters = scheme.bytes();
    let named = letters.next()?.is_ascii_lowercase()
        && letters.all(|letter| letter.is_ascii_alphanumeric() || b"+-.".contains(&letter));
    let authority: Authority = rest.parse().ok()?;
    let number = rest.strip_prefix(authority.host())?.strip_prefix(':');
    let plain = !authority.host().is_empty()
        && !rest.contains(['@', '*', '/', '?', '#'])
        && number.is_some() == authority.port_u16().is_some();
    let host = authority.host().to_ascii_lowercase();
    (named && plain).then(|| match (scheme.as_str(), authority.port_u16()) {
        ("https", Some(443)) | ("http", Some(80)) | (_, None) => format!("{scheme}://{host}"),
        (_, Some(port)) => format!("{scheme}://{host}:{port}"),
    })
}

fn quote(text: &str) -> String {
    text.chars().take(LONGEST_QUOTE).flat_map(char::escape_default).collect()
}

#[cfg(test)]
mod tests;
