//! The Redis store keeps every promise, on one server and on a cluster, opened several times as several processes would.

use cloakroom_core::conformance;
use cloakroom_redis::RedisOptions;

use crate::support::fresh_prefix;

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_redis_store_keeps_every_promise() {
    let options = RedisOptions::new(servers::shared_redis()).prefix(fresh_prefix());
    conformance::prove(|| options.clone().open().unwrap()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn on_a_cluster_it_does_too() {
    let options = RedisOptions::cluster(servers::shared_cluster().urls()).prefix(fresh_prefix());
    conformance::prove(|| options.clone().open().unwrap()).await;
}
