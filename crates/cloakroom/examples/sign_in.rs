//! Sign-in, and guards round what is not for everybody.
//!
//! ```console
//! $ cargo run -p cloakroom --example sign_in
//! $ curl -i -H 'Accept: text/html' http://127.0.0.1:8080/orders
//! $ curl -c jar -b jar -d name=ann -d password=hat 'http://127.0.0.1:8080/sign-in?next=/orders' -i
//! $ curl -c jar -b jar http://127.0.0.1:8080/orders
//! $ curl -c jar -b jar -d '' http://127.0.0.1:8080/sign-out
//! ```

use std::convert::Infallible;
use std::time::Duration;

use axum::http::{StatusCode, Uri};
use axum::response::{Html, IntoResponse as _, Redirect, Response};
use axum::routing::{get, post};
use axum::{Form, Router};
use cloakroom::axum::{
    CrossOriginLayer, CurrentUser, Error, Session, SessionLayer, guest, recent_sign_in,
    require_user,
};
use cloakroom::{LoadUser, LocalPath, MemoryStore, Secret, Sessions, SignInOptions, UserId};
use serde::Deserialize;

/// Stands for a pool of database connections.
#[derive(Clone)]
struct Accounts;

#[derive(Clone)]
struct Account {
    name: String,
    password_hash: String,
}

impl Accounts {
    fn find(&self, name: &str) -> Option<Account> {
        let hash = "an Argon2 hash, in your application".to_owned();
        (name == "ann").then(|| Account { name: name.to_owned(), password_hash: hash })
    }
}

impl LoadUser for Account {
    type Source = Accounts;
    type Error = Infallible;

    async fn load(accounts: &Accounts, id: &UserId) -> Result<Option<Self>, Infallible> {
        Ok(accounts.find(id.as_str()))
    }

    fn auth_hash(&self) -> Option<&[u8]> {
        Some(self.password_hash.as_bytes())
    }
}

#[derive(Deserialize)]
struct Credentials {
    name: String,
    password: String,
}

/// Without an `action` the form goes to its own address, `next` included.
async fn form() -> Html<&'static str> {
    Html(
        r#"<form method="post"><input name="name"><input name="password" type="password"><button>Sign in</button></form>"#,
    )
}

async fn submit(
    session: Session,
    uri: Uri,
    Form(Credentials { name, password }): Form<Credentials>,
) -> Result<Response, Error> {
    // Your application compares a hash.
    let Some(account) = Accounts.find(&name).filter(|_| password == "hat") else {
        return Ok((StatusCode::FORBIDDEN, "no such name, or another password\n").into_response());
    };
    let options = SignInOptions::new().auth_hash(&account.password_hash);
    session.sign_in_with(account.name, options)?;
    Ok(Redirect::to(LocalPath::next_of(&uri).unwrap_or_default().as_str()).into_response())
}

async fn sign_out(session: Session) -> Result<Redirect, Error> {
    session.sign_out()?;
    Ok(Redirect::to("/"))
}

async fn front(account: Option<CurrentUser<Account>>) -> String {
    format!("hello, {}\n", account.map_or("stranger".to_owned(), |account| account.0.name))
}

async fn orders(CurrentUser(account): CurrentUser<Account>) -> String {
    format!("the orders of {}\n", account.name)
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let sessions = Sessions::builder(MemoryStore::new()).secret(Secret::generate()?);
    let sessions = sessions.insecure_http().build()?;

    let strangers =
        Router::new().route("/sign-in", get(form).post(submit)).route_layer(guest("/orders")?);
    let members = Router::new()
        .route("/orders", get(orders))
        .route_layer(require_user().or_sign_in_at("/sign-in")?);
    let grave = Router::new()
        .route("/delete-account", post(async || "not in an example\n"))
        .route_layer(recent_sign_in(Duration::from_secs(10 * 60)));
    let app = Router::new()
        .route("/", get(front))
        .route("/sign-out", post(sign_out))
        .merge(strangers)
        .merge(members)
        .merge(grave)
        .with_state(Accounts)
        .layer(SessionLayer::new(sessions))
        .layer(CrossOriginLayer::default());
    axum::serve(tokio::net::TcpListener::bind("127.0.0.1:8080").await?, app).await?;
    Ok(())
}
