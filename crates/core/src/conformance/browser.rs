//! A visitor: keeps the cookie, as a browser does, and shows what each response did to it.

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
    cookie: Option<String>,
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
        Self { sessions: sessions.clone(), cookie: None }
    }

    /// Returns a browser with the same cookie that talks to another application.
    #[must_use]
    pub fn at(&self, sessions: &Sessions) -> Self {
        Self { sessions: sessions.clone(), cookie: self.cookie.clone() }
    }

    /// Returns the cookie's value.
    #[must_use]
    pub fn cookie(&self) -> Option<&str> {
        self.cookie.as_deref()
    }

    /// Replaces the cookie's value, as a thief or a forger would.
    pub fn set_cookie(&mut self, value: impl Into<String>) {
        self.cookie = Some(value.into());
    }

    /// Returns the request's session, not loaded.
    #[must_use]
    pub fn pending(&self) -> Pending {
        let mut headers = HeaderMap::new();
        if let Some(value) = &self.cookie {
            let cookie = format!("other=1; {}={value}", self.sessions.cookie_name());
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
        if let Some(value) = response.cookie(&self.sessions) {
            self.cookie = (!value.is_empty()).then_some(value);
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
        f.debug_struct("Browser")
            .field("has_cookie", &self.cookie.is_some())
            .finish_non_exhaustive()
    }
}

impl Response {
    /// Returns the cookie's new value, empty if it was removed; `None` if the response leaves it alone.
    #[must_use]
    pub fn cookie(&self, sessions: &Sessions) -> Option<String> {
        let line = self.headers.get(SET_COOKIE)?.to_str().expect("a cookie is visible text");
        let value = line.strip_prefix(sessions.cookie_name())?.strip_prefix('=')?;
        Some(value.split(';').next().unwrap_or_default().to_owned())
    }
}
