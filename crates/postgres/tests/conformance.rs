//! The PostgreSQL store keeps every promise, opened several times as several processes would.

use cloakroom_core::conformance;
use cloakroom_postgres::{PostgresError, PostgresOptions, PostgresStore};
use servers::Postgres;
use tokio::runtime::Handle;
use tokio::task::block_in_place;

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_postgres_store_keeps_every_promise() {
    let url = Postgres::shared().fresh_database().unwrap();
    prove(async || PostgresStore::connect(&url).await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_table_with_any_name_keeps_every_promise() {
    let url = Postgres::shared().fresh_database().unwrap();
    let options = PostgresOptions::new(&url).unwrap();
    let options = options.schema("We\"b; --").table("'$1' \\ \"sessions\" of the {table} über");
    prove(async || options.clone().connect().await).await;
}

#[cfg(feature = "deadpool")]
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn on_a_pool_of_the_application_every_promise_is_kept() {
    use cloakroom_postgres::deadpool_postgres::{Manager, Pool};
    use cloakroom_postgres::tokio_postgres::NoTls;

    let url = Postgres::shared().fresh_database().unwrap();
    let manager = Manager::new(url.parse().unwrap(), NoTls);
    let pool = Pool::builder(manager).max_size(4).build().unwrap();
    prove(async || PostgresOptions::default().on_pool(pool.clone()).await).await;
}

async fn prove(open: impl AsyncFn() -> Result<PostgresStore, PostgresError>) {
    let open = || block_in_place(|| Handle::current().block_on(open()).unwrap());
    conformance::prove(open).await;
}
