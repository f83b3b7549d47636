//! A cluster that changes under way.

use std::time::Duration;

use cloakroom_core::{Operation, Outcome, Store as _};
use cloakroom_redis::RedisOptions;
use servers::RedisCluster;

use crate::support::{created, fresh_id, next, renewal, wait_until};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sessions_live_on_when_a_replica_takes_over() {
    let mut cluster = RedisCluster::start(3, 1).unwrap();
    let store = RedisOptions::cluster(cluster.urls()).connect().await.unwrap();
    let mut records = Vec::new();
    for _ in 0..60 {
        records.push(created(&store).await);
    }
    let (master, replica) = (cluster.node(0), cluster.node(3));
    let kept = master.ask("DBSIZE").unwrap();
    replica.wait_for("DBSIZE", |size| size == kept).unwrap();
    cluster.node_mut(0).kill().unwrap();
    let well = async || {
        let mut well = true;
        for record in &records {
            well &= store.load(&record.id).await.is_ok();
            well &= store.write(&Operation::Delete(fresh_id())).await.is_ok();
        }
        well
    };
    wait_until(well).await;
    for record in &records {
        assert_eq!(store.load(&record.id).await.unwrap().as_ref(), Some(record));
        assert_eq!(store.write(&next(record)).await.unwrap(), Outcome::Applied);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_that_hangs_costs_its_sessions_and_no_others() {
    let cluster = RedisCluster::start(3, 0).unwrap();
    let limit = Duration::from_millis(500);
    let options = RedisOptions::cluster(cluster.urls()).response_timeout(limit);
    let store = options.connect_timeout(limit).connect().await.unwrap();
    let (mut on_it, mut elsewhere) = (Vec::new(), Vec::new());
    for _ in 0..30 {
        let record = created(&store).await;
        let key = format!("cloakroom:{}", record.id);
        let place = if cluster.node(0).ask(&format!("GET {key}")).is_ok() {
            &mut on_it
        } else {
            &mut elsewhere
        };
        place.push(record);
    }
    cluster.node(0).pause().unwrap();
    for _ in 0..3 {
        assert!(store.load(&on_it[0].id).await.is_err());
    }
    for record in &elsewhere {
        wait_until(async || store.load(&record.id).await.is_ok()).await;
    }
    for record in &elsewhere {
        assert_eq!(store.load(&record.id).await.unwrap().as_ref(), Some(record));
        assert_eq!(store.write(&next(record)).await.unwrap(), Outcome::Applied);
    }
    cluster.node(0).resume().unwrap();
    for record in &on_it {
        wait_until(async || store.load(&record.id).await.is_ok()).await;
        assert_eq!(store.write(&next(record)).await.unwrap(), Outcome::Applied);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn slots_may_move_while_sessions_are_written() {
    let cluster = RedisCluster::start(3, 0).unwrap();
    let store = RedisOptions::cluster(cluster.urls()).connect().await.unwrap();
    let record = created(&store).await;
    let key = format!("cloakroom:{}", record.id);
    let slot = cluster.ask(&format!("CLUSTER KEYSLOT {key}")).unwrap();
    let owns = |place: usize| cluster.node(place).ask(&format!("GET {key}")).is_ok();
    let from = (0..3).find(|&place| owns(place)).unwrap();
    let to = (from + 1) % 3;
    let [source, target] = [from, to].map(|place| cluster.node(place).ask("CLUSTER MYID").unwrap());
    cluster.node(to).ask(&format!("CLUSTER SETSLOT {slot} IMPORTING {source}")).unwrap();
    cluster.node(from).ask(&format!("CLUSTER SETSLOT {slot} MIGRATING {target}")).unwrap();
    // Not moved yet, then moved, then known to be moved.
    assert_eq!(store.write(&next(&record)).await.unwrap(), Outcome::Applied);
    let port = cluster.node(to).port();
    cluster.node(from).ask(&format!("MIGRATE 127.0.0.1 {port} {key} 0 5000")).unwrap();
    let Operation::Replace { next: record, .. } = next(&record) else { unreachable!() };
    assert_eq!(store.load(&record.id).await.unwrap().as_ref(), Some(&record));
    assert_eq!(store.write(&next(&record)).await.unwrap(), Outcome::Applied);
    for place in [to, from] {
        cluster.node(place).ask(&format!("CLUSTER SETSLOT {slot} NODE {target}")).unwrap();
    }
    let Operation::Replace { next: record, .. } = next(&record) else { unreachable!() };
    let (renew, renewed) = renewal(&record);
    assert_eq!(store.write(&renew).await.unwrap(), Outcome::Applied);
    assert_eq!(store.load(&renewed.id).await.unwrap().as_ref(), Some(&renewed));
}
