//! What can go wrong with the server.

use std::time::Duration;

/// Why the Redis store failed.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RedisError {
    /// The driver or the server itself: no connection, a wrong password, out of memory, a replica that takes no
    /// writes, …
    #[error("Redis failed")]
    Redis(#[from] redis::RedisError),
    /// The server did not answer in time. What was asked of it may still happen.
    #[error("Redis did not answer within {0:?}")]
    Timeout(Duration),
    /// No connection was made in time.
    #[error("Redis could not be reached within {0:?}")]
    Unreachable(Duration),
    /// The server answered what it never should.
    #[error("Redis gave an unexpected answer to {command}")]
    Unexpected {
        /// The command, or the script.
        command: &'static str,
    },
    /// Other processes changed the same record again and again.
    #[error("a record changed again and again while it was written")]
    Contended,
}
