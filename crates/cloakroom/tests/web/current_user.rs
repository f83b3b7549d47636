//! The application's own user: loaded once a request and only where asked for; gone with the password that was changed.

use std::collections::HashMap;
use std::convert::Infallible;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::routing::get;
use cloakroom::axum::{CurrentUser, Error, Session, SessionLayer};
use cloakroom::{
    LoadUser, MemoryStore, Secret, Sessions, SessionsBuilder, SignInOptions, Store as _, UserId,
};

use crate::support::{Site, Visitor, secret};

on_every_store!(a_user_is_loaded_once_a_request_and_only_where_asked_for);
on_every_store!(a_changed_password_ends_the_other_sessions);
on_every_store!(a_user_who_is_gone_is_signed_out);
on_every_store!(data_of_another_user_stays_only_if_told_to);

mod in_cookies {
    use super::*;

    on_every_cookie!(a_user_is_loaded_once_a_request_and_only_where_asked_for);
    on_every_cookie!(a_changed_password_ends_the_other_sessions);
    on_every_cookie!(a_user_who_is_gone_is_signed_out);
    on_every_cookie!(data_of_another_user_stays_only_if_told_to);
}

#[derive(Clone, Default)]
struct Users {
    /// Hashes of passwords by id.
    passwords: Arc<Mutex<HashMap<String, String>>>,
    loads: Arc<AtomicUsize>,
}

impl Users {
    fn set(&self, user: &str, password: &str) {
        self.passwords.lock().unwrap().insert(user.to_owned(), password.to_owned());
    }

    fn password(&self, user: &str) -> Option<String> {
        self.passwords.lock().unwrap().get(user).cloned()
    }
}

#[derive(Clone)]
struct User {
    name: String,
    password: String,
}

impl LoadUser for User {
    type Source = Users;
    type Error = Infallible;

    async fn load(users: &Users, id: &UserId) -> Result<Option<Self>, Infallible> {
        users.loads.fetch_add(1, Ordering::SeqCst);
        let password = users.password(id.as_str());
        Ok(password.map(|password| Self { name: id.to_string(), password }))
    }

    fn auth_hash(&self) -> Option<&[u8]> {
        Some(self.password.as_bytes())
    }
}

type Asked = Query<HashMap<String, String>>;

async fn sign_in(
    State(users): State<Users>,
    session: Session,
    Query(asked): Asked,
) -> Result<(), Error> {
    let mut options = SignInOptions::new();
    if let Some(password) = users.password(&asked["user"]).filter(|_| !asked.contains_key("bare")) {
        options = options.auth_hash(password);
    }
    if asked.contains_key("keep") {
        options = options.keep_data();
    }
    session.sign_in_with(&asked["user"], options)?;
    Ok(())
}

async fn me(
    CurrentUser(user): CurrentUser<User>,
    again: Option<CurrentUser<User>>,
    CurrentUser(third): CurrentUser<User>,
) -> String {
    assert_eq!(again.map(|user| user.0.name).as_deref(), Some(third.name.as_str()));
    user.name
}

async fn maybe(user: Option<CurrentUser<User>>, session: Session) -> String {
    let name = user.map_or_else(|| "nobody".to_owned(), |user| user.0.name);
    format!("{name} {}", session.is_signed_in())
}

async fn set(session: Session) -> Result<(), Error> {
    Ok(session.set("cart", "hat")?)
}

fn app(sessions: &Sessions, users: &Users) -> Router {
    Router::new()
        .route("/sign-in", get(sign_in))
        .route("/me", get(me))
        .route("/maybe", get(maybe))
        .route("/set", get(set))
        .route("/cart", get(async |session: Session| session.all().len().to_string()))
        .route("/plain", get(async || "plain"))
        .layer(SessionLayer::new(sessions.clone()))
        .with_state(users.clone())
}

async fn open(site: Site) -> (Site, Users) {
    let users = Users::default();
    for user in ["ann", "bob"] {
        users.set(user, "$argon2id$first");
    }
    let site = site.serving(|builder| builder, |sessions| app(sessions, &users)).await;
    (site, users)
}

async fn a_user_is_loaded_once_a_request_and_only_where_asked_for(site: Site) {
    let (site, users) = open(site).await;
    let mut visitor = site.visitor();
    assert_eq!(visitor.visit("/me").await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(visitor.visit("/maybe").await.body, "nobody false");
    visitor.visit("/sign-in?user=ann").await;
    visitor.visit("/plain").await;
    assert_eq!(users.loads.load(Ordering::SeqCst), 0);
    assert_eq!(site.turn(&visitor, 1).visit("/me").await.body, "ann");
    assert_eq!(users.loads.load(Ordering::SeqCst), 1);
    assert_eq!(visitor.visit("/maybe").await.body, "ann true");
    assert_eq!(users.loads.load(Ordering::SeqCst), 2);
}

async fn a_changed_password_ends_the_other_sessions(site: Site) {
    let (site, users) = open(site).await;
    let mut here = site.visitor();
    let mut there = site.turn(&site.visitor(), 1);
    let mut bob = site.visitor();
    here.visit("/sign-in?user=ann").await;
    there.visit("/sign-in?user=ann").await;
    bob.visit("/sign-in?user=bob").await;

    users.set("ann", "$argon2id$second");
    here.visit("/sign-in?user=ann").await;
    let before = there.clone();
    let answer = there.visit("/me").await;
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
    assert!(answer.set_cookie().is_some_and(|line| line.contains("Max-Age=0")));
    assert_eq!(before.clone().visit("/maybe").await.body, "nobody false", "in the store too");
    assert_eq!(here.visit("/me").await.body, "ann");
    assert_eq!(bob.visit("/me").await.body, "bob");

    // Signed in without the hash is not signed in with it.
    let mut bare = site.visitor();
    bare.visit("/sign-in?user=ann&bare=1").await;
    assert_eq!(bare.visit("/me").await.status, StatusCode::UNAUTHORIZED);
}

async fn a_user_who_is_gone_is_signed_out(site: Site) {
    let (site, users) = open(site).await;
    let mut visitor = site.visitor();
    visitor.visit("/sign-in?user=ann").await;
    assert_eq!(visitor.visit("/maybe").await.body, "ann true");
    users.passwords.lock().unwrap().remove("ann");
    let copy = visitor.clone();
    assert_eq!(visitor.visit("/maybe").await.body, "nobody false");
    assert_eq!(visitor.cookie(), None);
    users.set("ann", "$argon2id$first");
    assert_eq!(copy.clone().visit("/maybe").await.body, "nobody false");
}

async fn data_of_another_user_stays_only_if_told_to(site: Site) {
    let (site, _) = open(site).await;
    for (path, kept) in [("/sign-in?user=bob", "0"), ("/sign-in?user=bob&keep=1", "1")] {
        let mut visitor = site.visitor();
        visitor.visit("/sign-in?user=ann").await;
        visitor.visit("/set").await;
        let ann = visitor.clone();
        visitor.visit(path).await;
        assert_eq!(visitor.visit("/me").await.body, "bob");
        assert_eq!(visitor.visit("/cart").await.body, kept, "{path}");
        assert_eq!(ann.clone().visit("/maybe").await.body, "nobody false", "the old token is dead");
    }
    if let Ok(list) = site.sessions.of_user(&UserId::new("bob").unwrap()).await {
        assert_eq!(list.len(), 2);
        assert_eq!(site.sessions.of_user(&UserId::new("ann").unwrap()).await.unwrap(), []);
    }
}

#[tokio::test]
async fn the_hash_outlives_a_change_of_the_secret_and_is_not_the_passwords() {
    let (store, users) = (MemoryStore::new(), Users::default());
    users.set("ann", "$argon2id$first");
    let old = Secret::new((0..40).collect::<Vec<u8>>()).unwrap();
    let app = |secrets: &[Secret]| {
        let builder =
            secrets.iter().cloned().fold(Sessions::builder(store.clone()), SessionsBuilder::secret);
        let sessions = builder.build().unwrap();
        (app(&sessions, &users), sessions)
    };
    let (before, _) = app(std::slice::from_ref(&old));
    let mut visitor = Visitor::of(&before);
    visitor.visit("/sign-in?user=ann").await;
    let cookie = |visitor: &Visitor| [visitor.cookie().unwrap().parse().unwrap()];
    let (between, sessions) = app(&[secret(), old]);
    let (after, _) = app(&[secret()]);
    let answer = Visitor::of(&between).send("/me", &cookie(&visitor)).await.unwrap();
    assert_eq!(answer.body, "ann");
    visitor.receive(&answer);
    let answer = Visitor::of(&after).send("/me", &cookie(&visitor)).await.unwrap();
    assert_eq!(answer.body, "ann", "both the token and the hash were made again");
    let list = sessions.of_user(&UserId::new("ann").unwrap()).await.unwrap();
    let id = list[0].id;
    let record = store.load(&id).await.unwrap().unwrap().payload;
    let record = record.as_str();
    assert!(!record.contains("argon2id"), "{record}");
    assert!(record.contains("\"auth\":"), "{record}");
}
