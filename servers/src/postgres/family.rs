//! The processes of one server: PostgreSQL has one for each connection, each in a group of its own.

use std::fs;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use rustix::process::{Pid, Signal, kill_process};

use super::PATIENCE;

/// Returns the children of `parent`.
pub(super) fn of(parent: i32) -> Result<Vec<i32>> {
    let processes = fs::read_dir("/proc").context("cannot list processes")?.flatten();
    let numbers = processes.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    Ok(numbers.filter(|&pid| parent_of(pid) == Some(parent)).collect())
}

/// Sends a signal to those that are still there.
pub(super) fn signal(processes: &[i32], signal: Signal) {
    for pid in processes.iter().filter_map(|&pid| Pid::from_raw(pid)) {
        let _ = kill_process(pid, signal);
    }
}

/// Waits until all of them have ended.
pub(super) fn wait_until_gone(first: i32, others: &[i32]) -> Result<()> {
    let began = Instant::now();
    for &pid in others.iter().chain([&first]) {
        while is_alive(pid) {
            ensure!(began.elapsed() < PATIENCE, "process {pid} does not end");
            std::thread::sleep(Duration::from_millis(2));
        }
    }
    Ok(())
}

/// Tells whether a process runs; one that nobody has waited for yet does not.
pub(super) fn is_alive(pid: i32) -> bool {
    fields(pid).is_some_and(|fields| !fields.starts_with('Z'))
}

fn parent_of(pid: i32) -> Option<i32> {
    fields(pid)?.split(' ').nth(1)?.parse().ok()
}

/// Returns what `stat` says after the name, which may hold anything: state, parent, …
fn fields(pid: i32) -> Option<String> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    Some(stat.rsplit_once(") ")?.1.to_owned())
}
