//! The memory store keeps every promise.
#![cfg(feature = "conformance")]

use cloakroom_core::{MemoryStore, conformance};

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_memory_store_keeps_every_promise() {
    let store = MemoryStore::new();
    conformance::prove(|| store.clone()).await;
}
