//! `compare` measures several systems interleaved in one run and prints ratios.

use anyhow::Result;
use bench::compare;

fn main() -> Result<()> {
    compare::main()
}
