//! Who may pass: signed-in visitors, guests, or those who signed in a short while ago.

use std::fmt;
use std::time::Duration;

use http::header::{ACCEPT, CACHE_CONTROL, HeaderName, LOCATION, WWW_AUTHENTICATE};
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Method, StatusCode, Uri};

use crate::answer::{Answer, answer, no_sessions, not_loaded};
use crate::{ConfigError, LocalPath, Pending, Timestamp};

const SEC_FETCH_MODE: HeaderName = HeaderName::from_static("sec-fetch-mode");
const HX_REQUEST: HeaderName = HeaderName::from_static("hx-request");

/// Lets some visitors through and answers the others. Adapters make layers of it, for routes and groups of them.
///
/// It loads the session, which a handler behind it then has for nothing. Flash messages survive a refusal.
///
/// ```
/// use cloakroom_core::Guard;
/// use std::time::Duration;
///
/// let members = Guard::require_user().or_sign_in_at("/sign-in")?;
/// let strangers = Guard::guest("/dashboard")?;
/// let sensitive = Guard::recent_sign_in(Duration::from_secs(600)).or_sign_in_at("/confirm")?;
/// # Ok::<(), cloakroom_core::ConfigError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Guard {
    rule: Rule,
    /// Where those go who may not pass.
    elsewhere: Option<LocalPath>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Rule {
    User,
    Guest,
    RecentSignIn(Duration),
}

/// Why a [`Guard`] let nobody pass; in the extensions of its [`Answer`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum GuardRefusal {
    /// Nobody is signed in.
    NotSignedIn,
    /// Somebody is, but the last sign-in is too long ago.
    NotRecently,
    /// Somebody is signed in, and this is for guests.
    SignedIn,
}

impl Guard {
    /// The headers that [`check`](Self::check) looks at; for adapters whose framework has other types than `http`'s.
    pub const HEADERS: [HeaderName; 3] = [ACCEPT, HX_REQUEST, SEC_FETCH_MODE];

    /// Lets signed-in visitors through. Others get 401 (Unauthorized), or see [`or_sign_in_at`](Self::or_sign_in_at).
    #[must_use]
    pub fn require_user() -> Self {
        Self { rule: Rule::User, elsewhere: None }
    }

    /// Lets visitors through who are not signed in, and sends the others to the page at `path`: for sign-in pages.
    ///
    /// # Errors
    ///
    /// [`ConfigError::InvalidPath`] if that is no [`LocalPath`].
    pub fn guest(path: &str) -> Result<Self, ConfigError> {
        Ok(Self { rule: Rule::Guest, elsewhere: Some(local(path)?) })
    }

    /// Lets visitors through who signed in at most so long ago, in this session: for what is grave (ASVS 7.5.1, 7.5.3).
    /// Others get 401 (Unauthorized), or see [`or_sign_in_at`](Self::or_sign_in_at); that page must then not be one that
    /// a [`guest`](Self::guest) guard keeps signed-in visitors from.
    #[must_use]
    pub fn recent_sign_in(at_most: Duration) -> Self {
        Self { rule: Rule::RecentSignIn(at_most), elsewhere: None }
    }

    /// Sends those who may not pass to the page at `path`, and tells it in the parameter `next` where they wanted to go,
    /// if that was a `GET`: see [`LocalPath::next_of`]. Requests that do not want a page, such as those of `fetch` and
    /// htmx, still get 401.
    ///
    /// # Errors
    ///
    /// [`ConfigError::InvalidPath`] if that is no [`LocalPath`].
    pub fn or_sign_in_at(mut self, path: &str) -> Result<Self, ConfigError> {
        self.elsewhere = Some(local(path)?);
        Ok(self)
    }

    /// Decides about one request, by the [`Pending`] in its extensions. `None` if it may pass, else what it gets. `target`
    /// is the request's own, where a router has taken a prefix away from `head.uri`. For adapters.
    pub async fn check(&self, head: &Parts, target: Option<&Uri>) -> Option<Answer> {
        let Some(pending) = head.extensions.get::<Pending>() else {
            return Some(no_sessions("this guard"));
        };
        let session = match pending.load().await {
            Ok(session) => session,
            Err(error) => return Some(not_loaded(&error)),
        };
        let now = pending.sessions().inner().clock.now();
        let refusal = self.judge(session.signed_in_at(), now).err()?;
        // What was said is for the page that comes of it. That it cannot be kept after the response is no matter here.
        let _ = session.keep_flash();
        Some(self.refuse(refusal, &head.method, target.unwrap_or(&head.uri), &head.headers))
    }

    fn judge(&self, signed_in: Option<Timestamp>, now: Timestamp) -> Result<(), GuardRefusal> {
        match (self.rule, signed_in) {
            (Rule::User, Some(_)) | (Rule::Guest, None) => Ok(()),
            (Rule::Guest, Some(_)) => Err(GuardRefusal::SignedIn),
            (Rule::User | Rule::RecentSignIn(_), None) => Err(GuardRefusal::NotSignedIn),
            (Rule::RecentSignIn(most), Some(at)) if now.since(at) <= most => Ok(()),
            (Rule::RecentSignIn(_), Some(_)) => Err(GuardRefusal::NotRecently),
        }
    }

    fn refuse(
        &self,
        refusal: GuardRefusal,
        method: &Method,
        target: &Uri,
        headers: &HeaderMap,
    ) -> Answer {
        let away =
            self.elsewhere.as_ref().filter(|_| self.rule == Rule::Guest || wants_page(headers));
        let mut response = match away {
            Some(path) => {
                // Nobody can be sent back to a form that was sent.
                let back =
                    self.rule != Rule::Guest && matches!(*method, Method::GET | Method::HEAD);
                let location =
                    if back { path.leading_to(&LocalPath::of(target)) } else { path.to_string() };
                let location =
                    HeaderValue::try_from(location).expect("a local path is visible ASCII");
                let mut response = answer(StatusCode::SEE_OTHER, refusal.to_string());
                response.headers_mut().insert(LOCATION, location);
                response
            }
            None => {
                let mut response = answer(StatusCode::UNAUTHORIZED, refusal.to_string());
                // RFC 9110, section 15.5.2, wants a challenge; browsers pass over one that they do not know.
                let challenge = HeaderValue::from_static("Cookie");
                response.headers_mut().insert(WWW_AUTHENTICATE, challenge);
                response
            }
        };
        response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        response.extensions_mut().insert(refusal);
        response
    }
}

impl fmt::Display for GuardRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotSignedIn => "Please sign in first.",
            Self::NotRecently => "Please sign in again to go on.",
            Self::SignedIn => "You are signed in already.",
        })
    }
}

/// Returns the answer to a request whose handler needs a signed-in visitor, where nobody is; for adapters' extractors.
#[must_use]
pub fn not_signed_in() -> Answer {
    let nowhere = Uri::default();
    Guard::require_user().refuse(
        GuardRefusal::NotSignedIn,
        &Method::GET,
        &nowhere,
        &HeaderMap::new(),
    )
}

fn local(path: &str) -> Result<LocalPath, ConfigError> {
    LocalPath::parse(path).ok_or_else(|| ConfigError::InvalidPath {
        path: path.to_owned(),
        why: "it must be a path on this site that begins with one slash".to_owned(),
    })
}

/// Tells whether a browser asks for a page to show, and not a script for data.
fn wants_page(headers: &HeaderMap) -> bool {
    if headers.contains_key(HX_REQUEST) {
        return false;
    }
    match headers.get(SEC_FETCH_MODE) {
        Some(mode) => mode == "navigate",
        None => {
            let mut accepted = headers.get_all(ACCEPT).into_iter();
            accepted.any(|types| types.to_str().is_ok_and(|types| types.contains("text/html")))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: Duration = Duration::from_secs(60);

    #[test]
    fn who_may_pass() {
        use GuardRefusal as R;
        let recent = Guard::recent_sign_in(10 * MINUTE);
        let (user, guest) = (Guard::require_user(), Guard::guest("/home").unwrap());
        let start = Timestamp::from_millis(1_000_000);
        let limit = start.plus(10 * MINUTE);
        let past = start.plus(10 * MINUTE + Duration::from_millis(1));
        for (guard, signed_in, now, expected) in [
            (&user, None, start, Err(R::NotSignedIn)),
            (&user, Some(start), past, Ok(())),
            (&guest, None, start, Ok(())),
            (&guest, Some(start), start, Err(R::SignedIn)),
            (&recent, None, start, Err(R::NotSignedIn)),
            (&recent, Some(start), start, Ok(())),
            (&recent, Some(start), limit, Ok(())),
            (&recent, Some(start), past, Err(R::NotRecently)),
            // Another server's clock is a little ahead.
            (&recent, Some(limit), start, Ok(())),
        ] {
            assert_eq!(guard.judge(signed_in, now), expected, "{guard:?} {signed_in:?} {now:?}");
        }
    }

    #[test]
    fn who_is_sent_where() {
        let user = Guard::require_user().or_sign_in_at("/sign-in").unwrap();
        let guest = Guard::guest("/home").unwrap();
        let refuse = |guard: &Guard, method: Method, header: &str| {
            let (name, value) = header.split_once(": ").unwrap();
            let name: HeaderName = name.parse().unwrap();
            let headers = HeaderMap::from_iter([(name, value.parse().unwrap())]);
            let target = "/orders?page=2".parse().unwrap();
            let answer = guard.refuse(GuardRefusal::NotSignedIn, &method, &target, &headers);
            assert_eq!(answer.headers()[CACHE_CONTROL], "no-store");
            let location = answer.headers().get(LOCATION).map(|to| to.to_str().unwrap().to_owned());
            (answer.status().as_u16(), location.unwrap_or_default())
        };
        let with_next = "/sign-in?next=%2Forders%3Fpage%3D2";
        let page = "accept: text/html,application/xhtml+xml";
        for (guard, method, header, expected) in [
            (&user, Method::GET, page, (303, with_next)),
            (&user, Method::HEAD, page, (303, with_next)),
            (&user, Method::GET, "sec-fetch-mode: navigate", (303, with_next)),
            (&user, Method::POST, page, (303, "/sign-in")),
            (&user, Method::DELETE, page, (303, "/sign-in")),
            (&user, Method::GET, "sec-fetch-mode: cors", (401, "")),
            (&user, Method::GET, "accept: application/json", (401, "")),
            (&user, Method::GET, "accept: */*", (401, "")),
            (&user, Method::GET, "hx-request: true", (401, "")),
            (&Guard::require_user(), Method::GET, page, (401, "")),
            (&guest, Method::GET, page, (303, "/home")),
            (&guest, Method::POST, "accept: */*", (303, "/home")),
        ] {
            let (status, location) = refuse(guard, method.clone(), header);
            assert_eq!((status, location.as_str()), expected, "{guard:?} {method} {header}");
        }
    }

    #[test]
    fn a_guard_sends_nobody_to_another_site() {
        for path in ["//evil.example", "https://evil.example", "sign-in", ""] {
            assert!(Guard::guest(path).is_err(), "{path:?}");
            let error = Guard::require_user().or_sign_in_at(path).unwrap_err();
            assert!(error.to_string().contains(&format!("{path:?}")), "{error}");
        }
        // A target that is no local path leads to the front page.
        let target = "//evil.example/x".parse::<Uri>().unwrap_or_default();
        let headers =
            HeaderMap::from_iter([(SEC_FETCH_MODE, HeaderValue::from_static("navigate"))]);
        let guard = Guard::require_user().or_sign_in_at("/in").unwrap();
        let answer = guard.refuse(GuardRefusal::NotSignedIn, &Method::GET, &target, &headers);
        assert_eq!(answer.headers()[LOCATION], "/in?next=%2F");
    }
}
