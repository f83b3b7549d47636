//! Records, and how a test waits.

use std::hash::{BuildHasher as _, RandomState};
use std::time::{Duration, Instant};

use cloakroom_core::conformance::Browser;
use cloakroom_core::{
    Id, Operation, Outcome, Payload, Record, Secret, Sessions, Store as _, Timestamp, Version,
};
use cloakroom_redis::{RedisOptions, RedisStore};
use servers::Redis;

/// Generous: nothing is measured with it.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

pub(crate) const NOW: Timestamp = Timestamp::from_millis(1_780_000_000_000);

/// A prefix that no other test has, on a server that is shared.
pub(crate) fn fresh_prefix() -> String {
    format!("test{:x}:", random())
}

pub(crate) fn random() -> u64 {
    RandomState::new().hash_one(Instant::now())
}

pub(crate) fn fresh_id() -> Id {
    let (high, low) = (random(), random());
    Id::from_bytes((u128::from(high) << 64 | u128::from(low)).to_be_bytes())
}

pub(crate) fn record() -> Record {
    Record {
        id: fresh_id(),
        version: Version::FIRST,
        user: None,
        created_at: NOW,
        active_at: NOW,
        expires_at: NOW.plus(Duration::from_secs(3600)),
        payload: Payload::from_text(r#"{"format":1,"data":{"n":1}}"#),
    }
}

pub(crate) fn next(record: &Record) -> Operation {
    let next = Record { version: Version::new(record.version.get() + 1), ..record.clone() };
    Operation::Replace { version: record.version, next }
}

/// A renewal of `record`, and the record that comes of it.
pub(crate) fn renewal(record: &Record) -> (Operation, Record) {
    let version = Version::new(record.version.get() + 1);
    let next = Record { id: fresh_id(), version, ..record.clone() };
    let expires_at = record.active_at.plus(Duration::from_secs(60));
    let moved = Record { version, user: None, expires_at, ..record.clone() };
    (Operation::Renew { version: record.version, next: next.clone(), moved }, next)
}

pub(crate) fn touch(record: &Record) -> Operation {
    let later = Duration::from_secs(600);
    Operation::Touch {
        id: record.id,
        version: record.version,
        active_at: record.active_at.plus(later),
        expires_at: record.expires_at.plus(later),
    }
}

pub(crate) async fn created(store: &RedisStore) -> Record {
    let record = record();
    let outcome = store.write(&Operation::Create(record.clone())).await.unwrap();
    assert_eq!(outcome, Outcome::Applied);
    record
}

pub(crate) fn store(server: &Redis) -> RedisStore {
    RedisOptions::new(server.url()).open().unwrap()
}

pub(crate) fn sessions(store: RedisStore) -> Sessions {
    Sessions::builder(store).secret(Secret::generate().unwrap()).build().unwrap()
}

/// A visitor with `n` = 1.
pub(crate) async fn visitor(sessions: &Sessions) -> Browser {
    let mut browser = Browser::new(sessions);
    browser.visit(|session| session.set("n", &1)).await.unwrap().unwrap();
    browser
}

pub(crate) async fn read(browser: &mut Browser) -> Result<Option<i64>, cloakroom_core::Error> {
    browser.visit(|session| session.get("n").unwrap()).await
}

/// Asks again and again until it is so.
pub(crate) async fn wait_until(mut is_so: impl AsyncFnMut() -> bool) {
    let began = Instant::now();
    while !is_so().await {
        assert!(began.elapsed() < PATIENCE, "it does not come to that");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
