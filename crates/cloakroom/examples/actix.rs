//! actix-web: a cart, sign-in, guards, and forms with tokens.
//!
//! ```console
//! $ cargo run -p cloakroom --example actix --features actix
//! $ curl -i -H 'Accept: text/html' http://127.0.0.1:8080/orders
//! $ token=$(curl -s -c jar -b jar http://127.0.0.1:8080/token)
//! $ curl -c jar -b jar -d csrf_token=$token -d item=hat http://127.0.0.1:8080/cart
//! $ curl -c jar -b jar -d csrf_token=$token -d name=ann -d password=hat 'http://127.0.0.1:8080/sign-in?next=/orders' -i
//! $ curl -c jar -b jar http://127.0.0.1:8080/orders
//! ```

use std::convert::Infallible;

use actix_web::http::header::LOCATION;
use actix_web::{App, HttpRequest, HttpResponse, HttpServer, web};
use cloakroom::actix::{
    CrossOriginLayer, CsrfLayer, CurrentUser, Error, Session, SessionLayer, guest, require_user,
};
use cloakroom::{Key, LoadUser, LocalPath, MemoryStore, Secret, Sessions, UserId};
use serde::Deserialize;

const CART: Key<Vec<String>> = Key::new("cart");

/// Stands for a pool of database connections.
struct Accounts;

#[derive(Clone)]
struct Account {
    name: String,
}

impl LoadUser for Account {
    type Source = Accounts;
    type Error = Infallible;

    async fn load(_: &Accounts, id: &UserId) -> Result<Option<Self>, Infallible> {
        Ok((id.as_str() == "ann").then(|| Self { name: "Ann".to_owned() }))
    }
}

#[derive(Deserialize)]
struct Credentials {
    name: String,
    password: String,
}

#[derive(Deserialize)]
struct Wanted {
    item: String,
}

/// For the field `csrf_token` of forms.
async fn token(session: Session) -> Result<String, Error> {
    Ok(session.csrf_token()?)
}

async fn add(session: Session, wanted: web::Form<Wanted>) -> Result<String, Error> {
    let item = wanted.into_inner().item;
    session.update(CART, move |cart: &mut Vec<String>| cart.push(item.clone()))?;
    Ok(format!("{:?}\n", session.get(CART)?.unwrap_or_default()))
}

async fn sign_in(
    session: Session,
    request: HttpRequest,
    form: web::Form<Credentials>,
) -> Result<HttpResponse, Error> {
    // Your application compares a hash.
    if form.name != "ann" || form.password != "hat" {
        return Ok(HttpResponse::Forbidden().body("no such name, or another password\n"));
    }
    session.sign_in(form.into_inner().name)?;
    let next = LocalPath::next_in(request.query_string()).unwrap_or_default();
    Ok(HttpResponse::SeeOther().insert_header((LOCATION, next.as_str())).finish())
}

async fn sign_out(session: Session) -> Result<&'static str, Error> {
    session.sign_out()?;
    Ok("see you\n")
}

async fn orders(CurrentUser(account): CurrentUser<Account>) -> String {
    format!("the orders of {}\n", account.name)
}

async fn front(account: Option<CurrentUser<Account>>) -> String {
    format!("hello, {}\n", account.map_or("stranger".to_owned(), |account| account.0.name))
}

#[actix_web::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let sessions = Sessions::builder(MemoryStore::new()).secret(Secret::generate()?);
    // Once for all workers; each has an application of its own.
    let sessions = sessions.insecure_http().build()?;
    let (members, strangers) = (require_user().or_sign_in_at("/sign-in")?, guest("/orders")?);
    let server = HttpServer::new(move || {
        App::new()
            .app_data(web::Data::new(Accounts))
            .route("/", web::get().to(front))
            .route("/token", web::get().to(token))
            .route("/cart", web::post().to(add))
            .route("/sign-out", web::post().to(sign_out))
            .service(web::resource("/orders").get(orders).wrap(members.clone()))
            .service(web::resource("/sign-in").post(sign_in).wrap(strangers.clone()))
            // The last one stands outside.
            .wrap(CsrfLayer::default())
            .wrap(SessionLayer::new(sessions.clone()))
            .wrap(CrossOriginLayer::default())
    });
    server.bind(("127.0.0.1", 8080))?.run().await?;
    Ok(())
}
