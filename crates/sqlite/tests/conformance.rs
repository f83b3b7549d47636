//! The SQLite store keeps every promise, opened several times as several processes would.

use cloakroom_core::conformance;
use cloakroom_sqlite::{SqliteOptions, SqliteStore};

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_sqlite_store_keeps_every_promise() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("sessions.db");
    conformance::prove(|| SqliteStore::open(&file).unwrap()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn so_it_does_with_the_file_as_memory() {
    let folder = tempfile::tempdir().unwrap();
    let options = SqliteOptions::new(folder.path().join("sessions.db")).memory_map(1 << 30);
    conformance::prove(|| options.clone().open().unwrap()).await;
}
