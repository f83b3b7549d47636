//! What every system under measurement shares: the contract, the server, the counting in process.
//!
//! `bench/peers` is a workspace of its own and uses this crate without its default features, so
//! that contenders and peers differ in nothing but their sessions.

pub mod contract;
pub mod database;
pub mod place;
pub mod probe;
pub mod serve;
pub mod system;

#[cfg(feature = "contenders")]
pub mod systems;

#[cfg(feature = "compare")]
mod command;
#[cfg(feature = "compare")]
pub mod compare;
#[cfg(feature = "compare")]
mod wrk;

#[cfg(all(feature = "compare", feature = "contenders"))]
pub mod crowd;
#[cfg(all(feature = "compare", feature = "contenders"))]
pub mod faults;
