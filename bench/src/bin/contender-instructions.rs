//! `contender-instructions <system> <path> <requests>` is run under callgrind, which counts.

use anyhow::Result;
use bench::{probe, systems::Contender};

fn main() -> Result<()> {
    probe::instructions::<Contender>()
}
