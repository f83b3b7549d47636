//! Measures every system on every path, round by round, so that the machine's mood meets all alike.

use anyhow::Result;
use serde::{Deserialize, Serialize};

use super::{
    measured::Measured, options::Options, programs::Programs, seed, server::Server, stores::Stores,
};
use crate::wrk::{self, Cookies};

/// One measurement of one system on one path.
#[derive(Clone, Debug, Deserialize, Serialize)]
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
    let stores = Stores::prepare(systems)?;
    let targets = systems
        .iter()
        .map(|&system| Target::start(options, system, programs, &stores))
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
        stores: &Stores,
    ) -> Result<Self> {
        let server = Server::start(programs.server(system)?, system, options.workers, stores)?;
        let cookies = seed::seed(&server, options.sessions)?;
        seed::check(&server, &cookies)?;
        let sent = Cookies::new(&cookies, stores.folder().join(format!("{system}.lua")))?;
        Ok(Self { server, cookies, sent })
    }

    fn measure(&self, options: &Options, path: &str, round: u32, seconds: u32) -> Result<Sample> {
        let url = format!("{}{path}", self.server.url);
        let before = self.server.processor_seconds();
        let outcome = wrk::run(options.connections, seconds, &url, &self.sent)?;
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
