//! The end of a request: what is saved, and what the browser is told.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::Ordering;

use http::StatusCode;

use crate::commit::{commit, commit_now, settle};
use crate::jar::Jar;
use crate::place::Place;
use crate::plan::{Asked, Ending, Plan};
use crate::sessions::OnServerError;
use crate::state::{CookieChange, Phase, State};
use crate::{Error, Head, Pending, Record, Session};

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

/// The end of the request.
impl Pending {
    /// Ends the request's work on the session: decides what to save and what the browser must be told.
    ///
    /// Changes after this are errors. Of a response with a server error (5xx, or 408) nothing is saved but a `destroy`.
    pub fn finish(&self, status: StatusCode) -> Finish {
        self.arrival().finished.store(true, Ordering::Relaxed);
        let work = self.work();
        let Some(mut state) = self.lock_if_loaded() else {
            return Finish::Ready(self.head(Outgoing::default()));
        };
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
            return Finish::Ready(self.head(self.outgoing(&mut state)));
        }
        drop(state);
        if let Some(result) = commit_now(work, ending) {
            let outgoing = self.outgoing(&mut work.lock());
            let head = self.head(outgoing);
            return match result {
                Ok(()) => Finish::Ready(head),
                Err(_) => Finish::Commit(Box::pin(std::future::ready((head, result)))),
            };
        }
        let (pending, work) = (self.clone(), work.clone());
        Finish::Commit(Box::pin(async move {
            let result = commit(&work, ending).await;
            let outgoing = pending.outgoing(&mut work.lock());
            (pending.head(outgoing), result)
        }))
    }

    /// Ends a request whose `save` was dropped or not answered: a token may be on its way to the store.
    fn settle(self) -> Pin<Box<dyn Future<Output = Finished> + Send>> {
        Box::pin(async move {
            match self.loaded().map(Session::work) {
                Some(work) if work.lock().asked == Asked::Destroy => {
                    // To end a session twice does no harm.
                    let result = commit(work, Ending::Failure).await;
                    let outgoing = self.outgoing(&mut work.lock());
                    (self.head(outgoing), result)
                }
                Some(work) => {
                    settle(work).await;
                    let outgoing = self.outgoing(&mut work.lock());
                    (self.head(outgoing), Ok(()))
                }
                None => (self.head(Outgoing::default()), Ok(())),
            }
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

    /// Takes what the browser must be told.
    fn outgoing(&self, state: &mut State) -> Outgoing {
        let has_copy =
            matches!(&self.work().sessions().place, Place::Store(stored) if stored.copy.is_some());
        let copy = if has_copy && state.copy_due { state.record().cloned() } else { None };
        Outgoing { change: state.cookie.take(), copy }
    }

    fn head(&self, outgoing: Outgoing) -> Head {
        let used = self.arrival().asked.load(Ordering::Relaxed);
        let Outgoing { change, copy } = outgoing;
        let mut cookies = Vec::new();
        if change.is_some() || copy.is_some() {
            let jar = Jar { sessions: self.work().sessions(), arrival: self.arrival() };
            cookies = jar.lines(change.map(|change| *change), copy);
        }
        Head { cookies, used }
    }
}

/// What a response must tell the browser.
#[derive(Default)]
struct Outgoing {
    change: Option<Box<CookieChange>>,
    /// The record to send a copy of.
    copy: Option<Record>,
}

impl fmt::Debug for Finish {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ready(head) => f.debug_tuple("Ready").field(head).finish(),
            Self::Commit(_) => f.write_str("Commit(..)"),
        }
    }
}
