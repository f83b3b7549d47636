//! Moving house, from one kind of store to another, with visitors in it.
//!
//! What moves are stores, so one framework is enough; `while_moving` runs all other tests with both.

use std::sync::atomic::{AtomicUsize, Ordering};

use cloakroom::postgres::{PostgresOptions, PostgresStore};
use cloakroom::redis::{RedisOptions, RedisStore};
use cloakroom::sqlite::SqliteStore;
use cloakroom::{MemoryStore, Moving, Sessions, Store, UserId, conformance};
use servers::{Postgres, shared_redis};
use tokio::runtime::Handle;
use tokio::task::block_in_place;

use crate::apps::{App, Framework};
use crate::support::{Visitor, secret};

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn from_memory_to_sqlite() {
    let (old, folder) = (MemoryStore::new(), tempfile::tempdir().unwrap());
    let file = folder.path().join("sessions.db");
    keeps_every_promise(|| old.clone(), || SqliteStore::open(&file).unwrap()).await;
    let (old, file) = (MemoryStore::new(), folder.path().join("drill.db"));
    nobody_is_signed_out(|| old.clone(), || SqliteStore::open(&file).unwrap()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn from_sqlite_to_postgres() {
    let folder = tempfile::tempdir().unwrap();
    let (file, url) = (folder.path().join("sessions.db"), database());
    keeps_every_promise(|| SqliteStore::open(&file).unwrap(), || table(&url)).await;
    let (file, url) = (folder.path().join("drill.db"), database());
    nobody_is_signed_out(|| SqliteStore::open(&file).unwrap(), || table(&url)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn from_postgres_to_redis() {
    let url = database();
    keeps_every_promise(|| table(&url), || redis("promises")).await;
    let url = database();
    nobody_is_signed_out(|| table(&url), || redis("drill")).await;
}

fn database() -> String {
    Postgres::shared().fresh_database().unwrap()
}

fn table(url: &str) -> PostgresStore {
    let options = PostgresOptions::new(url).unwrap();
    block_in_place(|| Handle::current().block_on(options.connect()).unwrap())
}

fn redis(name: &str) -> RedisStore {
    let prefix = format!("moving {} {name}:", std::process::id());
    RedisOptions::new(shared_redis()).prefix(prefix).open().unwrap()
}

/// The second step by itself, and with the first one beside it: sessions begin in the old store and move under way.
async fn keeps_every_promise<O: Store, N: Store>(old: impl Fn() -> O, new: impl Fn() -> N) {
    conformance::prove(|| Moving::new(old(), new())).await;
    let opened = AtomicUsize::new(0);
    let open = || match opened.fetch_add(1, Ordering::Relaxed) % 2 {
        0 => Moving::prepare(old(), new()),
        _ => Moving::new(old(), new()),
    };
    conformance::prove_requests(open).await;
}

/// The drill, deployment by deployment, with visitors who come at each.
async fn nobody_is_signed_out<O: Store, N: Store>(old: impl Fn() -> O, new: impl Fn() -> N) {
    let before = sessions(old());
    let preparing = sessions(Moving::prepare(old(), new()));
    let moving = sessions(Moving::new(old(), new()));
    let after = sessions(new());
    let at =
        async |sessions: &Sessions| Framework::Axum.serve(&App::Main, sessions).await.visitor();
    let (before, preparing_app) = (at(&before).await, at(&preparing).await);
    let (moving_app, after) = (at(&moving).await, at(&after).await);

    let ann = signed_in(&before, "ann").await;
    let bob = signed_in(&before, "bob").await;
    let idler = signed_in(&before, "idler").await;
    // The first deployment is under way: both kinds of process answer.
    for visitor in [&ann, &bob] {
        visitor.with_door(&preparing_app).visit("/update").await;
        visitor.with_door(&before).visit("/update").await;
    }
    // The second one is.
    for turn in 0..4 {
        let door = if turn % 2 == 0 { &moving_app } else { &preparing_app };
        ann.with_door(door).visit("/update").await;
        assert_eq!(ann.with_door(door).get("/who").await.body, "ann");
    }
    let new_visitor = signed_in(&moving_app, "eve").await;
    assert_eq!(new_visitor.with_door(&preparing_app).get("/who").await.body, "eve");
    let bobs = UserId::new("bob").unwrap();
    assert_eq!(moving.of_user(&bobs).await.unwrap().len(), 1);
    assert_eq!(preparing.revoke_all(&bobs).await.unwrap(), 1);
    for door in [&before, &preparing_app, &moving_app, &after] {
        assert_eq!(bob.with_door(door).get("/who").await.body, "nobody");
    }
    // Who only reads stays where they are, and is there.
    assert_eq!(idler.with_door(&moving_app).get("/who").await.body, "idler");
    idler.with_door(&moving_app).get("/update").await;
    // The new store alone.
    assert_eq!(ann.with_door(&after).get("/read").await.body, "6");
    assert_eq!(idler.with_door(&after).get("/who").await.body, "idler");
    assert_eq!(new_visitor.with_door(&after).get("/who").await.body, "eve");
    assert_eq!(ann.with_door(&before).get("/who").await.body, "nobody", "nothing is left behind");
}

fn sessions(store: impl Store) -> Sessions {
    Sessions::builder(store).secret(secret()).insecure_http().build().unwrap()
}

async fn signed_in(door: &Visitor, user: &str) -> Visitor {
    let mut visitor = door.clone();
    visitor.visit(&format!("/sign-in?user={user}")).await;
    visitor
}
