//! What this crate's own tests share.

use std::hash::{BuildHasher as _, RandomState};
use std::time::{Duration, Instant};

use cloakroom_core::{Id, Operation, Payload, Record, Timestamp, UserId, Version};

use crate::{RedisOptions, RedisStore};

pub(crate) fn random() -> u64 {
    RandomState::new().hash_one(Instant::now())
}

/// A store on the private cluster of this program.
pub(crate) fn on_cluster() -> RedisStore {
    let urls = servers::shared_cluster().urls();
    RedisOptions::cluster(urls).prefix(format!("test{:x}:", random())).open().unwrap()
}

/// A store on the server of this program.
pub(crate) fn on_server() -> RedisStore {
    let options = RedisOptions::new(servers::shared_redis());
    options.prefix(format!("test{:x}:", random())).open().unwrap()
}

pub(crate) fn record(user: Option<&UserId>) -> Record {
    let id = u128::from(random()) << 64 | u128::from(random());
    let now = Timestamp::from_millis(1_780_000_000_000);
    Record {
        id: Id::from_bytes(id.to_be_bytes()),
        version: Version::FIRST,
        user: user.cloned(),
        created_at: now,
        active_at: now,
        expires_at: now.plus(Duration::from_secs(3600)),
        payload: Payload::from_text(r#"{"format":1,"data":{"n":1}}"#),
    }
}

pub(crate) fn replace(old: &Record) -> (Operation, Record) {
    let next = Record { version: Version::new(old.version.get() + 1), ..old.clone() };
    (Operation::Replace { version: old.version, next: next.clone() }, next)
}

/// A renewal, the record under the new id, and the pointer under the old one.
pub(crate) fn renewal(old: &Record) -> (Operation, Record, Record) {
    let version = Version::new(old.version.get() + 1);
    let next = Record { version, ..record(old.user.as_ref()) };
    let expires_at = old.active_at.plus(Duration::from_secs(60));
    let payload = Payload::from_text(r#"{"format":1}"#);
    let moved = Record { version, user: None, expires_at, payload, ..old.clone() };
    let operation =
        Operation::Renew { version: old.version, next: next.clone(), moved: moved.clone() };
    (operation, next, moved)
}
