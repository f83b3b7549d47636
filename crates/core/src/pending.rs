//! A request's session before it is loaded, and the end of the request.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};

use futures_util::lock::Mutex;
use http::header::COOKIE;
use http::{HeaderMap, HeaderValue, StatusCode};

use crate::commit::{Asker, Found, commit, commit_now, settle};
use crate::cookie::{MOST_CANDIDATES, values_of};
use crate::plan::{Asked, Ending, Plan};
use crate::session::Locked;
use crate::sessions::{OnServerError, OnStoreError};
use crate::state::{CookieChange, Phase, Standing, State};
use crate::token::{Token, Unverified};
use crate::{Error, Head, Session, Sessions};

/// The session of a request, not loaded yet. Adapters put it into the request's extensions.
///
/// It has no `get`: making one costs no I/O, not even the cookie is looked at. What wants the session calls
/// [`load`](Self::load), which asks the store once a request; a request that never does touches no store.
#[derive(Clone)]
pub struct Pending(Session);

/// What a request brought, and how far it is.
#[derive(Default)]
pub(crate) struct Arrival {
    /// The first `Cookie` header; there are more only in HTTP/2, and then rarely.
    cookie: Option<HeaderValue>,
    more_cookies: Vec<HeaderValue>,
    loading: Mutex<()>,
    /// Something wanted the session, whether or not it could be loaded.
    asked: AtomicBool,
    finished: AtomicBool,
}

/// The end of a request; see [`Pending::finish`].
#[must_use = "a session that is not finished is not saved"]
pub enum Finish {
    /// Nothing had to be saved, or it was saved on the spot.
    Ready(Head),
    /// One store call has to be made; drive this to its end before the response goes out.
    Commit(Pin<Box<dyn Future<Output = Finished> + Send>>),
}

/// What a commit leaves to do. The head goes out in any case, also with the response that tells of the error: a token
/// that an earlier [`save`](crate::Session::save) earned is the only way to its session.
pub type Finished = (Head, Result<(), Error>);

impl Pending {
    pub(crate) fn new(sessions: Sessions, headers: &HeaderMap) -> Self {
        let mut cookies = headers.get_all(COOKIE).iter().cloned();
        let cookie = cookies.next();
        let more_cookies = cookies.collect();
        Self(Session::unloaded(sessions, Arrival { cookie, more_cookies, ..Arrival::default() }))
    }

    /// Returns whose session this is.
    #[must_use]
    pub fn sessions(&self) -> &Sessions {
        &self.0.work().sessions
    }

    /// Returns the session if something in this request loaded it already.
    #[must_use]
    pub fn loaded(&self) -> Option<&Session> {
        self.lock_if_loaded().map(|_| &self.0)
    }

    /// Loads the session: from the store if the request brought a token that we signed, else a new and empty one,
    /// without any store call. The second caller in a request gets what the first one loaded.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Unavailable`](crate::ErrorKind::Unavailable) if the store fails: that is no empty session. See
    /// [`SessionsBuilder::on_store_error`](crate::SessionsBuilder::on_store_error).
    /// [`ErrorKind::Corrupt`](crate::ErrorKind::Corrupt) if the record cannot be read, and
    /// [`ErrorKind::Closed`](crate::ErrorKind::Closed) if nothing asked for the session before the response.
    pub async fn load(&self) -> Result<Session, Error> {
        if let Some(session) = self.loaded() {
            return Ok(session.clone());
        }
        self.ask()?;
        let _one_at_a_time = self.arrival().loading.lock().await;
        if let Some(session) = self.loaded() {
            return Ok(session.clone());
        }
        let sessions = self.0.work().sessions();
        let Some(token) = self.token() else { return Ok(self.begin(Standing::Nowhere)) };
        let found = sessions.find(token.id(), None, Asker::Newcomer, sessions.clock.now()).await;
        self.standing(token, found).map(|standing| self.begin(standing))
    }

    /// Like [`load`](Self::load), but on the spot; `None` if that takes a trip to the store, and then `load` does it.
    /// For adapters: it spares a request without a session, or with one in memory, a future.
    #[must_use]
    pub fn load_now(&self) -> Option<Result<Session, Error>> {
        if let Some(session) = self.loaded() {
            return Some(Ok(session.clone()));
        }
        if let Err(error) = self.ask() {
            return Some(Err(error));
        }
        let sessions = self.0.work().sessions();
        // Not worth verifying the token twice.
        if sessions.store.gathers() && self.arrival().cookie.is_some() {
            return None;
        }
        let Some(token) = self.token() else { return Some(Ok(self.begin(Standing::Nowhere))) };
        let found = sessions.find_now(token.id(), sessions.clock.now())?;
        Some(self.standing(token, found).map(|standing| self.begin(standing)))
    }

    /// Notes that the session is wanted. After the response that is too late: no change could be saved.
    fn ask(&self) -> Result<(), Error> {
        self.arrival().asked.store(true, Ordering::Relaxed);
        if self.arrival().finished.load(Ordering::Relaxed) { Err(Error::closed()) } else { Ok(()) }
    }

    fn begin(&self, standing: Standing) -> Session {
        self.0.work().begin(|| State::new(standing));
        self.0.clone()
    }

    fn lock_if_loaded(&self) -> Option<Locked<'_>> {
        // A lock costs more than a look at whether anybody asked.
        let asked = self.arrival().asked.load(Ordering::Relaxed);
        if asked { self.0.work().lock_if_loaded() } else { None }
    }

    fn arrival(&self) -> &Arrival {
        &self.0.work().arrival
    }

    /// Tells where the session of `token` stands, by what was found under its id.
    fn standing(&self, token: Token, found: Result<Found, Error>) -> Result<Standing, Error> {
        match found {
            Ok(Found::Gone) => Ok(Standing::Nowhere),
            Ok(Found::Left) => Ok(Standing::Moved),
            Ok(Found::Live(record)) => {
                let token = Some(token).filter(|token| token.id() == record.id);
                Ok(Standing::Live { record, token })
            }
            Err(error) if error.is_unavailable() => {
                match self.0.work().sessions().settings.on_store_error {
                    OnStoreError::Fail => Err(error),
                    OnStoreError::ReadOnlyAnonymous => Ok(Standing::Unknown),
                }
            }
            Err(error) => Err(error),
        }
    }

    /// Returns the token of the request, if there is exactly one that we signed. Of two different ones nobody knows
    /// which is the visitor's own, so neither counts.
    fn token(&self) -> Option<Token> {
        let sessions = self.0.work().sessions();
        let arrival = self.arrival();
        let mut found: Option<Token> = None;
        let mut candidates = 0;
        for cookie in arrival.cookie.iter().chain(&arrival.more_cookies) {
            for value in values_of(cookie.as_bytes(), sessions.cookie.name()) {
                candidates += 1;
                if candidates > MOST_CANDIDATES {
                    return found;
                }
                let token = Unverified::parse(value).and_then(|text| sessions.keys.verify(&text));
                match (token, &found) {
                    (Some(token), Some(other)) if token != *other => return None,
                    (Some(token), _) => found = Some(token),
                    (None, _) => {}
                }
            }
        }
        found
    }

    /// Ends the request's work on the session: decides what to save and what the browser must be told.
    ///
    /// Changes after this are errors. Of a response with a server error (5xx, or 408) nothing is saved but a `destroy`.
    pub fn finish(&self, status: StatusCode) -> Finish {
        self.arrival().finished.store(true, Ordering::Relaxed);
        let work = self.0.work();
        let Some(mut state) = self.lock_if_loaded() else { return Finish::Ready(self.head(None)) };
        let sessions = work.sessions();
        // A 408 is what timeout layers answer for a handler that they cut off.
        let error = status.is_server_error() || status == StatusCode::REQUEST_TIMEOUT;
        let failed = error && sessions.settings.on_server_error == OnServerError::Discard;
        let ending = if failed { Ending::Failure } else { Ending::Success };
        let before = std::mem::replace(&mut state.phase, Phase::Closed);
        match before {
            Phase::Closed => return Finish::Ready(Head::default()),
            Phase::Unsure => {
                drop(state);
                return Finish::Commit(self.clone().settle());
            }
            Phase::Open | Phase::Saving => {}
        }
        let idle = before == Phase::Open
            && state.is_untouched()
            && state.plan(&sessions.settings, ending, sessions.clock.now()) == Plan::Nothing;
        if idle {
            return Finish::Ready(self.head(state.cookie.take()));
        }
        drop(state);
        if let Some(result) = commit_now(work, ending) {
            let head = self.head(work.lock().cookie.take());
            return match result {
                Ok(()) => Finish::Ready(head),
                Err(_) => Finish::Commit(Box::pin(std::future::ready((head, result)))),
            };
        }
        let (pending, work) = (self.clone(), work.clone());
        Finish::Commit(Box::pin(async move {
            let result = commit(&work, ending).await;
            let cookie = work.lock().cookie.take();
            (pending.head(cookie), result)
        }))
    }

    /// Ends a request whose `save` was dropped or not answered: a token may be on its way to the store.
    fn settle(self) -> Pin<Box<dyn Future<Output = Finished> + Send>> {
        Box::pin(async move {
            let cookie = match self.loaded().map(Session::work) {
                Some(work) if work.lock().asked == Asked::Destroy => {
                    // To end a session twice does no harm.
                    let result = commit(work, Ending::Failure).await;
                    let cookie = work.lock().cookie.take();
                    return (self.head(cookie), result);
                }
                Some(work) => {
                    settle(work).await;
                    work.lock().cookie.take()
                }
                None => None,
            };
            (self.head(cookie), Ok(()))
        })
    }

    /// Ends a request that has no response: its handler panicked, or its client went away. Nothing is saved but a
    /// `destroy`, which the caller must then drive to its end.
    #[must_use]
    pub fn abandon(&self) -> Option<impl Future<Output = Result<(), Error>> + Send + use<>> {
        let work = self.loaded()?.work().clone();
        {
            let mut state = work.lock();
            let ended = state.asked == Asked::Destroy && state.phase != Phase::Closed;
            self.arrival().finished.store(true, Ordering::Relaxed);
            state.phase = Phase::Closed;
            if !ended {
                return None;
            }
        }
        Some(async move { commit(&work, Ending::Failure).await })
    }

    fn head(&self, change: Option<Box<CookieChange>>) -> Head {
        let sessions = self.0.work().sessions();
        let line = change.map(|change| match *change {
            CookieChange::Remove => sessions.cookie.remove(),
            CookieChange::Set { token, created_at, extras } => {
                let kept = sessions.cookie.persistent() || extras.lifetime.absolute.is_some();
                let limits = &sessions.settings.limits;
                let now = sessions.clock.now();
                let age = kept.then(|| limits.cookie_age(created_at, extras.lifetime, now));
                sessions.cookie.set(&token.encode(), age)
            }
        });
        let cookie = line.map(|line| (sessions.cookie.name().to_owned(), line));
        Head { cookie, used: self.arrival().asked.load(Ordering::Relaxed) }
    }
}

impl fmt::Debug for Pending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pending").field("loaded", &self.loaded()).finish_non_exhaustive()
    }
}

impl fmt::Debug for Finish {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ready(head) => f.debug_tuple("Ready").field(head).finish(),
            Self::Commit(_) => f.write_str("Commit(..)"),
        }
    }
}
