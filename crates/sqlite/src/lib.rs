//! Sessions in an SQLite file: nothing to install, safe with several processes on one file.
//!
//! ```
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let folder = tempfile::tempdir()?;
//! # std::env::set_current_dir(&folder)?;
//! use cloakroom_core::{Secret, Sessions};
//! use cloakroom_sqlite::SqliteStore;
//!
//! let sessions = Sessions::builder(SqliteStore::open("shop.db")?).secret(Secret::generate()?).build()?;
//! # Ok(())
//! # }
//! ```
//!
//! One table, `cloakroom_sessions`, that a person can read with `sqlite3`; times are milliseconds since 1970, and
//! the payload is JSON:
//!
//! ```sql
//! SELECT id, datetime(active_at / 1000, 'unixepoch'), payload ->> '$.data.n' FROM cloakroom_sessions;
//! ```
//!
//! Writes that arrive together are committed together. Calls run on two threads of the store's own, one for reading
//! and one for writing, so that no executor ever waits for a disk; a walk over all sessions, for administrators, starts a third.

mod error;
mod options;
mod schema;
mod statements;
mod store;
mod worker;

pub use self::error::SqliteError;
pub use self::options::{SqliteOptions, Synchronous};
pub use self::store::SqliteStore;
