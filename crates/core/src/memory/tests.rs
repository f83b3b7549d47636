use std::time::Duration;

use super::*;
use crate::{Payload, UserId, Version};

const START: Timestamp = Timestamp::from_millis(1_000_000);

fn record(n: u32, life: u64) -> Record {
    let mut id = [0; 16];
    id[..4].copy_from_slice(&n.to_be_bytes());
    Record {
        id: Id::from_bytes(id),
        version: Version::FIRST,
        user: None,
        created_at: START,
        active_at: START,
        expires_at: START.plus(Duration::from_secs(life)),
        payload: Payload::default(),
    }
}

fn create(store: &MemoryStore, record: &Record) -> Result<Outcome, MemoryFull> {
    store.apply(&Operation::Create(record.clone()))
}

#[test]
fn a_full_store_refuses_and_harms_nobody() {
    let store = MemoryStore::new().max_sessions(2);
    assert!(create(&store, &record(1, 60)).is_ok() && create(&store, &record(2, 60)).is_ok());
    let full = create(&store, &record(3, 60)).unwrap_err();
    assert_eq!(full.sessions, 2);
    let _ = store.apply(&Operation::Delete(record(1, 60).id)).unwrap();
    assert!(create(&store, &record(3, 60)).is_ok());
}

#[test]
fn bytes_are_bounded_and_given_back() {
    let store = MemoryStore::new().max_bytes(2 * Shard::size(&record(1, 60)));
    assert!(create(&store, &record(1, 60)).is_ok() && create(&store, &record(2, 60)).is_ok());
    assert!(create(&store, &record(3, 60)).is_err());
    for n in 1..=2 {
        let _ = store.apply(&Operation::Delete(record(n, 60).id)).unwrap();
    }
    assert_eq!((store.len(), store.bytes()), (0, 0));
}

#[test]
fn a_full_store_that_ends_the_oldest_spares_users() {
    let store = MemoryStore::new().max_sessions(3).at_limit(AtLimit::EndOldest);
    let user = Record { user: Some(UserId::new("ann").unwrap()), ..record(1, 10) };
    for record in [&user, &record(2, 60), &record(3, 30), &record(4, 90)] {
        assert_eq!(create(&store, record), Ok(Outcome::Applied));
    }
    let left: Vec<_> =
        [1, 2, 3, 4].map(|n| store.shard(&user.id).get(&record(n, 0).id).is_some()).into();
    assert_eq!(left, [true, true, false, true]);
}

#[test]
fn expired_sessions_leave_as_new_ones_arrive() {
    let store = MemoryStore::new();
    for n in 0..100 {
        let _ = create(&store, &record(n, 1)).unwrap();
    }
    let later = START.plus(Duration::from_secs(2));
    for n in 100..150 {
        let record = Record { active_at: later, ..record(n, 60) };
        let _ = create(&store, &record).unwrap();
    }
    assert_eq!(store.len(), 50);
}

#[test]
fn a_session_that_lives_on_is_not_swept_by_its_old_date() {
    let store = MemoryStore::new();
    let mut shard = Shard::default();
    let _ = shard.apply(&Operation::Create(record(1, 10)));
    let id = record(1, 0).id;
    let expires_at = START.plus(Duration::from_secs(30));
    let _ = shard.apply(&Operation::Touch {
        id,
        version: Version::FIRST,
        active_at: START,
        expires_at,
    });
    let limit = NonZeroU32::new(10).unwrap();
    assert_eq!(shard.expire(START.plus(Duration::from_secs(20)), limit).1, 0);
    assert_eq!(shard.expire(START.plus(Duration::from_secs(30)), limit).1, 1);
    assert!(store.is_empty() && shard.get(&id).is_none());
}
