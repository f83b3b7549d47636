//! Sessions in a gRPC service: a session's cookie travels in the metadata, as it does in the headers of a web page.
//!
//! ```console
//! $ cargo run -p example-tonic
//! ```
//!
//! It serves on port 50051 and calls itself: it adds, signs in, and prints what it is told.

use cloakroom::tower::SessionLayer;
use cloakroom::{Error, MemoryStore, Pending, Secret, Session, Sessions, UserId};
use tonic::metadata::{Ascii, MetadataValue};
use tonic::transport::Server;
use tonic::transport::server::TcpIncoming;
use tonic::{Extensions, Request, Response, Status};

use self::proto::counter_client::CounterClient;
use self::proto::counter_server::{Counter, CounterServer};

#[cfg(test)]
mod tests;

/// What `build.rs` describes.
#[expect(clippy::doc_markdown, unreachable_pub, reason = "generated")]
mod proto {
    include!(concat!(env!("OUT_DIR"), "/example.Counter.rs"));
}

#[derive(Clone, PartialEq, prost::Message)]
struct Nothing {}

#[derive(Clone, PartialEq, prost::Message)]
struct Amount {
    #[prost(int64, tag = "1")]
    by: i64,
}

#[derive(Clone, PartialEq, prost::Message)]
struct Count {
    #[prost(int64, tag = "1")]
    count: i64,
}

#[derive(Clone, PartialEq, prost::Message)]
struct Name {
    #[prost(string, tag = "1")]
    name: String,
}

#[derive(Debug)]
struct Site;

#[tonic::async_trait]
impl Counter for Site {
    async fn look(&self, request: Request<Nothing>) -> Result<Response<Count>, Status> {
        let count = session(request.extensions()).await?.get_or("count", 0).map_err(status)?;
        Ok(Response::new(Count { count }))
    }

    async fn add(&self, request: Request<Amount>) -> Result<Response<Count>, Status> {
        let session = session(request.extensions()).await?;
        let count = session.increment("count", request.get_ref().by).map_err(status)?;
        if count > 100 {
            // An error of the server saves nothing, in gRPC too.
            return Err(Status::internal("this counter cannot count so far"));
        }
        Ok(Response::new(Count { count }))
    }

    /// Your service asks for a password too.
    async fn sign_in(&self, request: Request<Name>) -> Result<Response<Nothing>, Status> {
        let session = session(request.extensions()).await?;
        let user = UserId::try_from(request.into_inner().name)
            .map_err(|error| Status::invalid_argument(error.to_string()))?;
        session.sign_in(user).map_err(status)?;
        Ok(Response::new(Nothing {}))
    }

    async fn who(&self, request: Request<Nothing>) -> Result<Response<Name>, Status> {
        let user = session(request.extensions()).await?.user();
        // The guard: a redirect, as `require_user` has it, means nothing to a client of gRPC.
        let user = user.ok_or_else(|| Status::unauthenticated("sign in first"))?;
        Ok(Response::new(Name { name: user.to_string() }))
    }

    async fn sign_out(&self, request: Request<Nothing>) -> Result<Response<Nothing>, Status> {
        session(request.extensions()).await?.sign_out().map_err(status)?;
        Ok(Response::new(Nothing {}))
    }
}

/// The layer put the request's session into its extensions; here it is loaded, once a request.
async fn session(extensions: &Extensions) -> Result<Session, Status> {
    let pending = Pending::of(extensions).map_err(status)?;
    pending.load().await.map_err(status)
}

/// The client learns whether to try again, and nothing else.
#[expect(clippy::needless_pass_by_value, reason = "for `map_err`")]
fn status(error: Error) -> Status {
    eprintln!("session failed: {error}");
    match error.status().as_u16() {
        503 => Status::unavailable("the service is busy, please try again"),
        _ => Status::internal("something went wrong"),
    }
}

async fn serve(incoming: TcpIncoming, sessions: Sessions) -> Result<(), tonic::transport::Error> {
    // With tonic's feature `router` this is `.layer(…).add_service(CounterServer::new(Site)).serve(address)`.
    Server::builder()
        .layer(SessionLayer::new(sessions))
        .serve_with_incoming(CounterServer::new(Site), incoming)
        .await
}

/// A request with the cookie, as a client keeps it: the first part of what `set-cookie` said.
fn with_cookie<T>(message: T, cookie: Option<&MetadataValue<Ascii>>) -> Request<T> {
    let mut request = Request::new(message);
    if let Some(cookie) = cookie {
        request.metadata_mut().insert("cookie", cookie.clone());
    }
    request
}

/// The cookie to keep after this response.
fn kept<T>(response: &Response<T>) -> Option<MetadataValue<Ascii>> {
    let line = response.metadata().get("set-cookie")?.to_str().ok()?;
    let pair = line.split(';').next()?;
    pair.parse().ok()
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let sessions = Sessions::builder(MemoryStore::new()).secret(Secret::generate()?);
    let sessions = sessions.insecure_http().build()?;
    let server = tokio::spawn(serve(TcpIncoming::bind("127.0.0.1:50051".parse()?)?, sessions));

    let mut client = CounterClient::connect("http://127.0.0.1:50051").await?;
    let first = client.add(with_cookie(Amount { by: 1 }, None)).await?;
    let cookie = kept(&first);
    println!("anonymous, count {}", first.get_ref().count);
    let signed_in =
        client.sign_in(with_cookie(Name { name: "ann".into() }, cookie.as_ref())).await?;
    let cookie = kept(&signed_in);
    let who = client.who(with_cookie(Nothing {}, cookie.as_ref())).await?;
    let count = client.look(with_cookie(Nothing {}, cookie.as_ref())).await?;
    println!("{}, count {}", who.get_ref().name, count.get_ref().count);
    server.await??;
    Ok(())
}
