//! The response's body: the service's own, or none.

use std::pin::Pin;
use std::task::{Context, Poll};

use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;

pin_project! {
    /// A service's body `B`; empty in the response to a request whose session could not be saved. Asks nothing of
    /// `B`, neither a `Default` nor a kind of data.
    #[derive(Debug)]
    pub struct ResponseBody<B> {
        #[pin]
        body: Option<B>,
    }
}

impl<B> ResponseBody<B> {
    pub(crate) fn service(body: B) -> Self {
        Self { body: Some(body) }
    }

    pub(crate) fn empty() -> Self {
        Self { body: None }
    }
}

/// So that layers which answer by themselves can stand round this one.
impl<B: From<String>> From<String> for ResponseBody<B> {
    fn from(text: String) -> Self {
        Self::service(text.into())
    }
}

impl<B: Body> Body for ResponseBody<B> {
    type Data = B::Data;
    type Error = B::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<B::Data>, B::Error>>> {
        match self.project().body.as_pin_mut() {
            Some(body) => body.poll_frame(cx),
            None => Poll::Ready(None),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.body.as_ref().is_none_or(Body::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        self.body.as_ref().map_or_else(|| SizeHint::with_exact(0), Body::size_hint)
    }
}
