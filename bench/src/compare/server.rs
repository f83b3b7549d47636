//! One system's server process.

use std::{
    io::{BufRead, BufReader},
    process::{Child, Command, Stdio},
};

use anyhow::{Context, Result};

use super::{measured::Measured, stores::Stores};

/// What a server prints when it is ready, before its address.
const READY: &str = "listening on ";

/// A server that listens until this value is dropped.
#[derive(Debug)]
pub(super) struct Server {
    pub(super) system: Measured,
    /// The address, without a slash at its end.
    pub(super) url: String,
    process: Process,
}

impl Server {
    /// Starts `command` on a free port and waits until it is ready.
    pub(super) fn start(
        mut command: Command,
        system: Measured,
        workers: u32,
        stores: &Stores,
    ) -> Result<Self> {
        let mut child = command
            .args([system.name(), "0"])
            .envs(stores.environment(system)?)
            .env("BENCH_WORKERS", workers.to_string())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .with_context(|| format!("cannot start {system}"))?;
        let stdout = child.stdout.take();
        let process = Process(child);
        let mut line = String::new();
        if let Some(stdout) = stdout {
            BufReader::new(stdout).read_line(&mut line)?;
        }
        let url = line
            .trim()
            .strip_prefix(READY)
            .with_context(|| {
                format!("{system} did not say that it listens, but `{}`", line.trim())
            })?
            .to_owned();
        Ok(Self { system, url, process })
    }

    /// The seconds of processor time that it has used, where the system tells.
    pub(super) fn processor_seconds(&self) -> Option<f64> {
        processor_seconds(self.process.0.id())
    }
}

/// A child that does not outlive this value.
#[derive(Debug)]
struct Process(Child);

impl Drop for Process {
    fn drop(&mut self) {
        if let Err(error) = self.0.kill().and_then(|()| self.0.wait()) {
            eprintln!("cannot end process {}: {error}", self.0.id());
        }
    }
}

#[cfg(target_os = "linux")]
fn processor_seconds(id: u32) -> Option<f64> {
    let stat = procfs::process::Process::new(i32::try_from(id).ok()?).ok()?.stat().ok()?;
    Some((stat.utime + stat.stime) as f64 / procfs::ticks_per_second() as f64)
}

#[cfg(not(target_os = "linux"))]
fn processor_seconds(_: u32) -> Option<f64> {
    None
}
