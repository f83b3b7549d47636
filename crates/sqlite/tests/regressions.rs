//! Defects that were found by review, each kept by the test that showed it.

use std::future::Future;
use std::path::Path;
use std::task::{Context, Waker};
use std::time::Duration;

use cloakroom_core::conformance::Browser;
use cloakroom_core::{ErrorKind, Secret, Session, Sessions};
use cloakroom_sqlite::SqliteStore;

/// Polls a future once, then drops it: what `select!` and `timeout` do to the branch that loses.
///
/// The file's write lock is held meanwhile, so that the store cannot have answered yet.
fn poll_once<F: Future>(file: &Path, future: F) {
    let lock = rusqlite::Connection::open(file).unwrap();
    lock.execute_batch("BEGIN IMMEDIATE").unwrap();
    let mut future = Box::pin(future);
    assert!(future.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
    drop(future);
    lock.execute_batch("COMMIT").unwrap();
}

fn sessions(store: SqliteStore) -> Sessions {
    Sessions::builder(store).secret(Secret::generate().unwrap()).build().unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cancelled_save_is_not_made_twice() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("s.db");
    let sessions = sessions(SqliteStore::open(&file).unwrap());
    let mut browser = Browser::new(&sessions);
    browser.visit(|s| s.set("user", "ann")).await.unwrap().unwrap();
    let visit = browser.begin().await.unwrap();
    let socket = visit.session().detach().unwrap();
    socket.increment("n", 1).unwrap();
    poll_once(&file, socket.save());
    let unsure = socket.increment("n", 1).and(socket.save().await).unwrap_err();
    assert_eq!(unsure.kind(), ErrorKind::Closed, "it is not known what was saved");
    assert!(visit.session().id().is_some());
    // The write that was under way is carried out before the next one.
    visit.session().set("later", &1).unwrap();
    let _ = visit.end(http::StatusCode::OK).await.unwrap();
    assert_eq!(browser.visit(|s| s.get::<i64>("n")).await.unwrap().unwrap(), Some(1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cancelled_renewal_keeps_the_session() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("s.db");
    let sessions = sessions(SqliteStore::open(&file).unwrap());
    let mut browser = Browser::new(&sessions);
    browser.visit(|s| s.set("user", "ann")).await.unwrap().unwrap();
    let visit = browser.begin().await.unwrap();
    visit.session().renew().unwrap();
    poll_once(&file, visit.session().save());
    tokio::time::sleep(Duration::from_millis(300)).await;
    let response = visit.end(http::StatusCode::OK).await.unwrap();
    browser.receive(&response);
    assert!(browser.visit(|s| s.contains("user")).await.unwrap(), "neither id is valid");
}

#[tokio::test]
async fn a_path_that_is_no_file_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    std::env::set_current_dir(&folder).unwrap();
    let Ok(store) = SqliteStore::open(":memory:") else { return };
    let mut browser = Browser::new(&sessions(store));
    browser.visit(|s| s.set("user", "ann")).await.unwrap().unwrap();
    let read = browser.visit(|s| s.contains("user")).await;
    let files =
        std::fs::read_dir(&folder).unwrap().map(|f| f.unwrap().file_name()).collect::<Vec<_>>();
    assert!(read.is_ok() && files.is_empty(), "{read:?}, and files {files:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_damaged_row_troubles_nobody_else() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("s.db");
    let sessions = sessions(SqliteStore::open(&path).unwrap());
    let mut browsers = Vec::new();
    for n in 0..40 {
        let mut browser = Browser::new(&sessions);
        browser.visit(|s| s.set("n", &n)).await.unwrap().unwrap();
        browsers.push(browser);
    }
    let id = browsers[7].visit(Session::id).await.unwrap().unwrap();
    let connection = rusqlite::Connection::open(&path).unwrap();
    connection
        .execute(
            "UPDATE cloakroom_sessions SET user_id = CAST(x'ff' AS TEXT) WHERE id = ?1",
            [id.to_string()],
        )
        .unwrap();
    let tasks: Vec<_> = browsers
        .into_iter()
        .enumerate()
        .map(|(n, b)| tokio::spawn(async move { (n, b.begin().await.map(drop)) }))
        .collect();
    let mut failed = Vec::new();
    for task in tasks {
        let (n, result) = task.await.unwrap();
        if result.is_err() {
            failed.push(n);
        }
    }
    assert_eq!(failed, [7]);
}

#[test]
fn many_open_a_new_file_at_once() {
    let mut errors = Vec::new();
    for _ in 0..30 {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("s.db");
        let barrier = std::sync::Arc::new(std::sync::Barrier::new(8));
        let threads: Vec<_> = (0..8)
            .map(|_| {
                let (path, barrier) = (path.clone(), barrier.clone());
                std::thread::spawn(move || {
                    barrier.wait();
                    SqliteStore::open(path).map(drop).map_err(|e| format!("{e:?}"))
                })
            })
            .collect();
        errors.extend(threads.into_iter().filter_map(|t| t.join().unwrap().err()));
    }
    assert!(errors.is_empty(), "{} of 240: {:?}", errors.len(), errors.first());
}

#[tokio::test]
async fn a_renewal_to_a_taken_id_is_stale() {
    use cloakroom_core::{Id, Operation, Outcome, Payload, Record, Store, Timestamp, Version};
    let folder = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(folder.path().join("s.db")).unwrap();
    let record = |n: u8, version| Record {
        id: Id::from_bytes([n; 16]),
        version: Version::new(version),
        user: None,
        created_at: Timestamp::from_millis(0),
        active_at: Timestamp::from_millis(0),
        expires_at: Timestamp::from_millis(9),
        payload: Payload::from_text("{\"format\":1}"),
    };
    for n in [1, 2] {
        let _ = store.write(&Operation::Create(record(n, 1))).await.unwrap();
    }
    let renew =
        Operation::Renew { version: Version::FIRST, next: record(2, 2), moved: record(1, 2) };
    assert_ne!(store.write(&renew).await.unwrap(), Outcome::Applied);
}
