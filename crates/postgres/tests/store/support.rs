//! Records and stores to work with.

use std::time::Duration;

use cloakroom_core::{
    Id, Operation, Outcome, Payload, Record, Secret, Sessions, Store, Timestamp, Version,
};
use cloakroom_postgres::{PostgresOptions, PostgresStore};
use servers::Postgres;

pub(crate) const NOW: Timestamp = Timestamp::from_millis(1_780_000_000_000);

/// A record of its own for each `n`, at its first version.
pub(crate) fn record(n: u64) -> Record {
    let mut id = [7; 16];
    id[..8].copy_from_slice(&n.wrapping_mul(0x9e37_79b9_7f4a_7c15).to_le_bytes());
    Record {
        id: Id::from_bytes(id),
        version: Version::FIRST,
        user: None,
        created_at: NOW,
        active_at: NOW,
        expires_at: NOW.plus(Duration::from_secs(3600)),
        payload: Payload::from_text(format!(r#"{{"format":1,"data":{{"n":{n}}}}}"#)),
    }
}

/// The write that brings `record` from `version` to the next.
pub(crate) fn replace(record: &Record, version: u64) -> Operation {
    let next = Record { version: Version::new(version + 1), ..record.clone() };
    Operation::Replace { version: Version::new(version), next }
}

/// A store on a new database of the shared server, and its URL.
pub(crate) async fn fresh() -> (PostgresStore, String) {
    let url = Postgres::shared().fresh_database().unwrap();
    (PostgresStore::connect(&url).await.unwrap(), url)
}

pub(crate) async fn create(store: &PostgresStore, record: &Record) {
    let outcome = store.write(&Operation::Create(record.clone())).await.unwrap();
    assert_eq!(outcome, Outcome::Applied);
}

/// Options that do not wait long, for servers that hang.
pub(crate) fn hasty(url: &str) -> PostgresOptions {
    let second = Duration::from_secs(1);
    PostgresOptions::new(url).unwrap().connect_timeout(second).response_timeout(second)
}

pub(crate) fn sessions(store: PostgresStore) -> Sessions {
    Sessions::builder(store).secret(Secret::generate().unwrap()).build().unwrap()
}

/// Tries until it works. A test that hangs is ended; nothing is measured with it.
pub(crate) async fn at_last<T, E: std::fmt::Debug>(
    mut work: impl AsyncFnMut() -> Result<T, E>,
) -> T {
    let mut last = None;
    for _ in 0..3000 {
        match work().await {
            Ok(done) => return done,
            Err(error) => last = Some(error),
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("it does not get well: {last:?}");
}

/// Numbers that look random and are the same in each run.
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    pub(crate) fn below(&mut self, end: usize) -> usize {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % end
    }

    pub(crate) fn shuffle<T>(&mut self, items: &mut [T]) {
        for n in (1..items.len()).rev() {
            items.swap(n, self.below(n + 1));
        }
    }
}
