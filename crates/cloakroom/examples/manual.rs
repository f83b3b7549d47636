//! Sessions without the layer: handlers that take a request and make a response, whatever calls them.
//!
//! ```console
//! $ cargo run -p cloakroom --example manual
//! $ curl -c jar -b jar http://127.0.0.1:8080/login
//! $ curl -c jar -b jar http://127.0.0.1:8080/profile
//! ```

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::{IntoResponse as _, Response};
use cloakroom::axum::Error;
use cloakroom::{MemoryStore, Secret, Sessions};

async fn handle(State(sessions): State<Sessions>, request: Request) -> Result<Response, Error> {
    let headers = request.headers();
    if request.uri().path() == "/login" {
        let ticket = sessions.create(headers, |session| session.sign_in("ann")).await?;
        let mut response = "welcome\n".into_response();
        ticket.set_cookie(response.headers_mut()).await?;
        return Ok(response);
    }
    let Some(ticket) = sessions.from_request(headers).await? else {
        return Ok("nobody is signed in\n".into_response());
    };
    if request.uri().path() == "/logout" {
        let mut response = "see you\n".into_response();
        ticket.delete(response.headers_mut()).await?;
        return Ok(response);
    }
    let visits = ticket.increment("visits", 1)?;
    let user = ticket.user().map(|user| user.to_string()).unwrap_or_default();
    let mut response = Response::new(Body::from(format!("{user}, visit {visits}\n")));
    ticket.set_cookie(response.headers_mut()).await?;
    Ok(response)
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let sessions = Sessions::builder(MemoryStore::new()).secret(Secret::generate()?);
    let sessions = sessions.insecure_http().build()?;
    let app = Router::new().fallback(handle).with_state(sessions);
    axum::serve(tokio::net::TcpListener::bind("127.0.0.1:8080").await?, app).await?;
    Ok(())
}
