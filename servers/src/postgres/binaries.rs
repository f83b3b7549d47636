//! Where PostgreSQL's programs are, and as whom they may run.

use std::fs;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result};
use rustix::process::geteuid;

/// Debian keeps each version's programs in a folder of its own, off the PATH.
const DEBIAN: &str = "/usr/lib/postgresql";

/// Returns the folder of the newest version.
pub(super) fn folder() -> Result<PathBuf> {
    let versions = fs::read_dir(DEBIAN).into_iter().flatten().flatten();
    let versions = versions.filter_map(|entry| {
        let version: u32 = entry.file_name().to_str()?.parse().ok()?;
        Some((version, entry.path().join("bin")))
    });
    let versions = versions.filter(|(_, folder)| folder.join("initdb").is_file());
    if let Some((_, folder)) = versions.max() {
        return Ok(folder);
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .find(|folder| folder.join("initdb").is_file())
        .context("PostgreSQL is not installed; on Debian: apt-get install postgresql")
}

/// Returns the user and group that the server runs as: ours, or `postgres` if we are root, as whom it refuses to run.
pub(super) fn user() -> Result<Option<(u32, u32)>> {
    if !geteuid().is_root() {
        return Ok(None);
    }
    let users = fs::read_to_string("/etc/passwd").context("cannot read /etc/passwd")?;
    let user = users.lines().find_map(|line| {
        let mut fields = line.strip_prefix("postgres:")?.split(':').skip(1);
        Some((fields.next()?.parse().ok()?, fields.next()?.parse().ok()?))
    });
    user.context("there is no user `postgres`, as whom root starts PostgreSQL").map(Some)
}

/// Returns a command that runs as `user`.
pub(super) fn command(program: &Path, user: Option<(u32, u32)>) -> Command {
    let mut command = Command::new(program);
    if let Some((user, group)) = user {
        command.uid(user).gid(group);
    }
    command
}
