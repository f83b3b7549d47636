//! What can go wrong with the database.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio_postgres::error::SqlState;

/// Why the PostgreSQL store failed.
///
/// What the server adds to its messages about the row at hand is left out: it may quote session data.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PostgresError {
    /// The server refused: it is in recovery, the disk is full, the role lacks a right, …
    #[error("PostgreSQL refused: {message} (SQLSTATE {code})")]
    Refused {
        /// The five characters that [PostgreSQL's manual](https://www.postgresql.org/docs/current/errcodes-appendix.html)
        /// lists.
        code: String,
        /// The server's message, without its details.
        message: String,
    },
    /// The connection broke, or none could be made.
    #[error("the connection to PostgreSQL failed")]
    Connection(#[source] tokio_postgres::Error),
    /// There is no connection; the store tries to make one by itself.
    #[error("there is no connection to PostgreSQL")]
    Disconnected(#[source] Arc<Self>),
    /// The server did not answer in time. A write may or may not have taken effect.
    #[error("PostgreSQL did not answer within {0:?}")]
    TimedOut(Duration),
    /// The runtime in which the store was made has ended.
    #[error("the runtime of the PostgreSQL store has ended")]
    ShutDown,
    /// The pool gave no connection.
    #[cfg(feature = "deadpool")]
    #[error("the pool gave no connection")]
    Pool(#[source] deadpool_postgres::PoolError),
    /// The URL or its parameters are not understood. The message does not quote the URL, which holds a password.
    #[error("the address of the PostgreSQL server is not understood")]
    Address(#[source] tokio_postgres::Error),
    /// `sslmode` has a value that is not known.
    #[error("sslmode is one of disable, prefer, require, verify-ca and verify-full, not {0:?}")]
    SslMode(String),
    /// The root certificate cannot be used.
    #[error("no root certificate can be read from {0}")]
    RootCertificate(PathBuf),
    /// TLS could not be set up.
    #[error("TLS could not be set up")]
    Tls(#[source] rustls::Error),
    /// A schema's or table's name that PostgreSQL would not take as it is.
    #[error("{0:?} cannot name a schema or table: 1 to 63 bytes are needed, without NUL")]
    Name(String),
    /// There is a table of that name, but it is not marked as made by this crate.
    #[error(
        "the table {0} was not made by cloakroom; give another name, or switch migration off if it has the right \
         columns"
    )]
    NotOurs(String),
    /// The table was made by a newer version of this crate.
    #[error(
        "the table {table} has schema {found}, and this version knows up to {known}; upgrade cloakroom"
    )]
    NewerSchema {
        /// The table, as SQL.
        table: String,
        /// Version found in the database.
        found: u32,
        /// Newest version known.
        known: u32,
    },
    /// The database cannot store every text.
    #[error("the database's encoding is {0}, and sessions need UTF8")]
    Encoding(String),
}

impl PostgresError {
    /// Tells whether the server undid the statement because of others that ran at the same time: nothing happened,
    /// and once more is right.
    pub(crate) fn is_lost_race(&self) -> bool {
        let races = [SqlState::T_R_DEADLOCK_DETECTED, SqlState::T_R_SERIALIZATION_FAILURE];
        self.code().is_some_and(|code| races.iter().any(|race| race.code() == code))
    }

    /// Tells whether the connection went down under the call.
    pub(crate) fn is_cut(&self) -> bool {
        let ends = [SqlState::ADMIN_SHUTDOWN, SqlState::CRASH_SHUTDOWN];
        matches!(self, Self::Connection(_))
            || self.code().is_some_and(|code| ends.iter().any(|end| end.code() == code))
    }

    /// Tells whether the server can only be read.
    pub(crate) fn is_read_only(&self) -> bool {
        self.code() == Some(SqlState::READ_ONLY_SQL_TRANSACTION.code())
    }

    fn code(&self) -> Option<&str> {
        match self {
            Self::Refused { code, .. } => Some(code),
            _ => None,
        }
    }
}

impl From<tokio_postgres::Error> for PostgresError {
    fn from(error: tokio_postgres::Error) -> Self {
        match error.as_db_error() {
            Some(refusal) => Self::Refused {
                code: refusal.code().code().to_owned(),
                message: refusal.message().to_owned(),
            },
            None => Self::Connection(error),
        }
    }
}
