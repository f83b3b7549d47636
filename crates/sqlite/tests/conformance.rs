//! The SQLite store keeps every promise, opened several times as several processes would.

use cloakroom_core::conformance;
use cloakroom_sqlite::SqliteStore;

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_sqlite_store_keeps_every_promise() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("sessions.db");
    conformance::prove(|| SqliteStore::open(&file).unwrap()).await;
}
