//! A response that is the service's, or an answer in its place.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use cloakroom_core::Answer;
use http::Response;
use pin_project_lite::pin_project;

pin_project! {
    /// The future of [`CrossOriginService`](crate::CrossOriginService)'s response.
    #[derive(Debug)]
    pub struct AnsweredFuture<F> {
        #[pin]
        service: Option<F>,
        answer: Option<Answer>,
    }
}

impl<F> AnsweredFuture<F> {
    pub(crate) fn service(service: F) -> Self {
        Self { service: Some(service), answer: None }
    }

    pub(crate) fn answer(answer: Answer) -> Self {
        Self { service: None, answer: Some(answer) }
    }
}

impl<F, B, E> Future for AnsweredFuture<F>
where
    F: Future<Output = Result<Response<B>, E>>,
    B: From<String>,
{
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        match this.service.as_pin_mut() {
            Some(service) => service.poll(cx),
            None => {
                let answer = this.answer.take().expect("polled again after it was ready");
                Poll::Ready(Ok(answer.map(B::from)))
            }
        }
    }
}
