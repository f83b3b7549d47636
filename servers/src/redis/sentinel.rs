//! A master with a replica, and a sentinel that promotes the one when the other is gone.

use anyhow::Result;

use super::{Program, Redis, RedisOptions};

/// The name under which the sentinel knows the master.
const NAME: &str = "main";

/// A master, its replica, and their sentinel.
#[derive(Debug)]
pub struct RedisSentinel {
    master: Redis,
    replica: Redis,
    sentinel: Redis,
}

impl RedisSentinel {
    /// Starts all three; waits until the sentinel knows both servers.
    ///
    /// # Errors
    ///
    /// If a server does not start.
    pub fn start() -> Result<Self> {
        let master = Redis::start()?;
        let follow = format!("127.0.0.1 {}", master.port());
        let replica = RedisOptions::default().set("replicaof", &follow).start()?;
        replica.wait_for("INFO replication", |info| info.contains("master_link_status:up"))?;
        let sentinel = RedisOptions { program: Program::Sentinel, ..RedisOptions::default() }
            .set("sentinel", &format!("monitor {NAME} 127.0.0.1 {} 1", master.port()))
            .set("sentinel", &format!("down-after-milliseconds {NAME} 500"))
            .set("sentinel", &format!("failover-timeout {NAME} 2000"))
            .start()?;
        sentinel.wait_for(&format!("SENTINEL replicas {NAME}"), |told| {
            told.contains("slave-repl-offset")
        })?;
        Ok(Self { master, replica, sentinel })
    }

    /// Returns the name under which the sentinel knows the master.
    #[must_use]
    pub fn name(&self) -> &'static str {
        NAME
    }

    /// Returns the server that was the master at first.
    #[must_use]
    pub fn master(&self) -> &Redis {
        &self.master
    }

    /// Returns the server that was the master at first, to kill it.
    #[must_use]
    pub fn master_mut(&mut self) -> &mut Redis {
        &mut self.master
    }

    /// Returns the server that was the replica at first.
    #[must_use]
    pub fn replica(&self) -> &Redis {
        &self.replica
    }

    /// Returns the sentinel.
    #[must_use]
    pub fn sentinel(&self) -> &Redis {
        &self.sentinel
    }
}
