//! What the application answered: a response, or an error of a middleware that will become one.

use std::cell::RefCell;

use actix_web::body::{EitherBody, MessageBody};
use actix_web::dev::ServiceResponse;
use actix_web::{Error, HttpResponse};
use cloakroom_core::Head;
use http::StatusCode;

use crate::border;
use crate::failure::Failure;

/// Handlers' errors are responses here already.
pub(crate) enum Answered<B> {
    Response(ServiceResponse<EitherBody<B>>),
    /// With its response: that decides what is saved, and goes out with the session's headers.
    Error(Error, HttpResponse),
}

impl<B: MessageBody> Answered<B> {
    pub(crate) fn new(result: Result<ServiceResponse<B>, Error>) -> Self {
        match result {
            Ok(response) => {
                let failure = Failure::overlooked(&response);
                let answered = Self::Response(response.map_into_left_body());
                match failure {
                    Some(failure) => answered.in_place(border::answer(failure.answer())),
                    None => answered,
                }
            }
            Err(error) => {
                let response = error.error_response();
                Self::Error(error, response)
            }
        }
    }

    pub(crate) fn status(&self) -> StatusCode {
        border::status(match self {
            Self::Response(response) => response.status(),
            Self::Error(_, response) => response.status(),
        })
    }

    /// Returns the same with another response.
    pub(crate) fn in_place(self, other: HttpResponse) -> Self {
        match self {
            Self::Response(response) => {
                Self::Response(response.into_response(other.map_into_right_body()))
            }
            Self::Error(error, _) => Self::Error(error, other),
        }
    }

    /// Returns it with the session's headers, as the service's result.
    pub(crate) fn with(self, head: Head) -> Result<ServiceResponse<EitherBody<B>>, Error> {
        match self {
            Self::Response(mut response) => {
                border::apply(head, response.headers_mut());
                Ok(response)
            }
            Self::Error(mut error, response) => {
                // It stays the error that it is, for the middleware outside. Some make their response only once.
                let first = RefCell::new(Some(response));
                error.add_response_mapper(move |again| {
                    let mut response = first.take().unwrap_or(again);
                    border::apply(head.clone(), response.headers_mut());
                    response
                });
                Err(error)
            }
        }
    }
}
