//! The main application: routes with a deed, and those that are about extractors.

use actix_web::web::{Data, Query, ServiceConfig, get};
use cloakroom::actix::{Error, Lazy, Session, Typed};

use super::super::deeds::{Asked, DONE, MAIN, Shop};
use super::Backstage;

pub(super) fn routes(config: &mut ServiceConfig) {
    super::routes(config, &MAIN);
    config
        .route("/plain", get().to(async || DONE))
        .route("/typed/save", get().to(save))
        .route("/lazy", get().to(lazy))
        .route("/shared", get().to(shared))
        .route("/debug", get().to(debug));
}

async fn save(
    backstage: Data<Backstage>,
    Query(asked): Query<Asked>,
    mut shop: Typed<Shop>,
) -> Result<&'static str, Error> {
    backstage.gates.hold(asked.hold.as_deref()).await;
    if let Some(theme) = asked.theme {
        shop.theme = theme;
    }
    shop.cart.extend(asked.item);
    shop.save()?;
    Ok(DONE)
}

async fn lazy(Query(asked): Query<Asked>, lazy: Lazy) -> Result<String, Error> {
    let mut n = 0;
    for _ in 0..asked.times {
        n = lazy.load().await?.increment("n", 1)?;
    }
    Ok(n.to_string())
}

async fn shared(first: Session, lazy: Lazy, second: Session) -> Result<String, Error> {
    first.set("n", &1)?;
    let third = lazy.load().await?;
    Ok(format!("{:?} {:?}", second.get::<u32>("n")?, third.get::<u32>("n")?))
}

async fn debug(Query(asked): Query<Asked>, lazy: Lazy) -> Result<String, Error> {
    let unloaded = format!("{lazy:?}");
    let session = Session(lazy.load().await?);
    session.set("password", &asked.v)?;
    session.flash("said", &asked.v)?;
    session.renew()?;
    Ok(format!("{unloaded} {session:?} {:?} {:?} {lazy:?}", session.0, lazy.0))
}
