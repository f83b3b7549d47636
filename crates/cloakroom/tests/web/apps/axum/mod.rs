//! The applications in axum.

mod ambient;
mod csrf;
mod drawn;
mod guards;
mod main;
mod places;
mod users;

use std::convert::Infallible;
use std::net::SocketAddr;

use axum::Router;
use axum::body::Body;
use axum::extract::{FromRef, Query, Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodFilter, MethodRouter, on};
use cloakroom::Sessions;
use cloakroom::axum::{CrossOriginLayer, Error, Session, SessionLayer};
use futures_util::StreamExt as _;
use tokio::net::TcpListener;

use super::backstage::Users;
use super::deeds::{self, Asked, Call, Deed, Reply};
use super::{App, Backstage, Server, cross_origin_policy};

/// Serves an application on a free port until the test's runtime ends.
pub(super) async fn serve(app: &App, sessions: &Sessions, backstage: &Backstage) -> Server {
    let router = router(app, sessions, backstage);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let service = router.into_make_service_with_connect_info::<SocketAddr>();
    tokio::spawn(async move { axum::serve(listener, service).await });
    Server::new(address, ())
}

/// Makes an application.
pub(crate) fn router(app: &App, sessions: &Sessions, backstage: &Backstage) -> Router {
    let layer = SessionLayer::new(sessions.clone());
    let router = match app {
        App::Main => main::router(layer),
        App::Behind(proxies) => main::router(layer.trusted_proxies(proxies.clone())),
        App::Ambient => ambient::router(layer),
        App::CrossOrigin => routes(&deeds::CROSS_ORIGIN)
            .layer(CrossOriginLayer::new(cross_origin_policy()))
            .layer(layer),
        App::Csrf => csrf::router(layer),
        App::Users => users::router(layer),
        App::Guards => guards::router(layer),
        App::Drawn => drawn::router(layer),
        App::GuardAlone => guards::alone(),
        App::Places(others) => places::router(&layer, SessionLayer::new(others.clone())),
        App::Everything => places::everything(layer),
    };
    let linger = from_fn_with_state(backstage.clone(), linger);
    router.layer(linger).with_state(backstage.clone())
}

async fn linger(
    State(backstage): State<Backstage>,
    Query(asked): Query<Asked>,
    request: Request,
    next: Next,
) -> Response {
    backstage.gates.linger(asked.linger.as_deref(), next.run(request)).await
}

fn routes(deeds: &[(&str, &str, Deed)]) -> Router<Backstage> {
    deeds.iter().fold(Router::new(), |router, (method, path, deed)| {
        router.route(path, route(method, *deed))
    })
}

fn route(method: &str, deed: Deed) -> MethodRouter<Backstage> {
    let handler = async move |State(backstage): State<Backstage>,
                              Query(asked): Query<Asked>,
                              Session(session): Session| {
        deed(Call { session, asked, backstage }).await.map_err(Error::from)
    };
    on(MethodFilter::try_from(method.parse::<axum::http::Method>().unwrap()).unwrap(), handler)
}

impl FromRef<Backstage> for Users {
    fn from_ref(backstage: &Backstage) -> Self {
        backstage.users.clone()
    }
}

impl IntoResponse for Reply {
    fn into_response(self) -> Response {
        let mut headers = HeaderMap::new();
        for (name, value) in self.headers {
            headers.insert(name, HeaderValue::from_static(value));
        }
        let body = match self.body {
            deeds::Body::Text(text) => text.into_response(),
            deeds::Body::Stream(stream) => {
                Body::from_stream(stream.map(Ok::<_, Infallible>)).into_response()
            }
        };
        (StatusCode::from_u16(self.status).unwrap(), headers, body).into_response()
    }
}
