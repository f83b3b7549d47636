//! Layers on one route, a group or everything, twice, and not at all.

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::middleware::{Next, from_fn};
use actix_web::web::{ServiceConfig, get, resource, scope, to};
use cloakroom::actix::{Error, Lazy, Session, SessionLayer};

pub(super) fn routes(config: &mut ServiceConfig, layer: &SessionLayer, others: &SessionLayer) {
    let layer = || layer.clone();
    let counted = |path| resource(path).get(count);
    let route =
        scope("/route").service(counted("/with").wrap(layer())).service(counted("/without"));
    let group = scope("/group").service(counted("/with")).wrap(layer());
    let nested = scope("/nested")
        .service(counted("/count").wrap(layer()))
        .wrap(layer())
        .wrap(from_fn(counting))
        .wrap(layer())
        .wrap(layer());
    let both = scope("/both")
        .service(counted("/count"))
        .service(counted("/admin").wrap(others.clone()))
        .wrap(layer());
    config
        .service(route)
        .service(group)
        .service(nested)
        .service(both)
        .service(counted("/without"))
        .route("/lazy", get().to(async |_: Lazy| "lazy"))
        .route("/maybe", get().to(maybe));
}

pub(super) fn everything(config: &mut ServiceConfig) {
    config
        .route("/with", get().to(count))
        .route("/maybe", get().to(maybe))
        .default_service(to(count));
}

async fn count(session: Session) -> Result<String, Error> {
    Ok(session.increment("n", 1)?.to_string())
}

async fn maybe(session: Option<Session>) -> String {
    session.is_some().to_string()
}

/// A layer between others that uses the session too.
async fn counting(
    session: Session,
    request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<impl MessageBody>, actix_web::Error> {
    session.increment("n", 1).unwrap();
    next.call(request).await
}
