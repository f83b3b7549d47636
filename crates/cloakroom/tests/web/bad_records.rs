//! A damaged record is an error that names its session and harms nobody else.

use std::error::Error as _;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::http::header::COOKIE;
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use cloakroom::sqlite::{SqliteError, SqliteStore};
use cloakroom::{
    Error, ErrorKind, Id, OnCorrupt, Operation, Outcome, Pending, Record, Sessions,
    SessionsBuilder, Store,
};
use futures_util::future::join_all;
use rusqlite::Connection;
use tempfile::TempDir;

use crate::apps::{App, Framework, Server};
use crate::support::{Visitor, secret};

on_every_framework!(a_damaged_payload_is_an_error_that_names_the_session_and_harms_nobody_else);
on_every_framework!(a_payload_of_a_newer_version_says_so);
on_every_framework!(a_user_that_is_no_text_harms_nobody_else);
on_every_framework!(the_end_of_a_damaged_session_harms_no_other_write_of_its_batch);
on_every_framework!(the_policy_discard_starts_over);
on_every_framework!(numbers_that_nobody_wrote_are_lived_with);

/// Payloads that this version never wrote, as SQL.
const RUBBISH: [&str; 14] = [
    "''",
    "'rubbish'",
    "'null'",
    "'[]'",
    "'{}'",
    "'{\"data\":{\"user\":\"eve\"}}'",
    "'{\"format\":1,\"data\":[]}'",
    "'{\"format\":1,\"data\":{\"user\":'",
    "'{\"format\":\"1\"}'",
    "'{\"format\":-1}'",
    "'{\"format\":2,\"data\":{}}'",
    "'{\"format\":1,\"idle\":-5}'",
    "'{\"format\":1,\"moved_to\":\"nowhere\",\"moved_until\":9e999}'",
    "CAST(x'7bff7d' AS TEXT)",
];

/// The store, but a single call never answers at once; so calls that are made together gather behind the first one.
struct Unhurried {
    store: SqliteStore,
    largest_batch: Arc<AtomicUsize>,
}

impl Store for Unhurried {
    type Error = SqliteError;

    async fn load(&self, id: &Id) -> Result<Option<Record>, SqliteError> {
        tokio::task::yield_now().await;
        self.store.load(id).await
    }

    async fn write(&self, operation: &Operation) -> Result<Outcome, SqliteError> {
        tokio::task::yield_now().await;
        self.store.write(operation).await
    }

    async fn load_many(&self, ids: &[Id]) -> Result<Vec<Option<Record>>, SqliteError> {
        self.largest_batch.fetch_max(ids.len(), Ordering::SeqCst);
        self.store.load_many(ids).await
    }

    async fn write_many(&self, operations: &[Operation]) -> Result<Vec<Outcome>, SqliteError> {
        self.largest_batch.fetch_max(operations.len(), Ordering::SeqCst);
        self.store.write_many(operations).await
    }
}

/// An application on a file that the test can damage.
struct Shop {
    sessions: Sessions,
    largest_batch: Arc<AtomicUsize>,
    server: Server,
    file: PathBuf,
    _folder: TempDir,
}

impl Shop {
    async fn new(
        framework: Framework,
        set: impl FnOnce(SessionsBuilder) -> SessionsBuilder,
    ) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("sessions.db");
        let largest_batch = Arc::new(AtomicUsize::new(0));
        let store = SqliteStore::open(&file).unwrap();
        let store = Unhurried { store, largest_batch: largest_batch.clone() };
        let sessions = set(Sessions::builder(store).secret(secret())).build().unwrap();
        let server = framework.serve(&App::Main, &sessions).await;
        Self { sessions, largest_batch, server, file, _folder: folder }
    }

    async fn signed_in(&self, user: &str) -> Visitor {
        let mut visitor = self.server.visitor();
        visitor.visit(&format!("/login?user={user}")).await;
        visitor
    }

    /// Sets columns of a user's row to SQL expressions; returns the session's id.
    fn damage(&self, user: &str, columns: &str) -> String {
        let row = "payload ->> '$.data.user' = ?1";
        let connection = Connection::open(&self.file).unwrap();
        let sql = format!("UPDATE cloakroom_sessions SET {columns} WHERE {row} RETURNING id");
        connection.query_row(&sql, [user], |row| row.get(0)).unwrap()
    }

    fn pending(&self, visitor: &Visitor) -> Pending {
        let mut headers = HeaderMap::new();
        headers.insert(COOKIE, HeaderValue::from_str(visitor.cookie().unwrap()).unwrap());
        self.sessions.pending(&headers)
    }

    /// Loads the sessions of all in one batch: they gather behind a few others that go out at once.
    async fn load_all(&self, visitors: &[Visitor]) -> Vec<Result<String, Error>> {
        const STRAIGHT: usize = 4;
        let before = std::iter::repeat_n(&visitors[0], STRAIGHT);
        let loads = before.chain(visitors).map(async |visitor| {
            let session = self.pending(visitor).load().await?;
            session.get_or("user", "nobody".to_owned())
        });
        let loaded = join_all(loads).await.split_off(STRAIGHT);
        assert_eq!(self.largest_batch.swap(0, Ordering::SeqCst), visitors.len());
        loaded
    }

    fn assert_batch_of_all_but_one(&self, calls: usize) {
        assert_eq!(self.largest_batch.swap(0, Ordering::SeqCst), calls - 1);
    }
}

/// The whole chain of causes.
fn text(error: &Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    text
}

const USERS: [&str; 6] = ["ann", "ben", "eve", "dan", "fay", "gus"];

async fn crowd(shop: &Shop) -> Vec<Visitor> {
    let mut visitors = Vec::new();
    for user in USERS {
        visitors.push(shop.signed_in(user).await);
    }
    visitors
}

/// Damages the session of eve; she gets a clear error, and nobody else in the same batch does.
async fn assert_only_eve_is_harmed(framework: Framework, columns: &str) -> Error {
    let shop = Shop::new(framework, |builder| builder).await;
    let visitors = crowd(&shop).await;
    let id = shop.damage("eve", columns);
    let mut eves = None;
    for (user, loaded) in USERS.iter().zip(shop.load_all(&visitors).await) {
        match loaded {
            Ok(name) => assert_eq!(name, *user, "{columns}"),
            Err(error) if *user == "eve" => eves = Some(error),
            Err(error) => panic!("{user} is harmed by {columns}: {}", text(&error)),
        }
    }
    let error = eves.expect("eve's record cannot be read");
    assert!(text(&error).contains(&id), "the error names the session: {}", text(&error));
    assert!(visitors[0].get("/plain").await.status.is_success());
    let answer = visitors[2].get("/read").await;
    assert!(answer.status.is_server_error(), "{columns}");
    assert_eq!(answer.set_cookie(), None, "{columns}");
    error
}

async fn a_damaged_payload_is_an_error_that_names_the_session_and_harms_nobody_else(
    framework: Framework,
) {
    for payload in RUBBISH {
        let error = assert_only_eve_is_harmed(framework, &format!("payload = {payload}")).await;
        assert_eq!(error.kind(), ErrorKind::Corrupt, "{payload}: {}", text(&error));
    }
}

async fn a_payload_of_a_newer_version_says_so(framework: Framework) {
    let error =
        assert_only_eve_is_harmed(framework, "payload = '{\"format\":7,\"what\":{}}'").await;
    assert!(text(&error).contains("format 7"), "{}", text(&error));
}

async fn a_user_that_is_no_text_harms_nobody_else(framework: Framework) {
    let error = assert_only_eve_is_harmed(framework, "user_id = CAST(x'ff' AS TEXT)").await;
    assert_eq!(error.kind(), ErrorKind::Corrupt, "trying again does not help: {}", text(&error));
}

async fn the_end_of_a_damaged_session_harms_no_other_write_of_its_batch(framework: Framework) {
    for columns in ["payload = 'rubbish'", "user_id = CAST(x'ff' AS TEXT)"] {
        let shop = Shop::new(framework, |builder| builder).await;
        let visitors = crowd(&shop).await;
        let pendings: Vec<_> = visitors.iter().map(|visitor| shop.pending(visitor)).collect();
        for (user, pending) in USERS.iter().zip(&pendings) {
            let session = pending.load().await.unwrap();
            match *user {
                "eve" => session.destroy().unwrap(),
                _ => session.set("n", &1).unwrap(),
            }
        }
        shop.damage("eve", columns);
        let ends = pendings.iter().map(|pending| pending.finish(StatusCode::OK));
        let ends = ends.map(async |finish| match finish {
            cloakroom::Finish::Commit(commit) => commit.await.1,
            cloakroom::Finish::Ready(_) => panic!("there was something to save"),
        });
        let ends = join_all(ends).await;
        shop.assert_batch_of_all_but_one(USERS.len());
        for (user, end) in USERS.iter().zip(ends) {
            if let Err(error) = end {
                panic!("{user} is harmed by {columns}: {}", text(&error));
            }
        }
        assert!(!visitors[2].is_alive().await, "{columns}");
        assert_eq!(visitors[5].data().await["n"], 1);
    }
}

async fn the_policy_discard_starts_over(framework: Framework) {
    for payload in RUBBISH {
        let shop = Shop::new(framework, |builder| builder.on_corrupt(OnCorrupt::Discard)).await;
        let (mut eve, ann) = (shop.signed_in("eve").await, shop.signed_in("ann").await);
        let old = eve.clone();
        shop.damage("eve", &format!("payload = {payload}"));
        let look = eve.visit("/dump").await;
        assert_eq!((look.body.as_str(), look.set_cookie()), ("{}", None), "{payload}");
        eve.visit("/write").await;
        assert_ne!(eve.cookie(), old.cookie(), "another session");
        assert_eq!(eve.data().await, serde_json::json!({ "n": 1 }));
        assert_eq!(ann.data().await["user"], "ann");
    }
}

async fn numbers_that_nobody_wrote_are_lived_with(framework: Framework) {
    let far = [i64::MIN, -1, 0, 1, i64::MAX]
        .map(|n| format!("{n}").replace("-9223372036854775808", "~9223372036854775807"));
    for column in ["version", "created_at", "active_at", "expires_at"] {
        for number in &far {
            let shop = Shop::new(framework, |builder| builder).await;
            let mut eve = shop.signed_in("eve").await;
            shop.damage("eve", &format!("{column} = {number}"));
            for path in ["/read", "/write", "/renew", "/say?v=x", "/logout"] {
                let answer = eve.visit(path).await;
                assert!(!answer.status.is_server_error(), "{path} with {column} = {number}");
            }
        }
    }
    let huge = "payload = '{\"format\":1,\"data\":{\"n\":1},\"idle\":18446744073709551615,\
                \"absolute\":18446744073709551615,\"renewed\":-9223372036854775808}'";
    let shop = Shop::new(framework, |builder| builder).await;
    let mut eve = shop.signed_in("eve").await;
    shop.damage("eve", huge);
    assert_eq!(eve.visit("/read").await.body, "1");
    assert!(eve.visit("/renew").await.set_cookie().unwrap().ends_with("; Max-Age=34560000"));
}
