//! A cluster that changes under way.

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
