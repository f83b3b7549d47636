//! The applications in actix-web.

mod ambient;
mod csrf;
mod drawn;
mod guards;
mod main;
mod places;
mod server;
mod users;

use std::convert::Infallible;

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::StatusCode;
use actix_web::http::header::{HeaderName, HeaderValue};
use actix_web::middleware::{Next, from_fn};
use actix_web::web::{Bytes, Data, Query, ServiceConfig, method, scope};
use actix_web::{HttpRequest, HttpResponse, Responder, Route};
use cloakroom::Sessions;
use cloakroom::actix::{CrossOriginLayer, Error, Session, SessionLayer};
use futures_util::StreamExt as _;

use super::deeds::{self, Asked, Body, Call, Deed, Reply};
use super::{App, Backstage, Server, cross_origin_policy};

/// Serves an application on a free port, by threads of its own, until the server is dropped.
pub(super) async fn serve(app: &App, sessions: &Sessions, backstage: &Backstage) -> Server {
    let (app, backstage) = (app.clone(), backstage.clone());
    let layer = SessionLayer::new(sessions.clone());
    let outermost = match &app {
        App::Behind(proxies) => Some(layer.clone().trusted_proxies(proxies.clone())),
        App::Drawn | App::GuardAlone | App::Places(_) => None,
        _ => Some(layer.clone()),
    };
    let make = move || {
        actix_web::App::new()
            .app_data(Data::new(backstage.clone()))
            .app_data(Data::new(backstage.users.clone()))
            .configure(|config| configure(&app, &layer, config))
    };
    match outermost {
        Some(layer) => server::run(move || make().wrap(layer.clone()).wrap(from_fn(linger))).await,
        None => server::run(move || make().wrap(from_fn(linger))).await,
    }
}

/// Adds an application's routes, and the layers that are not round everything.
fn configure(app: &App, layer: &SessionLayer, config: &mut ServiceConfig) {
    match app {
        App::Main | App::Behind(_) => main::routes(config),
        App::Ambient => ambient::routes(config, layer),
        App::CrossOrigin => {
            let routes = scope("").configure(|config| routes(config, &deeds::CROSS_ORIGIN));
            config.service(routes.wrap(CrossOriginLayer::new(cross_origin_policy())));
        }
        App::Csrf => csrf::routes(config),
        App::Users => users::routes(config),
        App::Guards => guards::routes(config),
        App::Drawn => drawn::routes(config, layer),
        App::GuardAlone => guards::alone(config),
        App::Places(others) => places::routes(config, layer, &SessionLayer::new(others.clone())),
        App::Everything => places::everything(config),
    }
}

async fn linger(
    backstage: Data<Backstage>,
    Query(asked): Query<Asked>,
    request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<impl MessageBody>, actix_web::Error> {
    backstage.gates.linger(asked.linger.as_deref(), next.call(request)).await
}

fn routes(config: &mut ServiceConfig, deeds: &[(&str, &str, Deed)]) {
    for (method, path, deed) in deeds {
        config.route(path, route(method, *deed));
    }
}

fn route(name: &str, deed: Deed) -> Route {
    let handler = move |backstage: Data<Backstage>, asked: Query<Asked>, session: Session| async move {
        let backstage = backstage.get_ref().clone();
        let call = Call { session: session.0, asked: asked.into_inner(), backstage };
        deed(call).await.map_err(Error::from)
    };
    method(name.parse().unwrap()).to(handler)
}

impl Responder for Reply {
    type Body = BoxBody;

    fn respond_to(self, request: &HttpRequest) -> HttpResponse {
        let mut response = match self.body {
            Body::Text(text) => text.respond_to(request).map_into_boxed_body(),
            Body::Stream(stream) => HttpResponse::Ok()
                .streaming(stream.map(|text| Ok::<_, Infallible>(Bytes::from(text)))),
        };
        *response.status_mut() = StatusCode::from_u16(self.status).unwrap();
        for (name, value) in self.headers {
            let value = HeaderValue::from_static(value);
            response.headers_mut().insert(HeaderName::from_static(name), value);
        }
        response
    }
}
