//! `chart` draws what `compare --out` wrote.

use anyhow::Result;
use bench::compare::chart;

fn main() -> Result<()> {
    chart::main()
}
