//! What is left to do about a request's session while the application answers, also if nobody waits for it.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use http::header::RETRY_AFTER;
use http::{HeaderValue, Response, StatusCode};

use crate::answer::RETRY_SECONDS;
use crate::{Error, Finish, Finished, Head, Pending};

/// A request's session from its arrival to its response. For adapters, whose future of the response holds it.
///
/// Dropped before [`finish`](Self::finish) and [`poll_save`](Self::poll_save) are done (the handler panicked, the client went
/// away), it hands what must happen nevertheless to the adapter's runtime: a save that has begun, or a `destroy`. Nothing
/// else is saved then.
///
/// ```
/// use cloakroom_core::{Closing, Sessions};
/// use std::future::poll_fn;
///
/// async fn serve(sessions: &Sessions, request: http::Request<()>) -> http::Response<String> {
///     let pending = sessions.pending(request.headers());
///     let mut closing = Closing::new(pending, |rest| drop(tokio::spawn(rest)));
///     let mut response = http::Response::new("the application's".to_owned());
///     let head = match closing.finish(response.status()) {
///         Some(head) => head,
///         None => {
///             let (head, unsaved) = poll_fn(|cx| closing.poll_save(cx)).await;
///             response = unsaved.map_or(response, |unsaved| unsaved.map(|()| String::new()));
///             head
///         }
///     };
///     head.apply(response.headers_mut());
///     response
/// }
/// # drop(serve);
/// ```
pub struct Closing {
    work: Work,
    spawn: fn(Rest),
}

/// What nobody waits for; it logs its failure. Drive it to its end.
pub type Rest = Pin<Box<dyn Future<Output = ()> + Send>>;

enum Work {
    /// All is done, or another layer of the same sessions does it.
    Nothing,
    /// The application is at work.
    Pending(Pending),
    /// The application has answered, and the session is being saved.
    Saving(Pin<Box<dyn Future<Output = Finished> + Send>>),
}

impl Closing {
    /// Begins with the request. `spawn` hands a future to the runtime, or drops it where there is none any more.
    #[must_use]
    pub fn new(pending: Pending, spawn: fn(Rest)) -> Self {
        Self { work: Work::Pending(pending), spawn }
    }

    /// Returns one that does nothing: for a layer inside another one of the same [`Sessions`](crate::Sessions).
    #[must_use]
    pub fn nested() -> Self {
        Self { work: Work::Nothing, spawn: drop }
    }

    /// Tells that the application answers with this status; see [`Pending::finish`]. Returns the headers for the response, or
    /// `None` if the session has to be saved first, by [`poll_save`](Self::poll_save).
    pub fn finish(&mut self, status: StatusCode) -> Option<Head> {
        let finish = match std::mem::replace(&mut self.work, Work::Nothing) {
            Work::Pending(pending) => pending.finish(status),
            Work::Nothing | Work::Saving(_) => Finish::Ready(Head::default()),
        };
        match finish {
            Finish::Ready(head) => Some(head),
            Finish::Commit(commit) => {
                self.work = Work::Saving(commit);
                None
            }
        }
    }

    /// Saves the session. Ready with the headers, and if it could not be saved with what goes out in place of the response,
    /// which would promise what did not happen: 503 with `Retry-After` if the store is down, else 500, without a body. The
    /// cause is logged, not sent.
    pub fn poll_save(&mut self, cx: &mut Context<'_>) -> Poll<(Head, Option<Response<()>>)> {
        let (head, result) = match &mut self.work {
            Work::Saving(commit) => ready!(commit.as_mut().poll(cx)),
            Work::Nothing | Work::Pending(_) => (Head::default(), Ok(())),
        };
        self.work = Work::Nothing;
        Poll::Ready((head, result.err().map(|error| unsaved(&error))))
    }

    fn rest(&mut self) -> Option<Rest> {
        match std::mem::replace(&mut self.work, Work::Nothing) {
            Work::Nothing => None,
            Work::Pending(pending) => {
                let end = pending.abandon()?;
                Some(Box::pin(async move { end.await.unwrap_or_else(|error| log(&error)) }))
            }
            Work::Saving(commit) => {
                Some(Box::pin(async move { commit.await.1.unwrap_or_else(|error| log(&error)) }))
            }
        }
    }
}

impl Drop for Closing {
    fn drop(&mut self) {
        if let Some(rest) = self.rest() {
            (self.spawn)(rest);
        }
    }
}

fn unsaved(error: &Error) -> Response<()> {
    log(error);
    let mut response = Response::new(());
    *response.status_mut() = error.status();
    if error.status() == StatusCode::SERVICE_UNAVAILABLE {
        response.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static(RETRY_SECONDS));
    }
    response
}

fn log(error: &Error) {
    let error: &dyn std::error::Error = error;
    tracing::error!(target: "cloakroom::commit", error, "session not saved");
}

impl fmt::Debug for Closing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Closing").finish_non_exhaustive()
    }
}
