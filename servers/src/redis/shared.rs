//! Servers that a whole test program shares: each test keeps to a prefix of its own.

use std::env;
use std::sync::LazyLock;

use super::{Redis, RedisCluster};

/// Names a server that is already there, to test on that one.
const VARIABLE: &str = "CLOAKROOM_TEST_REDIS";

/// Returns the URL of the server that `CLOAKROOM_TEST_REDIS` names, or of a private one for this program.
///
/// # Panics
///
/// If the private server does not start.
#[must_use]
pub fn shared_redis() -> String {
    static PRIVATE: LazyLock<Redis> = LazyLock::new(|| Redis::start().expect("a private server"));
    match env::var(VARIABLE) {
        Ok(url) if !url.is_empty() => url,
        _ => PRIVATE.url(),
    }
}

/// Returns a private cluster of three masters for this program.
///
/// # Panics
///
/// If it does not start.
#[must_use]
pub fn shared_cluster() -> &'static RedisCluster {
    static PRIVATE: LazyLock<RedisCluster> =
        LazyLock::new(|| RedisCluster::start(3, 0).expect("a private cluster"));
    &PRIVATE
}
