//! Runs other programs to their end and says which one failed, and how.

use std::process::{Command, Output, Stdio};

use anyhow::{Context, Result, ensure};

/// What a program wrote.
#[derive(Debug)]
pub(crate) struct Written {
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// Runs `command` and returns what it wrote, if it succeeded.
pub(crate) fn run(command: &mut Command) -> Result<Written> {
    let Output { status, stdout, stderr } = command
        .stdin(Stdio::null())
        .output()
        .with_context(|| format!("cannot run {}", name(command)))?;
    let stderr = String::from_utf8_lossy(&stderr).into_owned();
    ensure!(status.success(), "{} ended with {status}:\n{stderr}", name(command));
    let stdout = String::from_utf8(stdout)
        .with_context(|| format!("{} wrote something that is not text", name(command)))?;
    Ok(Written { stdout, stderr })
}

/// Fails with advice unless `program` can be started.
pub(crate) fn check_installed(program: &str, package: &str) -> Result<()> {
    Command::new(program)
        .arg("--version")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .map(drop)
        .with_context(|| format!("cannot start {program}; on Debian: apt-get install {package}"))
}

fn name(command: &Command) -> String {
    command.get_program().to_string_lossy().into_owned()
}
