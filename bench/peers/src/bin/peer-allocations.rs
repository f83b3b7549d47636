//! `peer-allocations <system> <path> <requests>` prints what one request allocates.

use std::alloc::System;

use anyhow::Result;
use bench::probe;
use peers::Peer;
use stats_alloc::{INSTRUMENTED_SYSTEM, StatsAlloc};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

fn main() -> Result<()> {
    probe::allocations::<Peer>()
}
