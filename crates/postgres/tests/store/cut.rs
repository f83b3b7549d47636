//! Connections are cut under the store.

use cloakroom_core::Store as _;
use servers::Postgres;

use crate::support::{at_last, create, fresh, record, replace};

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn connections_that_are_cut_are_made_again() {
    let (store, url) = fresh().await;
    create(&store, &record(0)).await;
    let cut = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
               WHERE datname = current_database() AND application_name = 'cloakroom'";
    let mut version = 1;
    for _ in 0..10 {
        assert_eq!(Postgres::shared().execute_in(&url, cut).unwrap(), "2", "one reads, one writes");
        let found = store.load(&record(0).id).await.unwrap().expect("a load is made again");
        assert!(found.version.get() >= version);
        let write = async || {
            let found = store.load(&record(0).id).await?.expect("it is there");
            store.write(&replace(&record(0), found.version.get())).await
        };
        let _ = at_last(write).await;
        version += 1;
    }
    assert!(store.load(&record(0).id).await.unwrap().unwrap().version.get() >= version);
}

#[tokio::test]
async fn a_store_that_is_dropped_closes_its_connections() {
    let (store, url) = fresh().await;
    let _ = store.delete_expired(crate::support::NOW, 5.try_into().unwrap()).await.unwrap();
    drop(store);
    let left = "SELECT count(*) FROM pg_stat_activity
                WHERE datname = current_database() AND application_name = 'cloakroom'";
    at_last(async || match Postgres::shared().execute_in(&url, left).unwrap().as_str() {
        "0" => Ok(()),
        left => Err(left.to_owned()),
    })
    .await;
}
