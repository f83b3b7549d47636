//! The table is made once, by whoever comes first, and never by a version that does not know it.

use cloakroom_core::Store as _;
use cloakroom_postgres::{PostgresError, PostgresOptions, PostgresStore};
use servers::Postgres;

use crate::support::{create, record};

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn many_make_a_new_table_at_once() {
    for round in 0..5 {
        let url = Postgres::shared().fresh_database().unwrap();
        let options = PostgresOptions::new(&url).unwrap().schema("web");
        let tasks: Vec<_> = (0..8).map(|_| tokio::spawn(options.clone().connect())).collect();
        for task in tasks {
            let store = task.await.unwrap();
            assert!(store.is_ok(), "round {round}: {store:?}");
        }
    }
}

#[tokio::test]
async fn a_newer_table_is_a_clear_error() {
    let server = Postgres::shared();
    let url = server.fresh_database().unwrap();
    drop(PostgresStore::connect(&url).await.unwrap());
    let comment = "COMMENT ON TABLE cloakroom_sessions IS 'cloakroom sessions, schema 99'";
    server.execute_in(&url, comment).unwrap();
    for migrate in [true, false] {
        let store = PostgresOptions::new(&url).unwrap().migrate(migrate).connect().await;
        assert!(matches!(store, Err(PostgresError::NewerSchema { found: 99, .. })), "{store:?}");
    }
}

#[tokio::test]
async fn a_strangers_table_is_not_touched() {
    let server = Postgres::shared();
    let url = server.fresh_database().unwrap();
    server.execute_in(&url, "CREATE TABLE cloakroom_sessions (n int)").unwrap();
    let store = PostgresStore::connect(&url).await;
    assert!(matches!(store, Err(PostgresError::NotOurs(_))), "{store:?}");
}

#[tokio::test]
async fn who_migrates_by_hand_gets_the_same_table() {
    let server = Postgres::shared();
    let url = server.fresh_database().unwrap();
    let options = PostgresOptions::new(&url).unwrap().schema("by \"hand\"").migrate(false);
    let refused = options.clone().connect().await;
    assert!(matches!(refused, Err(PostgresError::Refused { .. })), "{refused:?}");
    server.execute_in(&url, &options.schema_sql().unwrap()).unwrap();
    for migrate in [false, true] {
        let store = options.clone().migrate(migrate).connect().await.unwrap();
        create(&store, &record(migrate.into())).await;
        assert!(store.load(&record(0).id).await.unwrap().is_some());
    }
}

#[tokio::test]
async fn a_database_that_cannot_store_every_text_is_refused() {
    let server = Postgres::shared();
    let name = format!("latin_{}", std::process::id());
    server
        .execute(&format!("CREATE DATABASE {name} ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0"))
        .unwrap();
    let (server_part, _) = server.url().rsplit_once('/').unwrap();
    let store = PostgresStore::connect(&format!("{server_part}/{name}")).await;
    assert!(matches!(store, Err(PostgresError::Encoding(_))), "{store:?}");
}
