//! Where a store keeps its data: a SQLite file, and how durable it is asked to be; a Redis server.

use std::{env, path::PathBuf, str::FromStr, time::Duration};

use anyhow::{Context, Result, bail};
use tempfile::TempDir;

/// How long a writer waits for another process or connection that writes.
pub const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// A SQLite file: the one `BENCH_SQLITE` names, or a temporary one that goes with this value.
#[derive(Debug)]
pub struct Place {
    /// The path of the database file.
    pub file: PathBuf,
    /// The setting `PRAGMA synchronous` shall have.
    pub synchronous: Synchronous,
    /// Removes the temporary file, if it is one.
    _temporary: Option<TempDir>,
}

impl Place {
    /// Reads `BENCH_SQLITE` and `BENCH_SYNCHRONOUS`.
    pub fn from_env() -> Result<Self> {
        let synchronous = match env::var("BENCH_SYNCHRONOUS") {
            Ok(value) => value.parse().context("BENCH_SYNCHRONOUS")?,
            Err(_) => Synchronous::Normal,
        };
        if let Some(file) = env::var_os("BENCH_SQLITE").filter(|file| !file.is_empty()) {
            return Ok(Self { file: file.into(), synchronous, _temporary: None });
        }
        let directory = tempfile::tempdir().context("cannot make a temporary directory")?;
        let file = directory.path().join("sessions.db");
        Ok(Self { file, synchronous, _temporary: Some(directory) })
    }
}

/// The Redis server that `BENCH_REDIS` names, or the one on this machine.
#[must_use]
pub fn redis_url() -> String {
    env::var("BENCH_REDIS").unwrap_or_else(|_| "redis://127.0.0.1:6379".to_owned())
}

/// SQLite's `PRAGMA synchronous`, as far as every system can have it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Synchronous {
    /// Syncs at each commit.
    Full,
    /// Syncs at checkpoints.
    Normal,
}

impl FromStr for Synchronous {
    type Err = anyhow::Error;

    fn from_str(value: &str) -> Result<Self> {
        Ok(match value.to_ascii_uppercase().as_str() {
            "FULL" => Self::Full,
            "NORMAL" => Self::Normal,
            _ => bail!("`{value}` is neither FULL nor NORMAL"),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn synchronous_is_read_in_any_case() {
        assert_eq!("normal".parse::<Synchronous>().ok(), Some(Synchronous::Normal));
        assert_eq!("FULL".parse::<Synchronous>().ok(), Some(Synchronous::Full));
        assert!("OFF".parse::<Synchronous>().is_err());
    }
}
