//! What the engine relies on in a store, asked of the store alone.

use std::fmt::Debug;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use super::Proof;
use crate::{Id, Operation, Outcome, Payload, Record, Store, Timestamp, UserId, Version};

pub(super) fn proofs<S: Store>(here: S, there: S) -> Vec<Proof> {
    let (here, there) = (Arc::new(here), Arc::new(there));
    let proof = |name, proof| Proof { name, proof };
    let pair = || (here.clone(), there.clone());
    vec![
        proof("a record comes back as it was written", Box::pin(comes_back(pair()))),
        proof("create never overwrites", Box::pin(create_never_overwrites(pair()))),
        proof("replace needs the very version", Box::pin(replace_needs_the_version(pair()))),
        proof("renew is one step", Box::pin(renew_is_one_step(pair()))),
        proof(
            "touch never moves earlier, and needs the version and leaves it",
            Box::pin(touch(pair())),
        ),
        proof("delete tells what was there", Box::pin(delete(pair()))),
        proof("trips answer in order", Box::pin(trips(pair()))),
        proof("only what has expired is swept, and no more than asked", Box::pin(sweep(pair()))),
        proof("a user's sessions are found, newest first", Box::pin(of_user(pair()))),
        proof("of concurrent writes with one version one wins", Box::pin(one_wins(pair()))),
        proof("a walk finds every record, a page at a time", Box::pin(super::walk::walk(pair()))),
    ]
}

pub(super) type Pair<S> = (Arc<S>, Arc<S>);

const NOW: Timestamp = Timestamp::from_millis(1_780_000_000_000);

pub(super) fn record() -> Record {
    let mut id = [0; 16];
    getrandom::fill(&mut id).expect("the operating system supplies randomness");
    Record {
        id: Id::from_bytes(id),
        version: Version::FIRST,
        user: Some(UserId::new("user'; DROP TABLE users; -- é").unwrap()),
        created_at: NOW,
        active_at: NOW.plus(Duration::from_millis(1)),
        expires_at: NOW.plus(Duration::from_secs(3600)),
        payload: Payload::from_text(r#"{"format":1,"data":{"k\"\\":"é\u0000😀"}}"#),
    }
}

pub(super) fn with(record: &Record, version: u64, text: &str) -> Record {
    let payload = Payload::from_text(format!(r#"{{"format":1,"data":{{"k":"{text}"}}}}"#));
    Record { version: Version::new(version), payload, ..record.clone() }
}

fn replace(version: u64, next: &Record) -> Operation {
    Operation::Replace { version: Version::new(version), next: next.clone() }
}

pub(super) async fn write(store: &impl Store, operation: Operation) -> Outcome {
    ok(store.write(&operation).await)
}

async fn load(store: &impl Store, id: Id) -> Option<Record> {
    ok(store.load(&id).await)
}

pub(super) fn ok<T, E: Debug>(result: Result<T, E>) -> T {
    result.unwrap_or_else(|error| panic!("the store failed: {error:?}"))
}

/// A stale outcome may bring what is there along; if it does, it must be right.
#[track_caller]
fn assert_stale(outcome: &Outcome, current: Option<&Record>) {
    match outcome {
        Outcome::Stale(None) => {}
        Outcome::Stale(Some(told)) => assert_eq!(Some(told), current),
        other => panic!("expected Stale, got {other:?}"),
    }
}

async fn comes_back<S: Store>((here, there): Pair<S>) {
    let large = Record {
        user: None,
        version: Version::new(u64::MAX - 1),
        ..with(&record(), 1, &"x".repeat(200_000))
    };
    for record in [record(), Record { user: None, ..record() }, Record { id: record().id, ..large }]
    {
        assert_eq!(load(&*here, record.id).await, None);
        assert_eq!(write(&*here, Operation::Create(record.clone())).await, Outcome::Applied);
        assert_eq!(load(&*there, record.id).await, Some(record));
    }
}

async fn create_never_overwrites<S: Store>((here, there): Pair<S>) {
    let first = record();
    assert_eq!(write(&*here, Operation::Create(first.clone())).await, Outcome::Applied);
    let second = write(&*there, Operation::Create(with(&first, 1, "other"))).await;
    assert_stale(&second, Some(&first));
    assert_eq!(load(&*here, first.id).await, Some(first));
}

async fn replace_needs_the_version<S: Store>((here, there): Pair<S>) {
    let first = record();
    let second = with(&first, 2, "second");
    assert_stale(&write(&*here, replace(1, &second)).await, None);
    assert_eq!(load(&*here, first.id).await, None, "replace must not create");
    assert_eq!(write(&*here, Operation::Create(first.clone())).await, Outcome::Applied);
    assert_eq!(write(&*there, replace(1, &second)).await, Outcome::Applied);
    assert_stale(&write(&*here, replace(1, &with(&first, 2, "late"))).await, Some(&second));
    assert_eq!(load(&*here, first.id).await, Some(second));
    let begun = Record { created_at: NOW.plus(Duration::from_secs(9)), ..with(&first, 3, "begun") };
    assert_eq!(write(&*here, replace(2, &begun)).await, Outcome::Applied);
    assert_eq!(load(&*there, first.id).await, Some(begun), "all of it is written");
}

async fn renew_is_one_step<S: Store>((here, there): Pair<S>) {
    let old = record();
    let next = Record { id: record().id, ..with(&old, 2, "next") };
    let moved = with(&old, 2, "moved");
    let renew = |version, next: &Record| Operation::Renew {
        version: Version::new(version),
        next: next.clone(),
        moved: moved.clone(),
    };
    assert_stale(&write(&*here, renew(1, &next)).await, None);
    assert_eq!(load(&*here, next.id).await, None, "a stale renewal must leave nothing");
    assert_eq!(write(&*here, Operation::Create(old.clone())).await, Outcome::Applied);
    assert_eq!(write(&*there, renew(1, &next)).await, Outcome::Applied);
    assert_eq!(load(&*here, next.id).await.as_ref(), Some(&next));
    assert_eq!(load(&*here, old.id).await.as_ref(), Some(&moved));
    let second = Record { id: record().id, ..next.clone() };
    assert_stale(&write(&*here, renew(1, &second)).await, Some(&moved));
    assert_eq!(load(&*here, second.id).await, None, "an old id must not yield a second new one");
}

async fn touch<S: Store>((here, there): Pair<S>) {
    let first = record();
    let touch = |seconds| Operation::Touch {
        id: first.id,
        version: first.version,
        active_at: NOW.plus(Duration::from_secs(seconds)),
        expires_at: NOW.plus(Duration::from_secs(3600 + seconds)),
    };
    assert_stale(&write(&*here, touch(5)).await, None);
    assert_eq!(load(&*here, first.id).await, None, "touch must not create");
    let _ = write(&*here, Operation::Create(first.clone())).await;
    let _ = write(&*there, touch(20)).await;
    let _ = write(&*here, touch(10)).await;
    let touched = Record {
        active_at: NOW.plus(Duration::from_secs(20)),
        expires_at: NOW.plus(Duration::from_secs(3620)),
        ..first.clone()
    };
    assert_eq!(load(&*there, first.id).await, Some(touched));
    let next = with(&first, 2, "next");
    assert_eq!(write(&*here, replace(1, &next)).await, Outcome::Applied);
    assert_stale(&write(&*there, touch(30)).await, Some(&next));
    assert_eq!(load(&*here, first.id).await, Some(next), "what has changed is not touched");
}

async fn delete<S: Store>((here, there): Pair<S>) {
    let first = record();
    let _ = write(&*here, Operation::Create(first.clone())).await;
    assert_eq!(write(&*there, Operation::Delete(first.id)).await, Outcome::Removed(first.clone()));
    assert_stale(&write(&*here, Operation::Delete(first.id)).await, None);
    assert_stale(&write(&*here, replace(1, &with(&first, 2, "late"))).await, None);
    assert_eq!(load(&*here, first.id).await, None);
}

async fn trips<S: Store>((here, there): Pair<S>) {
    let records: Vec<_> = (0..40).map(|_| record()).collect();
    let mut operations: Vec<_> = records.iter().cloned().map(Operation::Create).collect();
    operations.insert(7, replace(1, &record()));
    operations.push(Operation::Create(records[0].clone()));
    operations.push(replace(1, &with(&records[1], 2, "second")));
    operations.push(replace(1, &with(&records[1], 2, "late")));
    operations.push(Operation::Delete(records[2].id));
    let outcomes = ok(here.write_many(&operations).await);
    assert_eq!(outcomes.len(), operations.len());
    for (place, outcome) in outcomes.iter().enumerate() {
        match place {
            7 => assert_stale(outcome, None),
            41 => assert_stale(outcome, Some(&records[0])),
            43 => assert_stale(outcome, Some(&with(&records[1], 2, "second"))),
            44 => assert_eq!(*outcome, Outcome::Removed(records[2].clone())),
            _ => assert_eq!(*outcome, Outcome::Applied, "at {place}"),
        }
    }
    let mut ids: Vec<_> = records.iter().map(|record| record.id).collect();
    ids.extend([record().id, ids[3], ids[3]]);
    let loaded = ok(there.load_many(&ids).await);
    assert_eq!(loaded.len(), ids.len());
    for (id, loaded) in ids.iter().zip(&loaded) {
        assert_eq!(load(&*here, *id).await, *loaded);
    }
    assert!(loaded[40].is_none() && loaded[2].is_none());
}

async fn sweep<S: Store>((here, there): Pair<S>) {
    let expired =
        |n: u64| Record { expires_at: NOW.plus(Duration::from_secs(100 + n)), ..record() };
    let records: Vec<_> = (0..10).map(expired).collect();
    for record in &records {
        let _ = write(&*here, Operation::Create(record.clone())).await;
    }
    let limit = |n| NonZeroU32::new(n).expect("not zero");
    let until = NOW.plus(Duration::from_secs(108));
    let swept = [
        ok(there.delete_expired(until, limit(5)).await),
        ok(here.delete_expired(until, limit(5)).await),
    ];
    let mut left = 0;
    for record in &records {
        left += usize::from(load(&*here, record.id).await.is_some());
    }
    // A backend that expires by itself need not sweep, nor keep what is past.
    if swept != [0, 0] {
        assert_eq!((swept, left), ([5, 4], 1));
    }
}

/// Asked only of stores that keep an index.
async fn of_user<S: Store>((here, there): Pair<S>) {
    let (Some(index), Some(_)) = (there.user_index(), here.user_index()) else { return };
    let (ann, bob) = (fresh_user(), fresh_user());
    let of = |user: &UserId, age: u64| Record {
        user: Some(user.clone()),
        created_at: NOW.plus(Duration::from_secs(age)),
        ..record()
    };
    let [first, second, third, other] = [of(&ann, 1), of(&ann, 2), of(&ann, 3), of(&bob, 9)];
    for record in [&second, &other, &first, &third] {
        assert_eq!(write(&*here, Operation::Create(record.clone())).await, Outcome::Applied);
    }
    let most = |n| NonZeroU32::new(n).expect("the proof asks for some");
    let list = async |user: &UserId, n| ok(index.of_user(user, most(n)).await);
    assert_eq!(list(&ann, 9).await, [third.clone(), second.clone(), first.clone()]);
    assert_eq!(list(&ann, 2).await, [third.clone(), second.clone()]);
    assert_eq!(list(&fresh_user(), 2).await, []);

    // Renewal moves the session under its new id; what is left under the old one belongs to nobody.
    let next = Record { id: record().id, ..with(&third, 2, "next") };
    let moved = Record { user: None, ..with(&third, 2, "moved") };
    let renew = Operation::Renew { version: Version::FIRST, next: next.clone(), moved };
    assert_eq!(write(&*here, renew).await, Outcome::Applied);
    assert_eq!(list(&ann, 9).await, [next.clone(), second.clone(), first.clone()]);

    // Signing in and out need not change the id.
    let anonymous = Record { user: None, ..with(&second, 2, "anonymous") };
    assert_eq!(write(&*here, replace(1, &anonymous)).await, Outcome::Applied);
    let bobs = Record { user: Some(bob.clone()), ..with(&first, 2, "bob's") };
    assert_eq!(write(&*here, replace(1, &bobs)).await, Outcome::Applied);
    assert_eq!(list(&ann, 9).await, std::slice::from_ref(&next));
    assert_eq!(list(&bob, 9).await, [other.clone(), bobs.clone()]);

    let _ = write(&*here, Operation::Delete(next.id)).await;
    assert_eq!(list(&ann, 9).await, []);
    let touch = Operation::Touch {
        id: other.id,
        version: other.version,
        active_at: NOW.plus(Duration::from_secs(60)),
        expires_at: NOW.plus(Duration::from_secs(9000)),
    };
    let _ = write(&*here, touch).await;
    let listed = list(&bob, 1).await;
    assert_eq!(listed.first().map(|r| r.expires_at), Some(NOW.plus(Duration::from_secs(9000))));
}

pub(super) fn fresh_user() -> UserId {
    UserId::new(format!("user {}", record().id)).expect("an id is short")
}

async fn one_wins<S: Store>((here, there): Pair<S>) {
    for round in 0..20 {
        let first = record();
        if round % 2 == 0 {
            let _ = write(&*here, Operation::Create(first.clone())).await;
        }
        let tasks: Vec<_> = (0..12)
            .map(|n| {
                let store = if n % 2 == 0 { here.clone() } else { there.clone() };
                let next = with(&first, 2, "next");
                let operation = match (round % 2, n % 3) {
                    (1, _) => Operation::Create(with(&first, 1, "first")),
                    (_, 0) => Operation::Renew {
                        version: Version::FIRST,
                        next: Record { id: record().id, ..next.clone() },
                        moved: next,
                    },
                    _ => replace(1, &next),
                };
                tokio::spawn(async move { ok(store.write(&operation).await) })
            })
            .collect();
        let mut won = 0;
        for task in tasks {
            won += usize::from(task.await.expect("no panic") == Outcome::Applied);
        }
        assert_eq!(won, 1);
    }
}
