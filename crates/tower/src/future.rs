//! The response on its way: waits for the service, saves the session, adds the headers.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use cloakroom_core::{Error, ErrorKind, Finish, Finished, Head, Pending, ambient};
use http::header::RETRY_AFTER;
use http::{HeaderValue, Response, StatusCode};
use pin_project_lite::pin_project;

use crate::ResponseBody;

pin_project! {
    /// The future of [`SessionService`](crate::SessionService)'s response.
    pub struct ResponseFuture<F: Future> {
        #[pin]
        service: F,
        unfinished: Unfinished,
        // The session that the service finds without its request, where it may.
        scope: Option<Pending>,
        // The response, while it waits until its session is saved.
        response: Option<F::Output>,
    }
}

/// What is still to be done about the session. Dropped before it is done, it does the rest by itself.
struct Unfinished(Work);

enum Work {
    /// All is done, or another layer of the same sessions does it.
    Nothing,
    /// The service is at work.
    Pending(Pending),
    /// The service has answered, and the session is being saved.
    Saving(Commit),
}

type Commit = Pin<Box<dyn Future<Output = Finished> + Send>>;
type Rest = Pin<Box<dyn Future<Output = Result<(), Error>> + Send>>;

impl<F: Future> ResponseFuture<F> {
    pub(crate) fn new(service: F, pending: Pending, scope: Option<Pending>) -> Self {
        let unfinished = Unfinished(Work::Pending(pending));
        Self { service, unfinished, scope, response: None }
    }

    pub(crate) fn nested(service: F, scope: Option<Pending>) -> Self {
        Self { service, unfinished: Unfinished(Work::Nothing), scope, response: None }
    }
}

impl<F, B, E> Future for ResponseFuture<F>
where
    F: Future<Output = Result<Response<B>, E>>,
{
    type Output = Result<Response<ResponseBody<B>>, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        if this.response.is_none() {
            // Without a response nothing but a destroy happens: dropping the work sees to it.
            let polled = match this.scope {
                Some(pending) => ambient::sync_scope(pending, || this.service.poll(cx)),
                None => this.service.poll(cx),
            };
            let mut response = match ready!(polled) {
                Ok(response) => response,
                Err(error) => return Poll::Ready(Err(error)),
            };
            match this.unfinished.finish(&response) {
                Finish::Ready(head) => {
                    head.apply(response.headers_mut());
                    return Poll::Ready(Ok(response.map(ResponseBody::service)));
                }
                Finish::Commit(commit) => this.unfinished.0 = Work::Saving(commit),
            }
            *this.response = Some(Ok(response));
        }
        let (head, result) = ready!(this.unfinished.poll_save(cx));
        this.unfinished.0 = Work::Nothing;
        let response = this.response.take().expect("polled again after it was ready");
        Poll::Ready(response.map(|response| {
            let mut response = match result {
                Ok(()) => response.map(ResponseBody::service),
                Err(error) => failed(&error),
            };
            head.apply(response.headers_mut());
            response
        }))
    }
}

impl Unfinished {
    fn finish<B>(&mut self, response: &Response<B>) -> Finish {
        match std::mem::replace(&mut self.0, Work::Nothing) {
            Work::Pending(pending) => pending.finish(response.status()),
            Work::Nothing | Work::Saving(_) => Finish::Ready(Head::default()),
        }
    }

    fn poll_save(&mut self, cx: &mut Context<'_>) -> Poll<Finished> {
        match &mut self.0 {
            Work::Saving(commit) => commit.as_mut().poll(cx),
            Work::Nothing | Work::Pending(_) => Poll::Ready((Head::default(), Ok(()))),
        }
    }

    /// Returns what must happen although nobody waits for it: a save that has begun, or a destroy.
    fn rest(&mut self) -> Option<Rest> {
        match std::mem::replace(&mut self.0, Work::Nothing) {
            Work::Nothing => None,
            Work::Pending(pending) => pending.abandon().map(|end| Box::pin(end) as _),
            Work::Saving(commit) => Some(Box::pin(async move { commit.await.1 })),
        }
    }
}

/// Answers for a response whose session could not be saved. Never the response itself: it would promise what did
/// not happen.
fn failed<B>(error: &Error) -> Response<ResponseBody<B>> {
    log(error);
    let mut response = Response::new(ResponseBody::empty());
    match error.kind() {
        ErrorKind::Unavailable | ErrorKind::Conflict => {
            *response.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
            response.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("5"));
        }
        _ => *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR,
    }
    response
}

fn log(error: &Error) {
    let error: &dyn std::error::Error = error;
    tracing::error!(target: "cloakroom::commit", error, "session not saved");
}

impl Drop for Unfinished {
    /// The handler panicked, or the client went away.
    fn drop(&mut self) {
        let Some(rest) = self.rest() else { return };
        // Outside a runtime (it is shutting down) nothing can be awaited any more.
        let Ok(runtime) = tokio::runtime::Handle::try_current() else { return };
        runtime.spawn(async move {
            if let Err(error) = rest.await {
                log(&error);
            }
        });
    }
}

impl<F: Future> std::fmt::Debug for ResponseFuture<F> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ResponseFuture").finish_non_exhaustive()
    }
}
