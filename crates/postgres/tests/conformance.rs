//! The PostgreSQL store keeps every promise, opened several times as several processes would.

use cloakroom_core::conformance;
use cloakroom_postgres::{PostgresOptions, PostgresStore};
use servers::Postgres;
use tokio::runtime::Handle;
use tokio::task::block_in_place;

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_postgres_store_keeps_every_promise() {
    let url = Postgres::shared().fresh_database().unwrap();
    prove(|| PostgresOptions::new(&url).unwrap()).await;
}

async fn prove(options: impl Fn() -> PostgresOptions) {
    let open = || -> PostgresStore {
        block_in_place(|| Handle::current().block_on(options().connect()).unwrap())
    };
    conformance::prove(open).await;
}
