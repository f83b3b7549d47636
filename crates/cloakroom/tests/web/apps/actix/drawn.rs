//! The application with pages of its own for those who are refused.

use actix_web::HttpResponse;
use actix_web::body::MessageBody;
use actix_web::dev::{Extensions, ServiceRequest, ServiceResponse};
use actix_web::middleware::{Next, from_fn};
use actix_web::web::{ServiceConfig, resource, scope};
use cloakroom::actix::{CrossOriginLayer, CsrfLayer, SessionLayer, require_user};
use cloakroom::{CrossOrigin, CrossOriginRefusal, Csrf, CsrfRefusal, GuardRefusal};

use super::super::deeds::DRAWN;

pub(super) fn routes(config: &mut ServiceConfig, layer: &SessionLayer) {
    let routes = scope("")
        .configure(|config| super::routes(config, &DRAWN))
        .service(resource("/orders").get(async || "yours").wrap(require_user()))
        .wrap(CsrfLayer::new(Csrf::new()))
        .wrap(CrossOriginLayer::new(CrossOrigin::new()))
        .wrap(layer.clone())
        .wrap(from_fn(draw));
    config.service(routes);
}

async fn draw(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse, actix_web::Error> {
    let response = next.call(request).await?;
    let refusal = refusal(&response.response().extensions());
    Ok(match refusal {
        Some(refusal) => {
            response.into_response(HttpResponse::Ok().body(format!("drawn: {refusal}")))
        }
        None => response.map_into_boxed_body(),
    })
}

fn refusal(extensions: &Extensions) -> Option<String> {
    let guard = extensions.get::<GuardRefusal>().map(|refusal| format!("{refusal:?}"));
    let csrf = || extensions.get::<CsrfRefusal>().map(|refusal| format!("{refusal:?}"));
    let origin = || extensions.get::<CrossOriginRefusal>().map(|refusal| format!("{refusal:?}"));
    guard.or_else(csrf).or_else(origin)
}
