//! The service: puts the pending session into the request.

use std::sync::Arc;
use std::task::{Context, Poll};

use cloakroom_core::{Pending, Sessions, TrustedProxies, ambient};
use http::{Request, Response};
use tower_service::Service;

use crate::layer::Address;
use crate::{ResponseBody, ResponseFuture};

/// A service with sessions; made by [`SessionLayer`](crate::SessionLayer). See the [crate's documentation](crate).
#[derive(Clone, Debug)]
pub struct SessionService<S> {
    pub(crate) inner: S,
    pub(crate) sessions: Sessions,
    pub(crate) address: Option<Address>,
    pub(crate) proxies: Option<Arc<TrustedProxies>>,
    pub(crate) ambient: bool,
}

impl<S> SessionService<S> {
    fn call_in<Request>(&mut self, scope: Option<&Pending>, request: Request) -> S::Future
    where
        S: Service<Request>,
    {
        match scope {
            Some(pending) => ambient::sync_scope(pending, || self.inner.call(request)),
            None => self.inner.call(request),
        }
    }
}

impl<S, Req, Res> Service<Request<Req>> for SessionService<S>
where
    S: Service<Request<Req>, Response = Response<Res>>,
{
    type Response = Response<ResponseBody<Res>>;
    type Error = S::Error;
    type Future = ResponseFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<Req>) -> Self::Future {
        let outer = request.extensions().get::<Pending>();
        if outer.is_some_and(|pending| pending.sessions().is_same(&self.sessions)) {
            let scope = outer.filter(|_| self.ambient).cloned();
            return ResponseFuture::nested(self.call_in(scope.as_ref(), request), scope);
        }
        let pending = self.sessions.pending(request.headers());
        if let Some(address) = self.address.and_then(|find| find(request.extensions())) {
            let proxies = self.proxies.as_ref();
            let client =
                proxies.map_or(address, |proxies| proxies.client(address, request.headers()));
            pending.set_address(client);
        }
        request.extensions_mut().insert(pending.clone());
        let scope = self.ambient.then(|| pending.clone());
        ResponseFuture::new(self.call_in(scope.as_ref(), request), pending, scope)
    }
}

/// Takes the service that is ready, and leaves a clone, which is not, in its place.
pub(crate) fn take_ready<S: Clone>(inner: &mut S) -> S {
    let clone = inner.clone();
    std::mem::replace(inner, clone)
}
