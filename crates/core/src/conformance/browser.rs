//! A visitor: keeps the cookie, as a browser does, and shows what each response did to it.

use std::collections::BTreeMap;
use std::fmt;

use http::header::{COOKIE, SET_COOKIE};
use http::{HeaderMap, HeaderValue, StatusCode};

use crate::{Error, Finish, Pending, Session, Sessions};

/// A visitor with a cookie jar, talking to [`Sessions`] without any framework.
///
/// ```
/// # use cloakroom_core::{MemoryStore, Secret, Sessions, conformance::Browser};
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let sessions = Sessions::builder(MemoryStore::new()).secret(Secret::generate()?).build()?;
/// let mut browser = Browser::new(&sessions);
/// browser.visit(|session| session.set("n", &1)).await??;
/// assert_eq!(browser.visit(|session| session.get::<u32>("n")).await??, Some(1));
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Browser {
    sessions: Sessions,
    /// Ours: the session's own, and those that follow its name.
    cookies: BTreeMap<String, String>,
}

/// A request under way.
#[derive(Debug)]
pub struct Visit {
    pending: Pending,
    session: Session,
}

/// What a response tells the browser.
#[derive(Debug)]
pub struct Response {
    /// The headers that the session added.
    pub headers: HeaderMap,
}

impl Browser {
    /// Makes a browser without cookies.
    #[must_use]
    pub fn new(sessions: &Sessions) -> Self {
        Self { sessions: sessions.clone(), cookies: BTreeMap::new() }
    }

    /// Returns a browser with the same cookie that talks to another application.
    #[must_use]
    pub fn at(&self, sessions: &Sessions) -> Self {
        Self { sessions: sessions.clone(), cookies: self.cookies.clone() }
    }

    /// Returns the cookie's value.
    #[must_use]
    pub fn cookie(&self) -> Option<&str> {
        self.cookies.get(self.sessions.cookie_name()).map(String::as_str)
    }

    /// Returns the names and values of all cookies of ours.
    #[must_use]
    pub fn cookies(&self) -> &BTreeMap<String, String> {
        &self.cookies
    }

    /// Replaces the cookie's value, as a thief or a forger would.
    pub fn set_cookie(&mut self, value: impl Into<String>) {
        self.cookies.insert(self.sessions.cookie_name().to_owned(), value.into());
    }

    /// Returns the request's session, not loaded.
    #[must_use]
    pub fn pending(&self) -> Pending {
        let mut headers = HeaderMap::new();
        if !self.cookies.is_empty() {
            let ours = self.cookies.iter().map(|(name, value)| format!("; {name}={value}"));
            let cookie = "other=1".to_owned() + &ours.collect::<String>();
            headers
                .insert(COOKIE, HeaderValue::try_from(cookie).expect("a cookie is visible text"));
        }
        self.sessions.pending(&headers)
    }

    /// Begins a request and loads its session.
    ///
    /// # Errors
    ///
    /// As [`Pending::load`].
    pub async fn begin(&self) -> Result<Visit, Error> {
        let pending = self.pending();
        let session = pending.load().await?;
        Ok(Visit { pending, session })
    }

    /// Makes a whole request: loads, does `work`, answers 200, keeps the cookie.
    ///
    /// # Errors
    ///
    /// As loading and saving.
    pub async fn visit<T>(&mut self, work: impl FnOnce(&Session) -> T) -> Result<T, Error> {
        let visit = self.begin().await?;
        let result = work(visit.session());
        let response = visit.end(StatusCode::OK).await?;
        self.receive(&response);
        Ok(result)
    }

    /// Takes a response in: keeps or forgets the cookie.
    pub fn receive(&mut self, response: &Response) {
        for (name, value) in response.cookies() {
            if value.is_empty() {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
    }
}

impl Visit {
    /// Returns the session.
    #[must_use]
    pub fn session(&self) -> &Session {
        &self.session
    }

    /// Answers with `status`.
    ///
    /// # Errors
    ///
    /// As saving.
    pub async fn end(self, status: StatusCode) -> Result<Response, Error> {
        let head = match self.pending.finish(status) {
            Finish::Ready(head) => head,
            Finish::Commit(commit) => {
                let (head, result) = commit.await;
                result.map(|()| head)?
            }
        };
        let mut headers = HeaderMap::new();
        head.apply(&mut headers);
        Ok(Response { headers })
    }

    /// Goes away without an answer.
    ///
    /// # Errors
    ///
    /// As saving, if the session was destroyed.
    pub async fn abandon(self) -> Result<(), Error> {
        match self.pending.abandon() {
            Some(end) => end.await,
            None => Ok(()),
        }
    }
}

impl fmt::Debug for Browser {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Browser").field("cookies", &self.cookies.keys()).finish_non_exhaustive()
    }
}

impl Response {
    /// Returns the cookie's new value, empty if it was removed; `None` if the response leaves it alone.
    #[must_use]
    pub fn cookie(&self, sessions: &Sessions) -> Option<String> {
        let ours = |(name, _): &(&str, &str)| *name == sessions.cookie_name();
        self.cookies().find(ours).map(|(_, value)| value.to_owned())
    }

    /// Returns the names and values of all cookies that the response sets; an empty value removes one.
    pub fn cookies(&self) -> impl Iterator<Item = (&str, &str)> {
        self.headers.get_all(SET_COOKIE).iter().map(|line| {
            let line = line.to_str().expect("a cookie is visible text");
            let pair = line.split(';').next().unwrap_or_default();
            pair.split_once('=').unwrap_or_default()
        })
    }
}
