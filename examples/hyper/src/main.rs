//! Sessions without a framework: a service of tower, served by hyper.
//!
//! ```console
//! $ cargo run -p example-hyper
//! $ curl -i http://127.0.0.1:8080/                              # who only looks gets no cookie
//! $ curl -c jar -b jar -d '' http://127.0.0.1:8080/count        # again and again
//! $ curl -i -c jar -b jar http://127.0.0.1:8080/orders          # 401
//! $ curl -c jar -b jar -d ann http://127.0.0.1:8080/sign-in
//! $ curl -c jar -b jar http://127.0.0.1:8080/orders
//! $ curl -c jar -b jar -d '' http://127.0.0.1:8080/sign-out
//! ```

use std::convert::Infallible;

use bytes::Bytes;
use cloakroom::tower::{CrossOriginLayer, SessionLayer, require_user};
use cloakroom::{Error, MemoryStore, Pending, Secret, Session, Sessions, UserId};
use http::{Extensions, Method, Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::TcpListener;
use tower::{ServiceBuilder, ServiceExt as _, service_fn};

#[cfg(test)]
mod tests;

const LONGEST_NAME: usize = 64;

/// Routes by hand. The guard stands round the services that are not for everybody.
async fn route(request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    let members = ServiceBuilder::new().layer(require_user()).service(service_fn(orders));
    match (request.method(), request.uri().path()) {
        (&Method::GET, "/") => answer(look(&request).await),
        (&Method::GET, "/orders") => members.oneshot(request).await,
        (&Method::POST, "/count") => answer(count(&request).await),
        (&Method::POST, "/sign-in") => answer(sign_in(request).await),
        (&Method::POST, "/sign-out") => answer(sign_out(&request).await),
        _ => answer(Ok(text(StatusCode::NOT_FOUND, "there is nothing here"))),
    }
}

/// The layer put the request's session into its extensions; here it is loaded, once a request.
async fn session(extensions: &Extensions) -> Result<Session, Error> {
    Pending::of(extensions)?.load().await
}

async fn look(request: &Request<Incoming>) -> Result<Response<Full<Bytes>>, Error> {
    let count: i64 = session(request.extensions()).await?.get_or("count", 0)?;
    Ok(text(StatusCode::OK, format!("{count} so far")))
}

async fn count(request: &Request<Incoming>) -> Result<Response<Full<Bytes>>, Error> {
    let count = session(request.extensions()).await?.increment("count", 1)?;
    Ok(text(StatusCode::OK, format!("{count} so far")))
}

/// Your application asks for a password too.
async fn sign_in(request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Error> {
    let session = session(request.extensions()).await?;
    let body = Limited::new(request.into_body(), LONGEST_NAME).collect().await;
    let name = body.ok().and_then(|body| String::from_utf8(body.to_bytes().into()).ok());
    let Some(user) = name.and_then(|name| UserId::try_from(name).ok()) else {
        return Ok(text(StatusCode::BAD_REQUEST, "that is no name"));
    };
    let hello = format!("hello, {user}");
    session.sign_in(user)?;
    Ok(text(StatusCode::OK, hello))
}

async fn sign_out(request: &Request<Incoming>) -> Result<Response<Full<Bytes>>, Error> {
    session(request.extensions()).await?.sign_out()?;
    Ok(text(StatusCode::OK, "goodbye"))
}

async fn orders(request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    let user = session(request.extensions()).await.map(|session| session.user());
    answer(user.map(|user| match user {
        Some(user) => text(StatusCode::OK, format!("the orders of {user}")),
        None => text(StatusCode::UNAUTHORIZED, "signed out meanwhile"),
    }))
}

fn text(status: StatusCode, text: impl Into<String>) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::from(text.into() + "\n"));
    *response.status_mut() = status;
    response
}

/// Answers an error too: 503 while the store is down, else 500.
fn answer(
    result: Result<Response<Full<Bytes>>, Error>,
) -> Result<Response<Full<Bytes>>, Infallible> {
    Ok(result.unwrap_or_else(|error| error.answer().map(Full::from)))
}

/// Serves every connection with the same service, in the layers that a framework would give it.
async fn serve(listener: TcpListener, sessions: Sessions) -> std::io::Result<()> {
    let service = ServiceBuilder::new()
        .layer(CrossOriginLayer::default())
        .layer(SessionLayer::new(sessions))
        .service_fn(route);
    loop {
        let (stream, _) = listener.accept().await?;
        let service = TowerToHyperService::new(service.clone());
        tokio::spawn(async move {
            let mut server = http1::Builder::new();
            let connection =
                server.timer(TokioTimer::new()).serve_connection(TokioIo::new(stream), service);
            if let Err(error) = connection.await {
                eprintln!("a connection failed: {error}");
            }
        });
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let sessions = Sessions::builder(MemoryStore::new()).secret(Secret::generate()?);
    let sessions = sessions.insecure_http().build()?;
    serve(TcpListener::bind("127.0.0.1:8080").await?, sessions).await?;
    Ok(())
}
