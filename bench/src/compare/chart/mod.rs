//! The chart of everything beside everything, drawn from what `compare --out` wrote.

mod drawing;
mod groups;
mod scale;
mod shelf;

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, ensure};
use clap::Parser;

use self::{drawing::Drawing, groups::groups};
use super::report::Load;

/// Draws the results of `compare --out` as one chart, in SVG.
#[derive(Debug, Parser)]
struct Options {
    /// The results; the first one that has measured a system counts
    #[arg(required = true)]
    results: Vec<PathBuf>,
    /// The file to write
    #[arg(long)]
    out: PathBuf,
}

/// Reads the command line and the results, and draws.
pub fn main() -> Result<()> {
    let Options { results, out } = Options::parse();
    let results = results.iter().map(|file| read(file)).collect::<Result<Vec<_>>>()?;
    let groups = groups(&results);
    ensure!(!groups.is_empty(), "no result compares a system with a bare one; measure `bare` too");
    let drawing = Drawing::new(&results, &groups).svg()?;
    fs::write(&out, drawing).with_context(|| format!("cannot write {}", out.display()))
}

fn read(file: &Path) -> Result<Load> {
    let text =
        fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
    serde_json::from_str(&text).with_context(|| {
        format!("{} is not what `compare --out` writes for a load", file.display())
    })
}
