//! Sentinels name the master, also a new one.

use cloakroom_core::{Operation, Outcome, Store as _};
use cloakroom_redis::RedisOptions;
use servers::RedisSentinel;

use crate::support::{created, next, wait_until};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn writes_go_on_with_the_server_that_a_sentinel_promotes() {
    let mut group = RedisSentinel::start().unwrap();
    let urls = [group.sentinel().url()];
    let store = RedisOptions::sentinel(urls, group.name()).connect().await.unwrap();
    let record = created(&store).await;
    group.replica().wait_for("DBSIZE", |size| size == "1").unwrap();
    group.master_mut().kill().unwrap();
    wait_until(async || store.load(&record.id).await.is_ok()).await;
    wait_until(async || store.write(&Operation::Delete(crate::support::fresh_id())).await.is_ok())
        .await;
    assert_eq!(store.write(&next(&record)).await.unwrap(), Outcome::Applied);
    assert!(group.replica().ask("ROLE").unwrap().starts_with("master"));
}
