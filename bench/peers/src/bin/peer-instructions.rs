//! `peer-instructions <system> <path> <requests>` is run under callgrind, which counts.

use anyhow::Result;
use bench::probe;
use peers::Peer;

fn main() -> Result<()> {
    probe::instructions::<Peer>()
}
