//! Sessions by hand: a server of `hyper` alone, without a layer and without a framework. Beside it run those of each
//! framework, whose layers see the same sessions.

use std::convert::Infallible;

use axum::http::{Request, Response, StatusCode};
use cloakroom::{Error, Saved, Sessions, UserId};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;

use crate::apps::Server;
use crate::support::{Gates, Site, Visitor};

on_every_store!(create_read_update_and_delete_by_hand);
on_every_store!(who_signs_in_by_hand_keeps_the_cart_and_gets_a_new_token);
on_every_store!(a_change_by_hand_that_overlaps_others_is_not_lost);
on_every_store!(a_change_by_hand_that_overlaps_a_sign_out_brings_nothing_back);

/// Serves `sessions` on a port of its own.
async fn serve(sessions: Sessions, gates: Gates) -> Server {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let (sessions, gates) = (sessions.clone(), gates.clone());
            let service = service_fn(move |request| {
                let (sessions, gates) = (sessions.clone(), gates.clone());
                async move { Ok::<_, Infallible>(answer(&sessions, &gates, request).await) }
            });
            tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
        }
    });
    Server::new(address, ())
}

async fn answer(
    sessions: &Sessions,
    gates: &Gates,
    request: Request<Incoming>,
) -> Response<String> {
    handle(sessions, gates, request).await.unwrap_or_else(|error| {
        let mut response = Response::new(error.to_string());
        *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
        response
    })
}

async fn handle(
    sessions: &Sessions,
    gates: &Gates,
    request: Request<Incoming>,
) -> Result<Response<String>, Error> {
    let mut response = Response::new(String::new());
    if request.uri().path() == "/create" {
        let ticket = sessions.create(request.headers(), |session| session.set("n", &1)).await?;
        ticket.set_cookie(response.headers_mut()).await?;
        return Ok(response);
    }
    let Some(ticket) = sessions.from_request(request.headers()).await? else {
        *response.body_mut() = "nobody".to_owned();
        return Ok(response);
    };
    match request.uri().path() {
        "/held" => {
            gates.hold(Some("all")).await;
            ticket.increment("n", 1)?;
        }
        "/login" => ticket.sign_in("ann")?,
        "/logout" => {
            ticket.delete(response.headers_mut()).await?;
            return Ok(response);
        }
        _ => *response.body_mut() = ticket.get("n")?.unwrap_or(0).to_string(),
    }
    ticket.set_cookie(response.headers_mut()).await?;
    Ok(response)
}

async fn at_the_door(site: &Site) -> Visitor {
    serve(site.sessions.clone(), site.backstage.gates.clone()).await.visitor()
}

async fn create_read_update_and_delete_by_hand(site: Site) {
    let mut visitor = at_the_door(&site).await;
    let nobody = visitor.visit("/read").await;
    assert_eq!((nobody.body.as_str(), nobody.set_cookie()), ("nobody", None));
    assert_eq!(site.gauge.take(), (0, 0));

    assert!(visitor.visit("/create").await.set_cookie().unwrap().contains("HttpOnly"));
    assert_eq!(site.gauge.take(), (0, 1));
    let read = visitor.visit("/read").await;
    assert_eq!((read.body.as_str(), read.set_cookie()), ("1", None));
    assert_eq!(read.header("vary"), "cookie");
    assert_eq!(site.gauge.take(), (1, 0));

    let id = id(&site, &visitor).await;
    let update = site.sessions.update(id, |session| session.set("n", &7)).await;
    assert_eq!(update.unwrap(), Saved::Done);
    assert_eq!(visitor.visit("/read").await.body, "7");
    // The layers of the same sessions see the same.
    assert_eq!(visitor.with_door(&site.visitor()).get("/read").await.body, "7");

    let copy = visitor.clone();
    visitor.visit("/logout").await;
    assert_eq!(visitor.cookie(), None, "the cookie is removed");
    assert_eq!(copy.get("/read").await.body, "nobody");
    assert!(site.sessions.get(id).await.unwrap().is_none());
    let update = site.sessions.update(id, |session| session.set("n", &8)).await;
    assert_eq!(update.unwrap(), Saved::Ended);
    assert_eq!(copy.get("/read").await.body, "nobody");
}

async fn who_signs_in_by_hand_keeps_the_cart_and_gets_a_new_token(site: Site) {
    let mut visitor = at_the_door(&site).await.with_agent("Phone/1.0");
    visitor.visit("/create").await;
    let before = visitor.clone();
    visitor.visit("/login").await;
    assert_ne!(visitor.token(), before.token());
    assert_eq!(visitor.get("/read").await.body, "1");
    assert_eq!(before.get("/read").await.body, "nobody");
    let ann = UserId::new("ann").unwrap();
    let list = site.sessions.of_user(&ann).await.unwrap();
    assert_eq!(list[0].user_agent.as_deref(), Some("Phone/1.0"));
    let renew = site.sessions.update(list[0].id, cloakroom::Session::renew).await;
    assert!(renew.unwrap_err().to_string().contains("cookie"), "nothing could carry it");
}

async fn a_change_by_hand_that_overlaps_others_is_not_lost(site: Site) {
    let mut visitor = at_the_door(&site).await;
    visitor.visit("/create").await;
    let id = id(&site, &visitor).await;
    let gate = site.gate("all", 2);
    let held: Vec<_> = (0..2)
        .map(|_| {
            let visitor = visitor.clone();
            tokio::spawn(async move { visitor.get("/held").await })
        })
        .collect();
    gate.arrived().await;
    let update = site.sessions.update(id, |session| session.increment("n", 1).map(drop));
    assert_eq!(update.await.unwrap(), Saved::Done);
    gate.open().await;
    for answer in held {
        assert_eq!(answer.await.unwrap().status, StatusCode::OK);
    }
    assert_eq!(visitor.get("/read").await.body, "4");
}

async fn a_change_by_hand_that_overlaps_a_sign_out_brings_nothing_back(site: Site) {
    let mut visitor = at_the_door(&site).await;
    visitor.visit("/create").await;
    let detached = site.sessions.get(id(&site, &visitor).await).await.unwrap().unwrap();
    let gate = site.gate("all", 1);
    let held = {
        let visitor = visitor.clone();
        tokio::spawn(async move { visitor.get("/held").await })
    };
    gate.arrived().await;
    let copy = visitor.clone();
    visitor.visit("/logout").await;
    gate.open().await;
    assert_eq!(held.await.unwrap().set_cookie(), None);
    detached.set("late", &true).unwrap();
    assert_eq!(detached.save().await.unwrap(), Saved::Ended);
    assert_eq!(copy.get("/read").await.body, "nobody");
}

/// The id of the visitor's session.
async fn id(site: &Site, visitor: &Visitor) -> cloakroom::Id {
    let mut headers = axum::http::HeaderMap::new();
    headers.insert("cookie", visitor.cookie().unwrap().parse().unwrap());
    let ticket = site.sessions.from_request(&headers).await.unwrap().unwrap();
    let id = ticket.id().unwrap();
    let _looked = site.gauge.take();
    id
}
