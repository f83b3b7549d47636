//! A database file that is no database, is damaged, or is locked: a clear error, never a panic.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use axum::http::StatusCode;
use cloakroom::Sessions;
use cloakroom::sqlite::{SqliteError, SqliteOptions, SqliteStore};
use rusqlite::Connection;
use tempfile::TempDir;

use crate::apps::{App, Framework, Server};
use crate::support::secret;

on_every_framework!(a_truncated_file_is_refused_when_it_is_opened);
on_every_framework!(damage_anywhere_in_the_file_is_an_error_at_most);
on_every_framework!(a_file_that_is_locked_for_too_long_is_a_503_and_well_again_by_itself);
on_every_framework!(a_file_that_is_locked_for_a_moment_is_waited_for);

async fn serve(framework: Framework, store: SqliteStore) -> Server {
    let sessions = Sessions::builder(store).secret(secret()).build().unwrap();
    framework.serve(&App::Main, &sessions).await
}

/// A file with a hundred sessions, wholly checkpointed and open nowhere.
async fn whole_file(framework: Framework, folder: &Path) -> Vec<u8> {
    let file = folder.join("whole.db");
    let server = serve(framework, SqliteStore::open(&file).unwrap()).await;
    for n in 0..100 {
        let path = format!("/set?k=text&v={}", "x".repeat(n * 10));
        server.visitor().visit(&path).await;
    }
    let connection = Connection::open(&file).unwrap();
    connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).unwrap();
    fs::read(file).unwrap()
}

/// A few numbers that look random and are the same in every run.
fn numbers(mut seed: u64) -> impl Iterator<Item = usize> {
    std::iter::repeat_with(move || {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(seed >> 33).unwrap()
    })
}

fn place(folder: &TempDir, bytes: &[u8]) -> PathBuf {
    let file = folder.path().join("damaged.db");
    for ending in ["", "-wal", "-shm"] {
        let _ = fs::remove_file(format!("{}{ending}", file.display()));
    }
    fs::write(&file, bytes).unwrap();
    file
}

#[test]
fn a_file_that_is_no_database_is_refused_when_it_is_opened_and_left_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let random: Vec<u8> = numbers(1).take(50_000).map(|n| n.to_le_bytes()[0]).collect();
    for bytes in [&random[..], &random[..1_000], b"rubbish", "name,price\nhat,1\n".as_bytes()] {
        let file = place(&folder, bytes);
        let error = SqliteStore::open(&file).unwrap_err();
        assert!(matches!(error, SqliteError::Sqlite(_)), "{error:?}");
        let cause = std::error::Error::source(&error).unwrap().to_string();
        assert!(cause.contains("not a database"), "{cause}");
        assert_eq!(fs::read(&file).unwrap(), bytes);
    }
}

#[test]
fn a_place_where_no_file_can_be_is_refused_when_it_is_opened() {
    let folder = tempfile::tempdir().unwrap();
    for place in [folder.path().to_owned(), folder.path().join("missing/sessions.db")] {
        let error = SqliteStore::open(&place).unwrap_err();
        assert!(matches!(error, SqliteError::Sqlite(_)), "{error:?}");
    }
}

async fn a_truncated_file_is_refused_when_it_is_opened(framework: Framework) {
    let folder = tempfile::tempdir().unwrap();
    let whole = whole_file(framework, folder.path()).await;
    let page = 4096;
    assert!(whole.len() > 5 * page);
    for length in [100, 500, page - 1, page, 2 * page, whole.len() / 2, whole.len() - page] {
        let file = place(&folder, &whole[..length]);
        let error = SqliteStore::open(&file).unwrap_err();
        assert!(matches!(error, SqliteError::Sqlite(_)), "{length} bytes: {error:?}");
    }
    let file = place(&folder, &whole);
    assert!(SqliteStore::open(file).is_ok(), "the whole file is good");
}

#[test]
fn a_file_of_a_newer_version_is_refused_when_it_is_opened() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("sessions.db");
    drop(SqliteStore::open(&file).unwrap());
    let other = Connection::open(&file).unwrap();
    other.execute("UPDATE cloakroom_schema SET version = 99", []).unwrap();
    let error = SqliteStore::open(&file).unwrap_err();
    assert!(matches!(error, SqliteError::NewerSchema { found: 99, .. }), "{error:?}");
    assert!(error.to_string().contains("upgrade cloakroom"), "{error}");
}

async fn damage_anywhere_in_the_file_is_an_error_at_most(framework: Framework) {
    let folder = tempfile::tempdir().unwrap();
    let whole = whole_file(framework, folder.path()).await;
    let mut refused = 0;
    for seed in 0..60 {
        let mut numbers = numbers(seed);
        let mut bytes = whole.clone();
        for _ in 0..200 {
            let at = numbers.next().unwrap() % bytes.len();
            bytes[at] = numbers.next().unwrap().to_le_bytes()[0];
        }
        let Ok(store) = SqliteStore::open(place(&folder, &bytes)) else {
            refused += 1;
            continue;
        };
        let server = serve(framework, store).await;
        for _ in 0..10 {
            let mut visitor = server.visitor();
            for path in ["/write", "/read", "/renew", "/logout"] {
                let status = visitor.visit(path).await.status.as_u16();
                assert!([200, 500, 503].contains(&status), "{path}: {status} at seed {seed}");
            }
        }
    }
    assert!((1..60).contains(&refused), "some are refused and some are not: {refused}");
}

async fn a_file_that_is_locked_for_too_long_is_a_503_and_well_again_by_itself(
    framework: Framework,
) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("sessions.db");
    let options = SqliteOptions::new(&file).busy_timeout(Duration::from_millis(20));
    let server = serve(framework, options.open().unwrap()).await;
    let mut visitor = server.visitor();
    visitor.visit("/login?user=ann").await;

    let other = Connection::open(&file).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    for path in ["/write", "/renew", "/logout"] {
        let answer = visitor.visit(path).await;
        assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE, "{path}");
        assert_eq!((answer.header("retry-after").as_str(), answer.set_cookie()), ("5", None));
        assert_eq!(visitor.data().await["user"], "ann", "who reads need not wait");
    }
    other.execute_batch("COMMIT").unwrap();
    assert_eq!(visitor.visit("/write").await.status, StatusCode::OK);
    assert_eq!(visitor.data().await, serde_json::json!({ "n": 1, "user": "ann" }));
}

async fn a_file_that_is_locked_for_a_moment_is_waited_for(framework: Framework) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("sessions.db");
    let options = SqliteOptions::new(&file).busy_timeout(Duration::from_secs(60));
    let server = serve(framework, options.open().unwrap()).await;
    let mut visitor = server.visitor();
    visitor.visit("/login?user=ann").await;
    let other = Connection::open(&file).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let waiting = visitor.clone();
    let waiting = tokio::spawn(async move { waiting.get("/write").await });
    assert_eq!(visitor.data().await, serde_json::json!({ "user": "ann" }));
    other.execute_batch("COMMIT").unwrap();
    assert_eq!(waiting.await.unwrap().status, StatusCode::OK);
    assert_eq!(visitor.data().await["n"], 1);
}
