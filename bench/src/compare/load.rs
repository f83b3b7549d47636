//! Measures every system on every path, round by round, so that the machine's mood meets all alike.

use std::env;

use anyhow::{Context, Result};
use serde::Serialize;
use servers::Postgres;
use tempfile::TempDir;

use super::{
    measured::Measured,
    options::Options,
    programs::Programs,
    seed,
    server::Server,
    wrk::{self, Cookies},
};
use crate::database;

/// One measurement of one system on one path.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Sample {
    pub(super) round: u32,
    pub(super) path: String,
    pub(super) system: Measured,
    pub(super) requests_per_second: f64,
    /// Processor time of the server a request, where the system tells it.
    pub(super) processor_microseconds: Option<f64>,
    pub(super) errors: u64,
}

/// Measures `systems` as `options` say.
pub(super) fn run(
    options: &Options,
    systems: &[Measured],
    programs: &Programs,
) -> Result<Vec<Sample>> {
    let folder = tempfile::tempdir().context("cannot make a temporary directory")?;
    let postgres = postgres(systems)?;
    let targets = systems
        .iter()
        .map(|&system| Target::start(options, system, programs, &folder, postgres.as_ref()))
        .collect::<Result<Vec<_>>>()?;

    eprintln!("warming up");
    for path in &options.paths {
        for target in &targets {
            target.measure(options, path, 0, 1)?;
        }
    }

    let mut samples = Vec::new();
    for round in 1..=options.rounds {
        eprintln!("round {round} of {}", options.rounds);
        for path in &options.paths {
            for turn in 0..targets.len() {
                let target = &targets[(turn + round as usize) % targets.len()];
                samples.push(target.measure(options, path, round, options.seconds)?);
            }
        }
    }
    for target in &targets {
        seed::check(&target.server, &target.cookies)?;
    }
    Ok(samples)
}

/// Starts one PostgreSQL server for all systems that keep sessions there, unless the environment names one. It is as
/// durable as PostgreSQL is by default.
fn postgres(systems: &[Measured]) -> Result<Option<Postgres>> {
    let is_named = env::var_os(database::VARIABLE).is_some();
    if is_named || !systems.iter().any(|system| system.is_in_postgres()) {
        return Ok(None);
    }
    Postgres::builder().durable().start().map(Some)
}

/// A server with the sessions that its load uses.
struct Target {
    server: Server,
    cookies: Vec<String>,
    sent: Cookies,
}

impl Target {
    fn start(
        options: &Options,
        system: Measured,
        programs: &Programs,
        folder: &TempDir,
        postgres: Option<&Postgres>,
    ) -> Result<Self> {
        let postgres = postgres.filter(|_| system.is_in_postgres());
        let database = postgres.map(Postgres::fresh_database).transpose()?;
        let (program, workers) = (programs.server(system)?, options.workers);
        let server = Server::start(program, system, workers, folder.path(), database.as_deref())?;
        let cookies = seed::seed(&server, options.sessions)?;
        seed::check(&server, &cookies)?;
        let sent = Cookies::new(&cookies, folder.path().join(format!("{system}.lua")))?;
        Ok(Self { server, cookies, sent })
    }

    fn measure(&self, options: &Options, path: &str, round: u32, seconds: u32) -> Result<Sample> {
        let url = format!("{}{path}", self.server.url);
        let before = self.server.processor_seconds();
        let outcome = wrk::run(options, seconds, &url, &self.sent)?;
        let after = self.server.processor_seconds();
        Ok(Sample {
            round,
            path: path.to_owned(),
            system: self.server.system,
            requests_per_second: outcome.requests_per_second,
            processor_microseconds: before
                .zip(after)
                .map(|(before, after)| (after - before) * 1e6 / outcome.requests as f64),
            errors: outcome.errors,
        })
    }
}
