//! Failures that no handler may overlook.
//!
//! In actix-web `Option<T>` is `None` whatever the extractor failed of. For a session that would be: the store is down, so
//! nobody is signed in. So extractors note what failed, and the layer answers with that in place of the handler.

use actix_web::dev::ServiceResponse;
use actix_web::{HttpMessage as _, HttpRequest};
use cloakroom_core::Answer;

use crate::{SessionRejection, UserRejection};

/// What an extractor failed of, in the request's extensions.
#[derive(Clone, Debug)]
pub(crate) struct Failure(UserRejection);

impl Failure {
    /// Returns the rejection, and notes it if it tells of a failure.
    pub(crate) fn note<R: Clone + Into<UserRejection>>(request: &HttpRequest, rejection: R) -> R {
        let noted = rejection.clone().into();
        let failed = match noted {
            // The developer's mistake, but what `Option<Session>` is for.
            UserRejection::Session(SessionRejection::NoLayer) => false,
            UserRejection::NotSignedIn => false,
            UserRejection::Session(SessionRejection::Load(_))
            | UserRejection::Load(_)
            | UserRejection::NoSource(_) => true,
        };
        if failed {
            request.extensions_mut().insert(Self(noted));
        }
        rejection
    }

    /// Returns the failure of a request that was answered as if there were none.
    pub(crate) fn overlooked<B>(response: &ServiceResponse<B>) -> Option<Self> {
        if response.status().is_server_error() {
            return None;
        }
        response.request().extensions().get().cloned()
    }

    pub(crate) fn answer(&self) -> Answer {
        self.0.answer()
    }
}
