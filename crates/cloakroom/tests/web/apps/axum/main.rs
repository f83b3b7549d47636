//! The main application: routes with a deed, and those that are about extractors.

use std::net::{IpAddr, SocketAddr};

use axum::Router;
use axum::extract::{ConnectInfo, Query, State};
use axum::http::Extensions;
use axum::routing::get;
use cloakroom::axum::{Error, Lazy, Session, SessionLayer, Typed};

use super::super::deeds::{Asked, DONE, MAIN, Shop};
use super::{Backstage, routes};

pub(super) fn router(layer: SessionLayer) -> Router<Backstage> {
    routes(&MAIN)
        .route("/plain", get(async || DONE))
        .route("/typed/save", get(save))
        .route("/lazy", get(lazy))
        .route("/shared", get(shared))
        .route("/debug", get(debug))
        .layer(layer.address(peer))
}

fn peer(extensions: &Extensions) -> Option<IpAddr> {
    extensions.get::<ConnectInfo<SocketAddr>>().map(|peer| peer.0.ip())
}

async fn save(
    State(backstage): State<Backstage>,
    Query(asked): Query<Asked>,
    mut shop: Typed<Shop>,
) -> Result<(), Error> {
    backstage.gates.hold(asked.hold.as_deref()).await;
    if let Some(theme) = asked.theme {
        shop.theme = theme;
    }
    shop.cart.extend(asked.item);
    shop.save()?;
    Ok(())
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
