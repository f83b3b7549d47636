//! The service: puts the pending session into the request.

use std::task::{Context, Poll};

use actix_web::body::{EitherBody, MessageBody};
use actix_web::dev::{Service, ServiceRequest, ServiceResponse};
use actix_web::{Error, HttpMessage as _};
use cloakroom_core::{Pending, TrustedProxies, ambient};

use crate::{ResponseFuture, SessionLayer, border};

/// A service with sessions; made by [`SessionLayer`].
#[derive(Debug)]
pub struct SessionService<S> {
    pub(crate) inner: S,
    pub(crate) layer: SessionLayer,
}

impl<S: Service<ServiceRequest>> SessionService<S> {
    fn call_in(&self, scope: Option<&Pending>, request: ServiceRequest) -> S::Future {
        match scope {
            Some(pending) => ambient::sync_scope(pending, || self.inner.call(request)),
            None => self.inner.call(request),
        }
    }
}

impl<S, B> Service<ServiceRequest> for SessionService<S>
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error>,
    B: MessageBody,
{
    type Response = ServiceResponse<EitherBody<B>>;
    type Error = Error;
    type Future = ResponseFuture<S::Future, B>;

    fn poll_ready(&self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&self, request: ServiceRequest) -> Self::Future {
        let SessionLayer { sessions, address, proxies, ambient } = &self.layer;
        let outer = request.extensions().get::<Pending>().cloned();
        if let Some(outer) = outer.filter(|pending| pending.sessions().is_same(sessions)) {
            let scope = Some(outer).filter(|_| *ambient);
            return ResponseFuture::nested(self.call_in(scope.as_ref(), request), scope);
        }
        let pending = border::pending(sessions, request.head());
        if let Some(address) = address(&request) {
            let client = proxies.as_ref().map_or(address, |proxies| {
                let headers = border::headers(request.head(), &TrustedProxies::HEADERS);
                proxies.client(address, &headers)
            });
            pending.set_address(client);
        }
        request.extensions_mut().insert(pending.clone());
        let scope = ambient.then(|| pending.clone());
        ResponseFuture::new(self.call_in(scope.as_ref(), request), pending, scope)
    }
}
