//! Sessions in PostgreSQL: one table that a fleet of servers shares.
//!
//! ```no_run
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! use cloakroom_core::{Secret, Sessions};
//! use cloakroom_postgres::PostgresStore;
//!
//! let store = PostgresStore::connect("postgres://shop@db.example.com/shop?sslmode=verify-full").await?;
//! let sessions = Sessions::builder(store).secret(Secret::generate()?).build()?;
//! # Ok(())
//! # }
//! ```
//!
//! The store makes its table, `cloakroom_sessions`, and brings it up to date, unless it is
//! [told not to](PostgresOptions::migrate); [`PostgresOptions::schema_sql`] prints the SQL for those who run
//! migrations of their own. A person can read the table:
//!
//! ```sql
//! SELECT id, user_id, active_at, payload #>> '{data,cart}' FROM cloakroom_sessions;
//! ```
//!
//! # What it costs
//!
//! A load is one prepared statement and one round trip: no ping, no transaction round it. A write is one statement,
//! and so is a renewal, which stores the session under its new id and leaves a pointer under the old one. Calls that
//! come while another is under way leave together as one statement, so that many writes wait for the disk once.
//!
//! The store keeps two connections, one that reads and one that writes, and opens a third at the first sweep and one that
//! listens when somebody first waits for the end of a session: what ends or renews one sends a `NOTIFY` in the same
//! statement. They are made again by themselves, with growing pauses, when they are lost.
//!
//! # What it needs
//!
//! PostgreSQL 14 or later, a database whose encoding is UTF-8, and tokio: the connections live on tasks of the runtime
//! in which the store was made, and end with it. Between the store and the server there may be a pooler that keeps a
//! connection for as long as its client does ("session pooling"), not one that changes it between statements.
//!
//! Durability is the server's `synchronous_commit`; `?options=-c%20synchronous_commit=off` in the URL sets it for the
//! store alone.
//!
//! # TLS
//!
//! `sslmode` in the URL means what it means to PostgreSQL's own programs, also as default: [`SslMode::Prefer`], which
//! keeps nobody out who sits between. **Over a network use `sslmode=verify-full`.**
//!
//! # Features
//!
//! | Feature | |
//! |---|---|
//! | `deadpool` | `PostgresOptions::on_pool` takes connections from a `deadpool_postgres::Pool` of yours |

#![cfg_attr(docsrs, feature(doc_cfg))]

mod address;
mod batch;
mod error;
mod link;
mod options;
mod schema;
mod signals;
mod source;
mod statements;
mod store;
mod table;
mod tls;
mod values;
mod wire;
mod writes;

#[cfg(feature = "deadpool")]
pub use deadpool_postgres;
pub use tokio_postgres;

pub use self::error::PostgresError;
pub use self::options::PostgresOptions;
pub use self::store::PostgresStore;
pub use self::tls::SslMode;
