//! The response on its way: waits for the service, saves the session, adds the headers.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use cloakroom_core::{Closing, Pending, Rest, ambient};
use http::Response;
use pin_project_lite::pin_project;

use crate::{ResponseBody, grpc};

pin_project! {
    /// The future of [`SessionService`](crate::SessionService)'s response.
    pub struct ResponseFuture<F: Future> {
        #[pin]
        service: F,
        closing: Closing,
        // The session that the service finds without its request, where it may.
        scope: Option<Pending>,
        // The response, while it waits until its session is saved.
        response: Option<F::Output>,
    }
}

impl<F: Future> ResponseFuture<F> {
    pub(crate) fn new(service: F, pending: Pending, scope: Option<Pending>) -> Self {
        Self { service, closing: Closing::new(pending, spawn), scope, response: None }
    }

    pub(crate) fn nested(service: F, scope: Option<Pending>) -> Self {
        Self { service, closing: Closing::nested(), scope, response: None }
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
            // Without a response nothing but a destroy happens: dropping what is left sees to it.
            let polled = match this.scope {
                Some(pending) => ambient::sync_scope(pending, || this.service.poll(cx)),
                None => this.service.poll(cx),
            };
            let mut response = match ready!(polled) {
                Ok(response) => response,
                Err(error) => return Poll::Ready(Err(error)),
            };
            let status = grpc::judged(response.status(), response.headers());
            if let Some(head) = this.closing.finish(status) {
                head.apply(response.headers_mut());
                return Poll::Ready(Ok(response.map(ResponseBody::service)));
            }
            *this.response = Some(Ok(response));
        }
        let (head, unsaved) = ready!(this.closing.poll_save(cx));
        let response = this.response.take().expect("polled again after it was ready");
        Poll::Ready(response.map(|response| {
            let mut response = match unsaved {
                None => response.map(ResponseBody::service),
                Some(unsaved) => unsaved.map(|()| ResponseBody::empty()),
            };
            head.apply(response.headers_mut());
            response
        }))
    }
}

/// Hands over what nobody waits for. Outside a runtime (it is shutting down) nothing can be awaited any more.
fn spawn(rest: Rest) {
    if let Ok(runtime) = tokio::runtime::Handle::try_current() {
        runtime.spawn(rest);
    }
}

impl<F: Future> std::fmt::Debug for ResponseFuture<F> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ResponseFuture").finish_non_exhaustive()
    }
}
