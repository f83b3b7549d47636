//! What is done to the servers.

use std::thread::sleep;
use std::time::Duration;

use anyhow::Result;
use cloakroom::postgres::{PostgresOptions, PostgresStore};
use cloakroom::redis::{RedisOptions, RedisStore};
use servers::{Postgres, Redis, RedisCluster};
use tokio::runtime::Runtime;

use super::report::Row;
use super::{PATIENCE, Promise};

/// How long a server hangs, or is down.
const OUTAGE: Duration = Duration::from_secs(5);

/// A server that writes each command down before it answers.
fn durable_redis() -> Result<Redis> {
    let options = servers::RedisOptions::default().set("appendonly", "yes");
    options.set("appendfsync", "always").start()
}

fn in_redis(runtime: &Runtime, server: &Redis) -> Result<RedisStore> {
    open(runtime, RedisOptions::new(server.url()))
}

fn open(runtime: &Runtime, options: RedisOptions) -> Result<RedisStore> {
    let _inside = runtime.enter();
    Ok(options.response_timeout(PATIENCE).connect_timeout(PATIENCE).open()?)
}

fn in_postgres(runtime: &Runtime, server: &Postgres) -> Result<PostgresStore> {
    let options = PostgresOptions::new(server.url())?;
    let options = options.response_timeout(PATIENCE).connect_timeout(PATIENCE);
    Ok(runtime.block_on(options.connect())?)
}

/// Plays the scenes whose names contain `only`.
pub(super) fn play(runtime: &Runtime, only: &str) -> Result<Vec<Row>> {
    use Promise::{Forgotten, Kept, Replicated};
    type Scene = (&'static str, fn(&Runtime, &'static str) -> Result<Row>);
    let scenes: [Scene; 14] = [
        ("Postgres: killed (SIGKILL), 5 s, restarted", |runtime, name| {
            let server = Postgres::builder().durable().start()?;
            super::play(runtime, name, Kept, in_postgres(runtime, &server)?, || {
                server.kill()?;
                sleep(OUTAGE);
                server.restart()
            })
        }),
        ("Postgres: hangs 5 s (SIGSTOP)", |runtime, name| {
            let server = Postgres::builder().durable().start()?;
            super::play(runtime, name, Kept, in_postgres(runtime, &server)?, || {
                server.pause()?;
                sleep(OUTAGE);
                server.resume()
            })
        }),
        ("Postgres: all connections cut", |runtime, name| {
            let server = Postgres::builder().durable().start()?;
            super::play(runtime, name, Kept, in_postgres(runtime, &server)?, || {
                server.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND backend_type = 'client backend'")?;
                Ok(())
            })
        }),
        ("Postgres: in recovery 5 s, then promoted", |runtime, name| {
            let server = Postgres::builder().durable().start()?;
            super::play(runtime, name, Kept, in_postgres(runtime, &server)?, || {
                server.stop()?;
                server.restart_in_recovery()?;
                sleep(OUTAGE);
                server.execute("SELECT pg_promote()")?;
                Ok(())
            })
        }),
        ("Redis with AOF: killed (SIGKILL), 5 s, restarted", |runtime, name| {
            let mut server = durable_redis()?;
            super::play(runtime, name, Kept, in_redis(runtime, &server)?, || {
                server.kill()?;
                sleep(OUTAGE);
                server.run()
            })
        }),
        ("Redis without persistence: killed, restarted", |runtime, name| {
            let mut server = Redis::start()?;
            super::play(runtime, name, Forgotten, in_redis(runtime, &server)?, || server.restart())
        }),
        ("Redis: hangs 5 s (SIGSTOP)", |runtime, name| {
            let server = Redis::start()?;
            super::play(runtime, name, Kept, in_redis(runtime, &server)?, || {
                server.pause()?;
                sleep(OUTAGE);
                server.resume()
            })
        }),
        ("Redis: all connections cut", |runtime, name| {
            let server = Redis::start()?;
            super::play(runtime, name, Kept, in_redis(runtime, &server)?, || {
                server.ask("CLIENT KILL TYPE normal").map(drop)
            })
        }),
        ("Redis: out of memory 5 s", |runtime, name| {
            let server = Redis::start()?;
            super::play(runtime, name, Kept, in_redis(runtime, &server)?, || {
                server.ask("CONFIG SET maxmemory 1")?;
                sleep(OUTAGE);
                server.ask("CONFIG SET maxmemory 0").map(drop)
            })
        }),
        ("Redis: read-only replica 5 s", |runtime, name| {
            let server = Redis::start()?;
            super::play(runtime, name, Kept, in_redis(runtime, &server)?, || {
                // Of a master that is not there.
                server.ask("REPLICAOF 127.0.0.1 1")?;
                sleep(OUTAGE);
                server.ask("REPLICAOF NO ONE").map(drop)
            })
        }),
        ("Redis: FLUSHALL", |runtime, name| {
            let server = Redis::start()?;
            super::play(runtime, name, Forgotten, in_redis(runtime, &server)?, || {
                server.ask("FLUSHALL").map(drop)
            })
        }),
        ("Redis: SCRIPT FLUSH", |runtime, name| {
            let server = Redis::start()?;
            super::play(runtime, name, Kept, in_redis(runtime, &server)?, || {
                server.ask("SCRIPT FLUSH").map(drop)
            })
        }),
        ("Redis Cluster: a master fails over to its replica", |runtime, name| {
            let cluster = RedisCluster::start(3, 1)?;
            let store = open(runtime, RedisOptions::cluster(cluster.urls()))?;
            super::play(runtime, name, Kept, store, || {
                // As an operator does it: the replica has everything before it takes over.
                cluster.node(3).ask("CLUSTER FAILOVER")?;
                cluster.node(3).wait_for("ROLE", |role| role.starts_with("master"))
            })
        }),
        ("Redis Cluster: a master is killed, its replica takes over", |runtime, name| {
            let mut cluster = RedisCluster::start(3, 1)?;
            let store = open(runtime, RedisOptions::cluster(cluster.urls()))?;
            super::play(runtime, name, Replicated, store, || {
                cluster.node_mut(0).kill()?;
                cluster.node(3).wait_for("ROLE", |role| role.starts_with("master"))
            })
        }),
    ];
    let wanted = scenes.into_iter().filter(|(name, _)| name.contains(only));
    wanted.map(|(name, scene)| scene(runtime, name)).collect()
}
