//! Counts instructions and allocations a request, in process: neither depends on the machine's mood.

use std::{path::Path, process::Command};

use anyhow::{Context, Result};

use super::{measured::Measured, options::Options, programs::Programs};
use crate::{
    command::{self, check_installed},
    probe::Allocated,
};

/// Where SHA-256 is computed; callgrind stops counting while it is in there.
const SHA256: &str = "sha2::sha256::compress256*";

/// What one request to one system costs.
#[derive(Clone, Debug)]
pub(super) struct Cost {
    pub(super) path: String,
    pub(super) system: Measured,
    pub(super) instructions: f64,
    pub(super) allocated: Allocated,
}

/// Fails with advice unless valgrind is there.
pub(super) fn check() -> Result<()> {
    check_installed("valgrind", "valgrind")
}

/// Counts for `systems` as `options` say.
pub(super) fn run(
    options: &Options,
    systems: &[Measured],
    programs: &Programs,
) -> Result<Vec<Cost>> {
    let mut costs = Vec::new();
    for path in &options.paths {
        for &system in systems {
            eprintln!("counting {system} on {path}");
            costs.push(Cost {
                path: path.clone(),
                system,
                instructions: instructions(programs.instructions(system)?, system, path, options)?,
                allocated: allocated(
                    programs.allocations(system)?,
                    system,
                    path,
                    options.requests,
                )?,
            });
        }
    }
    Ok(costs)
}

/// The difference of two runs, so that starting and ending do not count.
fn instructions(program: &Path, system: Measured, path: &str, options: &Options) -> Result<f64> {
    let collect = |requests: u32| {
        let mut valgrind = Command::new("valgrind");
        valgrind.args(["--tool=callgrind", "--callgrind-out-file=/dev/null"]);
        if options.without_sha256 {
            // A toggle begins with not collecting unless told otherwise after it.
            valgrind.arg(format!("--toggle-collect={SHA256}")).arg("--collect-atstart=yes");
        }
        valgrind.arg(program).args([system.name(), path, &requests.to_string()]);
        collected(&mut valgrind)
    };
    let once = collect(options.requests)?;
    let twice = collect(options.requests * 2)?;
    Ok(twice.saturating_sub(once) as f64 / f64::from(options.requests))
}

fn collected(valgrind: &mut Command) -> Result<u64> {
    let text = command::run(valgrind)?.stderr;
    total(&text).with_context(|| format!("callgrind told no number of instructions:\n{text}"))
}

fn allocated(program: &Path, system: Measured, path: &str, requests: u32) -> Result<Allocated> {
    let mut counter = Command::new(program);
    counter.args([system.name(), path, &requests.to_string()]);
    let text = command::run(&mut counter)?.stdout;
    serde_json::from_str(&text).with_context(|| format!("not a count of allocations: {text}"))
}

fn total(text: &str) -> Option<u64> {
    let (_, collected) = text.split_once("Collected :")?;
    collected.split_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn callgrinds_total_is_read() {
        let text = "==1== Events    : Ir\n==1== Collected : 41163354\n==1== \n";
        assert_eq!(total(text), Some(41_163_354));
        assert_eq!(total("valgrind: no such file"), None);
    }
}
