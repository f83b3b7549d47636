//! Which requests need a CSRF token, and where it stands in them.

use std::fmt;

use http::header::{CONTENT_TYPE, HeaderName};
use http::request::Parts;
use http::{HeaderMap, StatusCode};

use crate::answer::{Answer, answer, no_sessions, not_loaded};
use crate::cross_origin::is_safe;
use crate::exempt::Exempt;
use crate::{ConfigError, Pending, Session};

const X_CSRF_TOKEN: HeaderName = HeaderName::from_static("x-csrf-token");

/// The field of a form that holds the token.
const FIELD: &str = "csrf_token";

/// Wants a CSRF token with each unsafe request (ASVS 3.5.1): in the header `X-CSRF-Token`, or in the field `csrf_token` of a
/// form that is URL-encoded, as forms are by default; a multipart form is sent with the header. The page got it from
/// [`Session::csrf_token`]. Adapters make a layer of it.
///
/// Tokens stand behind [`CrossOrigin`](crate::CrossOrigin), which needs none of this and which every application should
/// have. They cover what that cannot see: browsers from before 2023 over plain http, and sister services behind one origin.
/// The price: a page with a form begins a session, and a form is refused that was open while somebody signed in or out.
///
/// ```
/// use cloakroom_core::Csrf;
///
/// let policy = Csrf::new().exempt("/hooks/{*rest}")?.largest_form(256 * 1024);
/// # Ok::<(), cloakroom_core::ConfigError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Csrf {
    exempt: Exempt,
    largest_form: usize,
}

/// What [`Csrf::check`] found.
#[derive(Debug)]
pub enum CsrfStep {
    /// The request may pass.
    Pass,
    /// It gets this answer.
    Refuse(Answer),
    /// The token may stand in the form: read the body, at most so many bytes, and give it to [`Csrf::check_form`].
    Form {
        /// The request's session.
        session: Session,
        /// Most bytes to read. What is longer gets [`CsrfRefusal::FormTooLarge`].
        limit: usize,
    },
}

/// Why a request was refused for its CSRF token. Its text tells a developer what was looked for, and what helps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CsrfRefusal {
    /// The request has no session that a token could belong to: none was begun, it has ended, or the cookie was not sent.
    NoSession,
    /// There is no token in it.
    Missing,
    /// The token is not of this session: forged, or from before the last sign-in.
    Wrong,
    /// The form is larger than [`Csrf::largest_form`].
    FormTooLarge,
    /// The form broke off, or could not be read.
    Unreadable,
}

impl Default for Csrf {
    fn default() -> Self {
        Self::new()
    }
}

impl Csrf {
    /// The headers that [`check`](Self::check) looks at; for adapters whose framework has other types than `http`'s.
    pub const HEADERS: [HeaderName; 2] = [CONTENT_TYPE, X_CSRF_TOKEN];

    /// Makes the policy without exempt paths, for forms of at most 64 KiB.
    #[must_use]
    pub fn new() -> Self {
        Self { exempt: Exempt::default(), largest_form: 64 * 1024 }
    }

    /// Wants no token on the paths of this pattern; see [`CrossOrigin::exempt`](crate::CrossOrigin::exempt).
    ///
    /// # Errors
    ///
    /// [`ConfigError::InvalidPath`] for what is no pattern, or one that overlaps another.
    pub fn exempt(mut self, pattern: &str) -> Result<Self, ConfigError> {
        self.exempt.add(pattern)?;
        Ok(self)
    }

    /// Limits the forms that are read to find a token, in bytes. Default 64 KiB; larger ones get 413. A request with the
    /// header `X-CSRF-Token` is not read at all.
    #[must_use]
    pub fn largest_form(mut self, bytes: usize) -> Self {
        self.largest_form = bytes;
        self
    }

    /// Looks at the head of a request, by the [`Pending`] in its extensions. A safe or exempt one passes, and its session is
    /// not loaded. For adapters.
    pub async fn check(&self, head: &Parts) -> CsrfStep {
        if is_safe(&head.method) || self.exempt.has(head.uri.path()) {
            return CsrfStep::Pass;
        }
        let Some(pending) = head.extensions.get::<Pending>() else {
            return CsrfStep::Refuse(no_sessions("the check of CSRF tokens"));
        };
        let session = match pending.load().await {
            Ok(session) => session,
            Err(error) => return CsrfStep::Refuse(not_loaded(&error)),
        };
        // Before the body is read: nobody makes us do so without a session.
        if session.is_new() {
            return CsrfStep::Refuse(refuse(&session, CsrfRefusal::NoSession));
        }
        let result = match token_in(&head.headers) {
            Some(token) => judge(&session, Some(token)),
            None if is_form(&head.headers) => {
                return CsrfStep::Form { session, limit: self.largest_form };
            }
            None => Err(CsrfRefusal::Missing),
        };
        result
            .map_or_else(|refusal| CsrfStep::Refuse(refuse(&session, refusal)), |()| CsrfStep::Pass)
    }

    /// Looks at a form. `None` if it may pass, else what the request gets. For adapters.
    #[must_use]
    pub fn check_form(&self, session: &Session, form: &[u8]) -> Option<Answer> {
        let refusal = judge(session, field_of(form).as_deref()).err()?;
        Some(refuse(session, refusal))
    }

    /// Returns what a request gets whose form could not be read. For adapters.
    #[must_use]
    pub fn refuse_form(&self, session: &Session, refusal: CsrfRefusal) -> Answer {
        refuse(session, refusal)
    }
}

fn judge(session: &Session, token: Option<&str>) -> Result<(), CsrfRefusal> {
    match token {
        None | Some("") => Err(CsrfRefusal::Missing),
        Some(token) if session.verify_csrf(token) => Ok(()),
        Some(_) => Err(CsrfRefusal::Wrong),
    }
}

fn refuse(session: &Session, refusal: CsrfRefusal) -> Answer {
    tracing::info!(target: "cloakroom::csrf", session = ?session.id(), "{refusal}");
    // What was said is for the next page.
    let _ = session.keep_flash();
    let status = match refusal {
        CsrfRefusal::FormTooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        CsrfRefusal::Unreadable => StatusCode::BAD_REQUEST,
        _ => StatusCode::FORBIDDEN,
    };
    let mut response = answer(status, refusal.to_string());
    response.extensions_mut().insert(refusal);
    response
}

/// Returns the token in the header. Sent twice, it is none that counts.
fn token_in(headers: &HeaderMap) -> Option<&str> {
    let mut tokens = headers.get_all(X_CSRF_TOKEN).into_iter();
    let token = tokens.next()?.to_str().unwrap_or("?");
    Some(if tokens.next().is_none() { token } else { "?" })
}

fn is_form(headers: &HeaderMap) -> bool {
    let kind = headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim();
    kind.eq_ignore_ascii_case("application/x-www-form-urlencoded")
}

/// Returns the token in a form; of several fields the first.
pub(crate) fn field_of(form: &[u8]) -> Option<String> {
    let mut fields = form_urlencoded::parse(form);
    fields.find(|(name, _)| name == FIELD).map(|(_, value)| value.into_owned())
}

impl fmt::Display for CsrfRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoSession => {
                "This form needs a session, and the request has none: the cookie was not sent, or the session has ended. \
                 Load the page again. (Developers: a page gets its token from Session::csrf_token, which begins a session.)"
            }
            Self::Missing => {
                "This request needs a CSRF token. Load the page again. (Developers: put Session::csrf_token into the form's \
                 field csrf_token, or send it in the header X-CSRF-Token, as multipart forms and scripts have to; if the path \
                 is not for browsers, configure Csrf::exempt.)"
            }
            Self::Wrong => {
                "The CSRF token is not of this session. Load the page again. (Developers: the page is from before a sign-in, \
                 a sign-out or a renewal, or its token was asked for before the renewal in the same request.)"
            }
            Self::FormTooLarge => {
                "The form is too large to be searched for a CSRF token. (Developers: configure Csrf::largest_form, or send \
                 the header X-CSRF-Token.)"
            }
            Self::Unreadable => "The form could not be read.",
        })
    }
}

impl std::error::Error for CsrfRefusal {}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    #[test]
    fn a_form_is_url_encoded_whatever_its_parameters() {
        for (kind, expected) in [
            ("application/x-www-form-urlencoded", true),
            ("Application/X-WWW-Form-URLencoded ; charset=utf-8", true),
            ("application/x-www-form-urlencodedx", false),
            ("multipart/form-data; boundary=application/x-www-form-urlencoded", false),
            ("text/plain", false),
            ("", false),
        ] {
            let headers = HeaderMap::from_iter([(CONTENT_TYPE, kind.parse().unwrap())]);
            assert_eq!(is_form(&headers), expected, "{kind:?}");
        }
        assert!(!is_form(&HeaderMap::new()));
    }

    #[test]
    fn the_first_field_of_the_name_counts() {
        for (form, expected) in [
            ("a=b&csrf_token=x%2By&c", Some("x+y")),
            ("csrf%5Ftoken=x&csrf_token=y", Some("x")),
            ("csrf_token", Some("")),
            ("csrf_token2=x", None),
            ("CSRF_TOKEN=x", None),
            ("", None),
        ] {
            assert_eq!(field_of(form.as_bytes()).as_deref(), expected, "{form:?}");
        }
    }

    #[test]
    fn of_two_headers_none_counts() {
        let mut headers = HeaderMap::new();
        assert_eq!(token_in(&headers), None);
        headers.append(X_CSRF_TOKEN, HeaderValue::from_static("a"));
        assert_eq!(token_in(&headers), Some("a"));
        headers.append(X_CSRF_TOKEN, HeaderValue::from_static("b"));
        assert_eq!(token_in(&headers), Some("?"));
    }
}
