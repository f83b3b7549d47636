//! Where the systems of one run keep their sessions.

use std::{env, ffi::OsString, path::Path};

use anyhow::{Context, Result};
use servers::Redis;
use tempfile::TempDir;

use super::measured::Measured;

/// A folder for files, and a Redis server if some system needs one. Gone when this is dropped.
#[derive(Debug)]
pub(super) struct Stores {
    folder: TempDir,
    redis: Option<Redis>,
}

impl Stores {
    /// Prepares what `systems` need. A server that `BENCH_REDIS` names is used as it is.
    pub(super) fn prepare(systems: &[Measured]) -> Result<Self> {
        let folder = tempfile::tempdir().context("cannot make a temporary directory")?;
        let needs_redis = systems.iter().any(|system| system.needs_redis());
        let redis = if needs_redis && env::var_os("BENCH_REDIS").is_none() {
            Some(Redis::start().context("on Debian: apt-get install redis-server")?)
        } else {
            None
        };
        Ok(Self { folder, redis })
    }

    /// Where files go.
    pub(super) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// What `system` has to be told.
    pub(super) fn environment(&self, system: Measured) -> Vec<(&'static str, OsString)> {
        let file = self.folder().join(format!("{system}.db"));
        let mut variables = vec![("BENCH_SQLITE", file.into())];
        if let Some(redis) = &self.redis {
            variables.push(("BENCH_REDIS", redis.url().into()));
        }
        variables
    }
}
