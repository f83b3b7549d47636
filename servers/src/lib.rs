//! Private database servers, for tests and measurements: on free loopback ports, with their data in a temporary folder,
//! gone with the program that started them, however it ends.

mod leash;
mod port;
mod postgres;
mod redis;

pub use self::leash::Leash;
pub use self::port::free_port;
pub use self::postgres::{Postgres, PostgresBuilder};
pub use self::redis::{
    Redis, RedisCluster, RedisOptions, RedisSentinel, shared_cluster, shared_redis,
};
