//! Where the systems of one run keep their sessions.

use std::{env, ffi::OsString, path::Path};

use anyhow::{Context, Result};
use servers::{Postgres, Redis};
use tempfile::TempDir;

use super::measured::Measured;
use crate::database;

/// A folder for files, and the servers that some system needs. Gone when this is dropped.
#[derive(Debug)]
pub(super) struct Stores {
    folder: TempDir,
    redis: Option<Redis>,
    postgres: Option<Postgres>,
}

impl Stores {
    /// Prepares what `systems` need. A server that `BENCH_REDIS` or `BENCH_POSTGRES` names is used as it
    /// is.
    pub(super) fn prepare(systems: &[Measured]) -> Result<Self> {
        let folder = tempfile::tempdir().context("cannot make a temporary directory")?;
        let needs_redis = systems.iter().any(|system| system.needs_redis());
        let redis = if needs_redis && env::var_os("BENCH_REDIS").is_none() {
            Some(Redis::start().context("on Debian: apt-get install redis-server")?)
        } else {
            None
        };
        let needs_postgres = systems.iter().any(|system| system.needs_postgres());
        let postgres = if needs_postgres && env::var_os(database::VARIABLE).is_none() {
            // As durable as PostgreSQL is by default, for all alike.
            Some(Postgres::builder().durable().start()?)
        } else {
            None
        };
        Ok(Self { folder, redis, postgres })
    }

    /// Where files go.
    pub(super) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// What `system` has to be told.
    pub(super) fn environment(&self, system: Measured) -> Result<Vec<(&'static str, OsString)>> {
        let file = self.folder().join(format!("{system}.db"));
        let mut variables = vec![("BENCH_SQLITE", file.into())];
        if let Some(redis) = &self.redis {
            variables.push(("BENCH_REDIS", redis.url().into()));
        }
        if let Some(postgres) = self.postgres.as_ref().filter(|_| system.needs_postgres()) {
            variables.push((database::VARIABLE, postgres.fresh_database()?.into()));
        }
        Ok(variables)
    }
}
