//! The server is killed under load, and comes back.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use cloakroom_core::{Outcome, Store as _};
use cloakroom_postgres::PostgresStore;
use servers::Postgres;

use crate::support::{create, record, replace};

/// What one writer knows.
#[derive(Default)]
struct Tally {
    /// Writes that were acknowledged.
    acknowledged: u64,
    /// Writes that were not, and may or may not have been made.
    unsure: u64,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn what_was_acknowledged_survives_a_kill_under_load() {
    let server = Postgres::start().unwrap();
    let store = PostgresStore::connect(server.url()).await.unwrap();
    let done = Arc::new(AtomicBool::new(false));
    let progress = Arc::new(AtomicU64::new(0));
    let mut writers = Vec::new();
    for n in 0..16 {
        let record = record(n);
        create(&store, &record).await;
        let (store, done, progress) = (store.clone(), done.clone(), progress.clone());
        writers.push(tokio::spawn(async move {
            let mut tally = Tally::default();
            let mut version = 1;
            while !done.load(Ordering::SeqCst) {
                // Every other writer's calls go as batches.
                let writes = [replace(&record, version)];
                let outcome = match n % 2 {
                    0 => store.write(&writes[0]).await,
                    _ => store.write_many(&writes).await.map(|mut outcomes| outcomes.remove(0)),
                };
                match outcome {
                    Ok(Outcome::Applied) => {
                        version += 1;
                        tally.acknowledged += 1;
                        progress.fetch_add(1, Ordering::SeqCst);
                    }
                    Ok(outcome) => panic!("nobody else writes this one: {outcome:?}"),
                    Err(_) => {
                        tally.unsure += 1;
                        let found = loop {
                            if let Ok(found) = store.load(&record.id).await {
                                break found;
                            }
                            tokio::time::sleep(Duration::from_millis(20)).await;
                        };
                        version = found.expect("it was acknowledged").version.get();
                    }
                }
            }
            (record, tally)
        }));
    }
    let more = async |writes| {
        let until = progress.load(Ordering::SeqCst) + writes;
        let passed = async || match progress.load(Ordering::SeqCst) {
            now if now >= until => Ok(()),
            now => Err(format!("{now} of {until} writes")),
        };
        crate::support::at_last(passed).await;
    };
    for _ in 0..3 {
        more(300).await;
        server.kill().unwrap();
        server.restart().unwrap();
    }
    more(300).await;
    done.store(true, Ordering::SeqCst);
    let mut unsure = 0;
    for writer in writers {
        let (record, tally) = writer.await.unwrap();
        let version = store.load(&record.id).await.unwrap().unwrap().version.get();
        let most = 1 + tally.acknowledged + tally.unsure;
        assert!((1 + tally.acknowledged..=most).contains(&version), "{version} of {most}");
        unsure += tally.unsure;
    }
    assert!(unsure > 0, "the kills met writes under way");
}
