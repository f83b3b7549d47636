//! `contender <system> <port>` serves one of this workspace's systems.

use anyhow::Result;
use bench::{serve, systems::Contender};

fn main() -> Result<()> {
    serve::main::<Contender>()
}
