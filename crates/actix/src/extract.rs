//! The extractors.

use std::future::{Ready, ready};
use std::ops::Deref;

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpMessage as _, HttpRequest};
use cloakroom_core::Pending;
use futures_util::future::{Either, LocalBoxFuture};

use crate::SessionRejection;
use crate::failure::Failure;

/// The visitor's session, loaded when it is extracted. All methods are those of [`cloakroom_core::Session`].
///
/// `Option<Session>`, for code that works with and without the layer, is `None` where the layer is missing. Where the session
/// cannot be loaded the request gets 503 all the same; see the [crate's documentation](crate#option-and-result).
///
/// # Rejections
///
/// 503 with `Retry-After` while the store is down; 500 where [`SessionLayer`](crate::SessionLayer) is missing.
#[derive(Clone, Debug)]
pub struct Session(pub cloakroom_core::Session);

impl Deref for Session {
    type Target = cloakroom_core::Session;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

type Loaded = Result<Session, SessionRejection>;

impl FromRequest for Session {
    type Error = SessionRejection;
    type Future = Either<Ready<Loaded>, LocalBoxFuture<'static, Loaded>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let pending = request.extensions().get::<Pending>().cloned();
        let Some(pending) = pending else {
            return Either::Left(ready(Err(SessionRejection::NoLayer)));
        };
        if let Some(result) = pending.load_now() {
            return Either::Left(ready(loaded(request, result)));
        }
        let request = request.clone();
        Either::Right(Box::pin(async move { loaded(&request, pending.load().await) }))
    }
}

fn loaded(
    request: &HttpRequest,
    result: Result<cloakroom_core::Session, cloakroom_core::Error>,
) -> Loaded {
    result.map(Session).map_err(|error| Failure::note(request, SessionRejection::Load(error)))
}

/// The visitor's session, not loaded until [`load`](Pending::load) is called: for handlers that often do without.
#[derive(Clone, Debug)]
pub struct Lazy(pub Pending);

impl Deref for Lazy {
    type Target = Pending;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl FromRequest for Lazy {
    type Error = SessionRejection;
    type Future = Ready<Result<Self, SessionRejection>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let pending = request.extensions().get().cloned();
        ready(pending.map(Self).ok_or(SessionRejection::NoLayer))
    }
}
