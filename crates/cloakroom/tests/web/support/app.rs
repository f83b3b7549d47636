//! The application: every route does one thing to the session.
//!
//! A route that takes `hold` waits at that gate after it has loaded its session; every route takes `linger` and waits
//! at that gate after its session was saved, before the answer goes out.

use std::convert::Infallible;
use std::net::{IpAddr, SocketAddr};

use axum::body::Body;
use axum::extract::{ConnectInfo, Query, Request, State};
use axum::http::header::CONTENT_TYPE;
use axum::http::{Extensions, StatusCode};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{Redirect, Response};
use axum::routing::get;
use axum::{Json, Router};
use cloakroom::Sessions;
use cloakroom::axum::{Error, Session, SessionLayer};
use futures_util::{FutureExt as _, StreamExt as _, stream};
use serde::Deserialize;

use super::Gates;

/// What routes without a value of their own answer.
const DONE: &str = "done";

type Answer<T = &'static str> = Result<T, Error>;

#[derive(Default, Deserialize)]
#[serde(default)]
struct Asked {
    k: String,
    v: String,
    user: String,
    hold: Option<String>,
    linger: Option<String>,
}

/// Makes the application.
pub(crate) fn app(sessions: &Sessions, gates: &Gates) -> Router {
    let routes = Router::new()
        .route("/read", get(read))
        .route("/write", get(write))
        .route("/update", get(update))
        .route("/set", get(set))
        .route("/login", get(login))
        .route("/renew", get(renew))
        .route("/logout", get(logout))
        .route("/dump", get(dump))
        .route("/plain", get(async || DONE))
        .route("/sign-in", get(sign_in))
        .route("/sign-out", get(sign_out))
        .route("/who", get(who))
        .route("/events", get(events))
        .route("/say", get(say))
        .route("/heard", get(heard))
        .route("/broken", get(broken))
        .route("/panic/set", get(panic_after_set))
        .route("/panic/logout", get(panic_after_logout));
    routes
        .merge(crate::typed::routes())
        .layer(SessionLayer::new(sessions.clone()).address(peer))
        .layer(from_fn_with_state(gates.clone(), linger))
        .with_state(gates.clone())
}

fn peer(extensions: &Extensions) -> Option<IpAddr> {
    extensions.get::<ConnectInfo<SocketAddr>>().map(|peer| peer.0.ip())
}

async fn linger(
    State(gates): State<Gates>,
    Query(asked): Query<Asked>,
    request: Request,
    next: Next,
) -> Response {
    let response = next.run(request).await;
    gates.hold(asked.linger.as_deref()).await;
    response
}

async fn read(
    State(gates): State<Gates>,
    Query(asked): Query<Asked>,
    session: Session,
) -> Answer<String> {
    let n = session.get_or("n", 0_i64)?;
    gates.hold(asked.hold.as_deref()).await;
    Ok(n.to_string())
}

async fn write(session: Session) -> Answer {
    let n = session.get_or("n", 0_i64)?;
    session.set("n", &(n + 1))?;
    Ok(DONE)
}

async fn update(
    State(gates): State<Gates>,
    Query(asked): Query<Asked>,
    session: Session,
) -> Answer {
    gates.hold(asked.hold.as_deref()).await;
    session.update("n", |n: &mut i64| *n += 1)?;
    Ok(DONE)
}

async fn set(State(gates): State<Gates>, Query(asked): Query<Asked>, session: Session) -> Answer {
    gates.hold(asked.hold.as_deref()).await;
    session.set(asked.k, &asked.v)?;
    Ok(DONE)
}

async fn login(State(gates): State<Gates>, Query(asked): Query<Asked>, session: Session) -> Answer {
    session.renew()?;
    session.set("user", &asked.user)?;
    gates.hold(asked.hold.as_deref()).await;
    Ok(DONE)
}

async fn renew(State(gates): State<Gates>, Query(asked): Query<Asked>, session: Session) -> Answer {
    session.renew()?;
    gates.hold(asked.hold.as_deref()).await;
    Ok(DONE)
}

async fn logout(
    State(gates): State<Gates>,
    Query(asked): Query<Asked>,
    session: Session,
) -> Answer {
    session.destroy()?;
    gates.hold(asked.hold.as_deref()).await;
    Ok(DONE)
}

async fn sign_in(
    State(gates): State<Gates>,
    Query(asked): Query<Asked>,
    session: Session,
) -> Answer {
    session.sign_in(asked.user)?;
    gates.hold(asked.hold.as_deref()).await;
    Ok(DONE)
}

async fn sign_out(session: Session) -> Answer {
    session.sign_out()?;
    Ok(DONE)
}

/// Streams until the session ends, then says how.
async fn events(session: Session) -> Response {
    let open = stream::once(async { Ok::<_, Infallible>("open\n".to_owned()) });
    let ended = session.ended().map(|end| Ok(format!("{end:?}\n")));
    let body = Body::from_stream(open.chain(stream::once(ended)));
    Response::builder().header(CONTENT_TYPE, "text/event-stream").body(body).unwrap()
}

async fn who(session: Session) -> String {
    session.user().map_or_else(|| "nobody".to_owned(), |user| user.to_string())
}

async fn dump(session: Session) -> Json<serde_json::Map<String, serde_json::Value>> {
    Json(session.all())
}

async fn say(Query(asked): Query<Asked>, session: Session) -> Answer<Redirect> {
    session.flash("said", &asked.v)?;
    Ok(Redirect::to("/heard"))
}

async fn heard(session: Session) -> Answer<String> {
    Ok(session.flashed("said")?.unwrap_or_default())
}

async fn broken(session: Session) -> Answer<StatusCode> {
    session.set("broken", &true)?;
    session.renew()?;
    Ok(StatusCode::INTERNAL_SERVER_ERROR)
}

async fn panic_after_set(Query(asked): Query<Asked>, session: Session) -> Answer {
    session.set(asked.k, &asked.v)?;
    panic!("as the test wanted");
}

async fn panic_after_logout(session: Session) -> Answer {
    session.destroy()?;
    panic!("as the test wanted");
}
