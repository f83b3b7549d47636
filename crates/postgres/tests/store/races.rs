//! Several processes write the same sessions.

use std::collections::HashMap;
use std::future::Future;
use std::task::{Context, Waker};

use cloakroom_core::{Operation, Outcome, Record, Store as _, Version};
use cloakroom_postgres::PostgresStore;

use crate::support::{Dice, NOW, create, fresh, record, replace};

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn overlapping_batches_in_any_order_never_wait_for_each_other() {
    let (store, url) = fresh().await;
    let records: Vec<_> = (0..30).map(record).collect();
    for record in &records {
        create(&store, record).await;
    }
    let mut tasks = Vec::new();
    for seed in 0..6 {
        let store = PostgresStore::connect(&url).await.unwrap();
        let mut records = records.clone();
        tasks.push(tokio::spawn(async move {
            let mut dice = Dice(seed);
            let mut applied = HashMap::new();
            for round in 0..60 {
                dice.shuffle(&mut records);
                let ids: Vec<_> = records.iter().map(|record| record.id).collect();
                let loaded = store.load_many(&ids).await.unwrap();
                let writes: Vec<_> = loaded
                    .into_iter()
                    .flatten()
                    .map(|record| match dice.below(4) {
                        0 => Operation::Touch { id: record.id, active_at: NOW, expires_at: NOW },
                        1 => renewal(&record, seed * 1000 + round),
                        _ => replace(&record, record.version.get()),
                    })
                    .collect();
                for (write, outcome) in writes.iter().zip(store.write_many(&writes).await.unwrap())
                {
                    let counts = !matches!(write, Operation::Touch { .. });
                    if counts && outcome == Outcome::Applied {
                        *applied.entry(*write.id()).or_insert(0) += 1;
                    }
                }
            }
            applied
        }));
    }
    let mut applied = HashMap::new();
    for task in tasks {
        for (id, n) in task.await.unwrap() {
            *applied.entry(id).or_insert(0) += n;
        }
    }
    for record in &records {
        let found = store.load(&record.id).await.unwrap().unwrap();
        assert_eq!(found.version.get(), 1 + applied.get(&record.id).copied().unwrap_or(0));
    }
}

/// The session goes on under an id of its own, and the old id tells so.
fn renewal(old: &Record, n: u64) -> Operation {
    let version = Version::new(old.version.get() + 1);
    let moved = Record { version, ..old.clone() };
    let mut id = *old.id.as_bytes();
    id[8..].copy_from_slice(&(n + 1).to_be_bytes());
    let next = Record { id: cloakroom_core::Id::from_bytes(id), ..moved.clone() };
    Operation::Renew { version: old.version, next, moved }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_renewals_in_batches_one_wins_and_the_others_leave_nothing() {
    let (store, url) = fresh().await;
    let records: Vec<_> = (0..10).map(record).collect();
    for record in &records {
        create(&store, record).await;
    }
    let mut tasks = Vec::new();
    for n in 0..6 {
        let store = PostgresStore::connect(&url).await.unwrap();
        let mut renewals: Vec<_> = records.iter().map(|record| renewal(record, n)).collect();
        Dice(n).shuffle(&mut renewals);
        tasks.push(tokio::spawn(async move {
            let outcomes = store.write_many(&renewals).await.unwrap();
            let mut won = Vec::new();
            for (renewal, outcome) in renewals.iter().zip(outcomes) {
                let Operation::Renew { next, .. } = renewal else { continue };
                let is_there = store.load(&next.id).await.unwrap().is_some();
                assert_eq!(is_there, outcome == Outcome::Applied);
                won.extend(is_there.then_some(*renewal.id()));
            }
            won
        }));
    }
    let mut won = Vec::new();
    for task in tasks {
        won.extend(task.await.unwrap());
    }
    won.sort_unstable();
    let mut ids: Vec<_> = records.iter().map(|record| record.id).collect();
    ids.sort_unstable();
    assert_eq!(won, ids);
}

#[tokio::test]
async fn a_renewal_to_a_taken_id_is_stale() {
    let (store, _) = fresh().await;
    for n in [1, 2, 3] {
        create(&store, &record(n)).await;
    }
    let to = |n: u64, taken: u64| {
        let moved = Record { version: Version::new(2), ..record(n) };
        let next = Record { id: record(taken).id, ..moved.clone() };
        Operation::Renew { version: Version::FIRST, next, moved }
    };
    assert_eq!(store.write(&to(1, 2)).await.unwrap(), Outcome::Stale(None));
    let outcomes = store.write_many(&[to(1, 2), to(3, 9)]).await.unwrap();
    assert_eq!(outcomes, [Outcome::Stale(None), Outcome::Applied]);
    assert_eq!(store.load(&record(1).id).await.unwrap(), Some(record(1)));
}

#[tokio::test]
async fn a_batch_answers_in_its_order() {
    let (store, _) = fresh().await;
    let second = Record { version: Version::new(2), ..record(1) };
    let operations = [
        replace(&record(1), 1),
        Operation::Create(record(1)),
        Operation::Create(record(1)),
        replace(&record(1), 1),
        replace(&record(1), 1),
        Operation::Touch { id: record(1).id, active_at: NOW, expires_at: NOW },
        Operation::Delete(record(1).id),
        Operation::Delete(record(1).id),
        Operation::Create(record(1)),
    ];
    let outcomes = store.write_many(&operations).await.unwrap();
    let stale = Outcome::Stale(None);
    assert_eq!(outcomes[..4], [stale.clone(), Outcome::Applied, stale.clone(), Outcome::Applied]);
    assert_eq!(outcomes[4], Outcome::Stale(Some(second.clone())), "told without asking");
    assert_eq!(
        outcomes[5..],
        [Outcome::Applied, Outcome::Removed(second), stale, Outcome::Applied]
    );
}

#[tokio::test]
async fn calls_that_are_dropped_leave_the_connection_in_order() {
    let (store, _) = fresh().await;
    for n in 0..50 {
        let mut write = Box::pin(async { store.write(&Operation::Create(record(n))).await });
        let mut load = Box::pin(async { store.load(&record(n).id).await });
        let mut context = Context::from_waker(Waker::noop());
        assert!(write.as_mut().poll(&mut context).is_pending());
        assert!(load.as_mut().poll(&mut context).is_pending());
    }
    create(&store, &record(99)).await;
    for n in 0..50 {
        // What was sent before is carried out before.
        assert_eq!(store.load(&record(n).id).await.unwrap(), Some(record(n)));
    }
}
