//! The driver: builds the systems, measures them interleaved in one run, prints ratios.

pub mod chart;
mod count;
mod load;
mod measured;
mod options;
mod programs;
mod report;
mod seed;
mod server;
mod stores;
mod summary;
mod tally;

use std::{fs, path::Path};

use anyhow::{Context, Result};
use clap::{Parser, ValueEnum as _};
use serde::Serialize;

use self::{measured::Measured, options::Options, programs::Programs};
use crate::wrk;

/// Reads the command line, measures and reports.
pub fn main() -> Result<()> {
    let options = Options::parse();
    options.check()?;
    if options.count { count(&options) } else { load(options) }
}

fn load(options: Options) -> Result<()> {
    wrk::check()?;
    let systems = options.systems(Measured::value_variants());
    let programs = Programs::build(&systems)?;
    let samples = load::run(&options, &systems, &programs)?;
    let rows = summary::rows(&samples);
    println!("{}", report::load(&rows));
    let out = options.out.clone();
    write(out.as_deref(), &report::Load { options, rows, samples })
}

fn count(options: &Options) -> Result<()> {
    count::check()?;
    let systems = options.systems(&Measured::COUNTED);
    let programs = Programs::build(&systems)?;
    let counts = count::run(options, &systems, &programs)?;
    let rows = tally::rows(&counts);
    println!("{}", report::count(&rows));
    write(options.out.as_deref(), &report::Count { options, rows: &rows })
}

fn write(out: Option<&Path>, report: &impl Serialize) -> Result<()> {
    let Some(out) = out else { return Ok(()) };
    let json = serde_json::to_string_pretty(report)?;
    fs::write(out, json + "\n").with_context(|| format!("cannot write {}", out.display()))
}
