//! What the driver is asked to measure.

use std::path::PathBuf;

use anyhow::{Result, ensure};
use clap::Parser;
use serde::{Deserialize, Serialize};

use super::measured::Measured;

/// The routes after which the cookie that a load keeps sending is worth nothing.
const ENDING: [&str; 3] = ["/login", "/logout", "/renew"];

/// Measures several systems interleaved in one run and prints their ratios.
#[derive(Debug, Deserialize, Parser, Serialize)]
pub(super) struct Options {
    /// The systems to measure, separated by commas [default: all]
    #[arg(long, value_enum, value_delimiter = ',')]
    systems: Vec<Measured>,
    /// The paths to request, separated by commas
    #[arg(long, value_delimiter = ',', default_values = ["/read", "/write"])]
    pub(super) paths: Vec<String>,
    /// How often to measure each system on each path
    #[arg(long, default_value_t = 7, value_parser = clap::value_parser!(u32).range(1..))]
    pub(super) rounds: u32,
    /// How long one measurement lasts
    #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u32).range(1..))]
    pub(super) seconds: u32,
    /// Connections that request at the same time
    #[arg(long, default_value_t = 64, value_parser = clap::value_parser!(u32).range(1..))]
    pub(super) connections: u32,
    /// Sessions that the requests are spread over
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..))]
    pub(super) sessions: u32,
    /// Worker threads of each server
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..))]
    pub(super) workers: u32,
    /// Count instructions and allocations a request in process, instead of measuring a load
    #[arg(long)]
    pub(super) count: bool,
    /// How many requests to count
    #[arg(long, default_value_t = 2_000, value_parser = clap::value_parser!(u32).range(1..))]
    pub(super) requests: u32,
    /// Leave SHA-256 out of the instructions: processors have it in hardware, but not under valgrind
    #[arg(long, requires = "count")]
    pub(super) without_sha256: bool,
    /// A file to write the result to, as JSON
    #[arg(long)]
    #[serde(skip)]
    pub(super) out: Option<PathBuf>,
}

impl Options {
    /// Refuses what could not be measured.
    pub(super) fn check(&self) -> Result<()> {
        for path in &self.paths {
            ensure!(path.starts_with('/'), "the path `{path}` does not begin with `/`");
            let route = path.split('?').next().unwrap_or_default();
            ensure!(
                !ENDING.contains(&route),
                "`{route}` ends the session whose cookie the load keeps sending"
            );
        }
        Ok(())
    }

    /// The systems asked for, each once, or `default`.
    pub(super) fn systems(&self, default: &[Measured]) -> Vec<Measured> {
        let asked = if self.systems.is_empty() { default } else { &self.systems };
        let mut systems = asked.to_vec();
        systems.sort_unstable();
        systems.dedup();
        systems
    }
}

#[cfg(test)]
mod tests {
    use clap::ValueEnum as _;

    use super::*;

    #[test]
    fn a_path_that_ends_the_session_is_refused() {
        let options = Options::parse_from(["compare", "--paths", "/read,/login?user=a"]);
        assert!(options.check().is_err());
    }

    #[test]
    fn systems_come_once_and_bare_first() {
        let options =
            Options::parse_from(["compare", "--systems", "cloakroom-memory,bare,cloakroom-memory"]);
        let systems = options.systems(Measured::value_variants());
        assert_eq!(systems, [Measured::Bare, Measured::CloakroomMemory]);
    }
}
