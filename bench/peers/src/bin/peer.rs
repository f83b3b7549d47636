//! `peer <system> <port>` serves one of the peers.

use anyhow::Result;
use bench::serve;
use peers::Peer;

fn main() -> Result<()> {
    serve::main::<Peer>()
}
