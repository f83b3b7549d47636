//! Sessions in Redis or Valkey: one server, a master that sentinels watch, or a cluster; shared by a whole fleet.
//!
//! ```no_run
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! use cloakroom_core::{Secret, Sessions};
//! use cloakroom_redis::RedisStore;
//!
//! let store = RedisStore::connect("redis://127.0.0.1:6379").await?;
//! let sessions = Sessions::builder(store).secret(Secret::generate()?).build()?;
//! # Ok(())
//! # }
//! ```
//!
//! Needs tokio, and Redis 6 or newer, or Valkey. A read is one command, and so is each write: a script that compares
//! versions, sent by its hash and learnt again by itself. Reads that arrive together are one `MGET`, writes one
//! pipeline; in a cluster each node gets its own.
//!
//! # What stands in Redis
//!
//! One key a session, `cloakroom:<id>`, which Redis removes when the session is over. A person can read it:
//!
//! ```text
//! redis-cli> GET cloakroom:0f4c2f6e-7d3a-8b1c-9e2d-5a6b7c8d9e0f
//! 1 - 2 1780000000000 1780000600000 1780007800000 1780015000000 ann
//! {"format":1,"data":{"cart":[],"n":2}}
//! 2,1
//! ```
//!
//! Format, link, version (hexadecimal), creation, last activity, expiry, and until when the user's index knows the
//! session, all in milliseconds since 1970; the user; the payload as JSON; and how many bytes each of its values has, which
//! spares a read the values that nobody asks for. The link is `-`, or `>` and the id that a renewed session has moved to.
//!
//! `cloakroom:user:<user>` is a sorted set that finds a user's sessions. It is written when somebody signs in, and about
//! once an idle time after that. No request scans keys; only an administrator's walk does.
//!
//! On the channel `cloakroom:ended` the ids of sessions are published that were ended or renewed, by the script that does
//! it; who waits for the end of a session listens there, on a connection of its own.
//!
//! A key's life is given as a duration, so the clocks of application and server need not agree.
//!
//! # What Redis promises
//!
//! What was answered is as safe as the server makes it:
//!
//! - Without persistence a restart ends all sessions; visitors start over. `appendonly yes` keeps them: with
//!   `appendfsync everysec` but for the last second, with `always` all of them.
//! - A replica that is promoted may lack the last writes, as replication does not wait. A session that was ended or
//!   renewed in that moment may be back as it was before.
//! - Set `maxmemory-policy noeviction`, the default. Then a full server refuses writes, which are errors; reads and
//!   sign-outs go on. With any other policy Redis ends sessions at will, or forgets a user's index while the
//!   sessions live on.
//!
//! # When it fails
//!
//! Every call has a [timeout](RedisOptions::response_timeout). A connection that breaks or leads nowhere is made anew, at
//! growing intervals; reads are tried once more on a new one, writes never: nobody knows whether they were done. An answer
//! of *read-only* has the server looked up again. What is an error here is `503 Service Unavailable` to a visitor, never an
//! empty session.
//!
//! # In a cluster
//!
//! A renewal touches two keys, which stand in different slots. The new record is written first and does not count until
//! the old one points to it, and whoever meets it finishes what was begun: a client that dies on the way leaves the
//! session under exactly one of the two ids. A batch of reads or writes is answered when all its nodes have answered,
//! and fails if one of them does.
//!
//! # Rights
//!
//! An ACL user needs no more than this:
//!
//! ```text
//! ACL SETUSER shop on >secret ~cloakroom:* &cloakroom:* +publish +subscribe +get +mget +set +del +exists +eval +evalsha +time +ping
//!     +zadd +zcard +zrange +zrangebyscore +zrem +zscore +pttl +pexpire
//! ```
//!
//! and in a cluster `+cluster|slots +asking`. A walk over all sessions, for administrators, needs `+scan` besides.

mod error;
mod options;
mod store;

mod listing;
mod reading;
mod walk;
mod writing;

mod call;
mod index;
mod names;
mod script;
mod value;

mod connection;
mod link;
mod master;
mod signals;
mod source;

#[cfg(test)]
mod testing;

pub use redis;

pub use self::connection::Connection;
pub use self::error::RedisError;
pub use self::options::RedisOptions;
pub use self::store::RedisStore;
