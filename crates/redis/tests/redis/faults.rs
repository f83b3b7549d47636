//! Servers that fail: an error each time, never an empty session; and well again by itself.

use std::time::Duration;

use cloakroom_core::conformance::Browser;
use cloakroom_core::{ErrorKind, Operation, Outcome, Sessions, Store as _};
use cloakroom_redis::{RedisError, RedisOptions};
use servers::{Redis, RedisOptions as ServerOptions, shared_cluster, shared_redis};
use tokio::runtime::Runtime;

use crate::proxy::Proxy;
use crate::support::{
    PATIENCE, created, fresh_prefix, next, read, record, renewal, sessions, store, touch, visitor,
    wait_until,
};

fn on_disk() -> Redis {
    ServerOptions::default().set("appendonly", "yes").set("appendfsync", "always").start().unwrap()
}

#[tokio::test]
async fn forgotten_scripts_are_learnt_again() {
    let server = Redis::start().unwrap();
    let store = store(&server);
    let record = created(&store).await;
    let mut writes = vec![touch(&record), next(&record)];
    for _ in 0..5 {
        let record = created(&store).await;
        writes.extend([touch(&record), renewal(&record).0, Operation::Delete(record.id)]);
    }
    server.ask("SCRIPT FLUSH").unwrap();
    let outcomes = store.write_many(&writes).await.unwrap();
    assert!(outcomes.iter().all(|outcome| !matches!(outcome, Outcome::Stale(_))), "{outcomes:?}");
    server.ask("SCRIPT FLUSH").unwrap();
    let Operation::Replace { next: record, .. } = next(&record) else { unreachable!() };
    assert_eq!(store.write(&next(&record)).await.unwrap(), Outcome::Applied);
}

#[tokio::test]
async fn a_restart_while_nothing_is_under_way_is_not_noticed() {
    let mut server = on_disk();
    let store = store(&server);
    let record = created(&store).await;
    server.restart().unwrap();
    assert_eq!(store.load(&record.id).await.unwrap().as_ref(), Some(&record));
    server.restart().unwrap();
    // The driver's own task has seen the end of the connection by now, or sees it first.
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert_eq!(store.write(&next(&record)).await.unwrap(), Outcome::Applied);
}

/// As where each worker of a server has one, or each test of an application.
#[test]
fn a_runtime_that_ends_takes_its_connection_along_and_the_next_one_makes_its_own() {
    let server = RedisOptions::new(shared_redis());
    let cluster = RedisOptions::cluster(shared_cluster().urls());
    for options in [server, cluster] {
        let store = options.prefix(fresh_prefix()).open().unwrap();
        for _ in 0..3 {
            Runtime::new().unwrap().block_on(created(&store));
        }
    }
}

/// Visitors that count until they are told to stop; each keeps to what was answered.
struct Load {
    stop: tokio::sync::watch::Sender<bool>,
    visitors: Vec<tokio::task::JoinHandle<(Browser, i64, i64, usize)>>,
}

impl Load {
    async fn start(sessions: &Sessions) -> Self {
        let (stop, stopped) = tokio::sync::watch::channel(false);
        let mut visitors = Vec::new();
        for _ in 0..16 {
            let mut browser = visitor(sessions).await;
            let stopped = stopped.clone();
            visitors.push(tokio::spawn(async move {
                let (mut least, mut most, mut failed) = (1, 1, 0);
                while !*stopped.borrow() {
                    most += 1;
                    match browser.visit(|session| session.increment("n", 1).unwrap()).await {
                        // What is there is what was answered, and perhaps what was not.
                        Ok(n) => {
                            assert!((least + 1..=most).contains(&n), "{n} of {least} to {most}");
                            (least, most) = (n, n);
                        }
                        Err(error) => {
                            assert_eq!(error.kind(), ErrorKind::Unavailable, "{error:?}");
                            failed += 1;
                            tokio::time::sleep(Duration::from_millis(5)).await;
                        }
                    }
                }
                (browser, least, most, failed)
            }));
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
        Self { stop, visitors }
    }

    /// Lets everybody get one more answer, then compares what is kept.
    async fn end(self) -> usize {
        let mut failures = 0;
        self.stop.send(true).unwrap();
        for visitor in self.visitors {
            let (mut browser, least, most, failed) = visitor.await.unwrap();
            wait_until(async || read(&mut browser).await.is_ok()).await;
            let n = read(&mut browser).await.unwrap().expect("no session is lost");
            assert!((least..=most).contains(&n), "{n} of {least} to {most}");
            failures += failed;
        }
        failures
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn what_was_answered_survives_a_kill_under_load() {
    let mut server = on_disk();
    let sessions = sessions(store(&server));
    let load = Load::start(&sessions).await;
    server.kill().unwrap();
    tokio::time::sleep(Duration::from_millis(300)).await;
    server.run().unwrap();
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert!(load.end().await > 0, "somebody was told");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_server_that_hangs_costs_a_request_its_timeout() {
    let server = Redis::start().unwrap();
    let limit = Duration::from_millis(300);
    let options = RedisOptions::new(server.url()).response_timeout(limit).connect_timeout(limit);
    let sessions = sessions(options.open().unwrap());
    let load = Load::start(&sessions).await;
    server.pause().unwrap();
    let mut browser = Browser::new(&sessions);
    let asked = browser.visit(|session| session.set("n", &1));
    let answer = tokio::time::timeout(PATIENCE, asked).await.expect("it does not hang");
    assert_eq!(answer.unwrap_err().kind(), ErrorKind::Unavailable);
    server.resume().unwrap();
    assert!(load.end().await > 0, "somebody was told");
}

#[tokio::test]
async fn after_a_flush_every_session_is_gone_and_none_comes_back() {
    let server = Redis::start().unwrap();
    let sessions = sessions(store(&server));
    let mut browser = visitor(&sessions).await;
    let visit = browser.begin().await.unwrap();
    visit.session().set("late", &1).unwrap();
    server.ask("FLUSHALL").unwrap();
    let response = visit.end(http::StatusCode::OK).await.unwrap();
    assert_eq!(response.cookie(&sessions), None);
    assert_eq!(read(&mut browser).await.unwrap(), None);
    assert_eq!(server.ask("DBSIZE").unwrap(), "0");
}

#[tokio::test]
async fn a_server_without_memory_refuses_and_loses_nothing() {
    let server = Redis::start().unwrap();
    let store = store(&server);
    let sessions = sessions(store.clone());
    let mut browser = visitor(&sessions).await;
    let first = created(&store).await;
    server.ask("CONFIG SET maxmemory 1").unwrap();
    assert!(store.write(&Operation::Create(record())).await.is_err());
    for operation in [next(&first), touch(&first), renewal(&first).0] {
        assert!(store.write(&operation).await.is_err());
    }
    let change = browser.visit(|session| session.set("n", &2).unwrap()).await;
    assert_eq!(change.unwrap_err().kind(), ErrorKind::Unavailable);
    assert_eq!(read(&mut browser).await.unwrap(), Some(1));
    assert_eq!(store.load(&first.id).await.unwrap().as_ref(), Some(&first));
    let ended = store.write(&Operation::Delete(first.id)).await.unwrap();
    assert!(matches!(ended, Outcome::Removed(_)), "an end needs no memory");
    server.ask("CONFIG SET maxmemory 0").unwrap();
    browser.visit(|session| session.set("n", &3).unwrap()).await.unwrap();
    assert_eq!(read(&mut browser).await.unwrap(), Some(3));
}

#[tokio::test]
async fn a_replica_is_read_and_refuses_writes_until_it_is_the_master() {
    let master = Redis::start().unwrap();
    let record = created(&store(&master)).await;
    let follow = format!("127.0.0.1 {}", master.port());
    let replica = ServerOptions::default().set("replicaof", &follow).start().unwrap();
    let store = store(&replica);
    wait_until(async || store.load(&record.id).await.is_ok_and(|found| found.is_some())).await;
    for operation in
        [next(&record), Operation::Delete(record.id), Operation::Create(crate::support::record())]
    {
        assert!(store.write(&operation).await.is_err());
    }
    assert_eq!(store.load(&record.id).await.unwrap().as_ref(), Some(&record));
    replica.ask("REPLICAOF NO ONE").unwrap();
    assert_eq!(store.write(&next(&record)).await.unwrap(), Outcome::Applied);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connection_that_leads_nowhere_is_made_anew() {
    let server = Redis::start().unwrap();
    let proxy = Proxy::before(server.port()).await;
    let options = RedisOptions::new(&proxy.url).response_timeout(Duration::from_millis(200));
    let store = options.connect().await.unwrap();
    let record = created(&store).await;
    proxy.freeze();
    let error = store.load(&record.id).await.unwrap_err();
    assert!(matches!(error, RedisError::Timeout(_)), "{error:?}");
    assert_eq!(store.load(&record.id).await.unwrap().as_ref(), Some(&record));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_name_that_leads_to_another_master_is_looked_up_again() {
    let [old, new] = [Redis::start().unwrap(), Redis::start().unwrap()];
    let proxy = Proxy::before(old.port()).await;
    let store = RedisOptions::new(&proxy.url).connect().await.unwrap();
    let first = created(&store).await;
    proxy.lead_to(new.port());
    // The connection stays, but takes no more writes.
    old.ask(&format!("REPLICAOF 127.0.0.1 {}", new.port())).unwrap();
    let _ = store.write(&next(&first)).await.unwrap_err();
    wait_until(async || store.write(&Operation::Create(record())).await.is_ok()).await;
}

#[tokio::test]
async fn a_server_that_was_never_there_is_an_error_until_it_comes() {
    let mut server = Redis::start().unwrap();
    server.kill().unwrap();
    let store = store(&server);
    assert!(RedisOptions::new(server.url()).connect().await.is_err());
    assert!(store.load(&record().id).await.is_err());
    server.run().unwrap();
    wait_until(async || store.load(&record().id).await.is_ok()).await;
}
