//! The tool itself, run as people and scripts run it, on each store.

mod check;
mod inspect;
#[cfg(target_os = "linux")]
mod memory;
mod migrate;
mod moving;
mod plain;
mod sessions;
mod support;
