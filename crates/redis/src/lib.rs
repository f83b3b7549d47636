//! Sessions in Redis or Valkey.

mod error;
mod options;
mod store;

mod listing;
mod reading;
mod writing;

mod call;
mod index;
mod names;
mod script;
mod value;

mod connection;
mod link;
mod source;

#[cfg(test)]
mod testing;

pub use redis;

pub use self::connection::Connection;
pub use self::error::RedisError;
pub use self::options::RedisOptions;
pub use self::store::RedisStore;
