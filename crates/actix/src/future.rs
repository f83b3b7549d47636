//! The response on its way: waits for the application, saves the session, adds the headers.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use actix_web::Error;
use actix_web::body::{EitherBody, MessageBody};
use actix_web::dev::ServiceResponse;
use cloakroom_core::{Closing, Pending, Rest, ambient};
use pin_project_lite::pin_project;

use crate::answered::Answered;
use crate::border;

pin_project! {
    /// The future of [`SessionService`](crate::SessionService)'s response.
    pub struct ResponseFuture<F, B> {
        #[pin]
        service: F,
        closing: Closing,
        // The session that the application finds without its request, where it may.
        scope: Option<Pending>,
        // What was answered, while it waits until its session is saved.
        answered: Option<Answered<B>>,
    }
}

impl<F, B> ResponseFuture<F, B> {
    pub(crate) fn new(service: F, pending: Pending, scope: Option<Pending>) -> Self {
        Self { service, closing: Closing::new(pending, spawn), scope, answered: None }
    }

    pub(crate) fn nested(service: F, scope: Option<Pending>) -> Self {
        Self { service, closing: Closing::nested(), scope, answered: None }
    }
}

impl<F, B> Future for ResponseFuture<F, B>
where
    F: Future<Output = Result<ServiceResponse<B>, Error>>,
    B: MessageBody,
{
    type Output = Result<ServiceResponse<EitherBody<B>>, Error>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        if this.answered.is_none() {
            let polled = match this.scope {
                Some(pending) => ambient::sync_scope(pending, || this.service.poll(cx)),
                None => this.service.poll(cx),
            };
            let answered = Answered::new(ready!(polled));
            if let Some(head) = this.closing.finish(answered.status()) {
                return Poll::Ready(answered.with(head));
            }
            *this.answered = Some(answered);
        }
        let (head, unsaved) = ready!(this.closing.poll_save(cx));
        let mut answered = this.answered.take().expect("polled again after it was ready");
        if let Some(unsaved) = unsaved {
            answered = answered.in_place(border::answer(unsaved.map(|()| String::new())));
        }
        Poll::Ready(answered.with(head))
    }
}

/// Hands over what nobody waits for. Outside a runtime (it is shutting down) nothing can be awaited any more.
fn spawn(rest: Rest) {
    if let Ok(runtime) = tokio::runtime::Handle::try_current() {
        runtime.spawn(rest);
    }
}

impl<F, B> fmt::Debug for ResponseFuture<F, B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResponseFuture").finish_non_exhaustive()
    }
}
