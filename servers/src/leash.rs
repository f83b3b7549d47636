//! A child process that cannot outlive us: when our end of a pipe closes, however we ended, it is killed and its folder
//! removed.

use std::ffi::OsStr;
use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use anyhow::{Context as _, Result};
use rustix::process::{Pid, Signal, kill_process};

/// Holds the pipe. Each line starts the command (again) and is answered with its process id.
const SCRIPT: &str = r#"
folder=$1; shift; pid=
while read -r _; do
    "$@" >>"$folder/log" 2>&1 </dev/null &
    pid=$!
    echo "$pid"
done
[ -n "$pid" ] && kill -9 "$pid" 2>/dev/null
wait
rm -rf -- "$folder"
"#;

/// A server on its leash, in a temporary folder of its own.
#[derive(Debug)]
pub struct Leash {
    shell: Child,
    orders: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
    folder: PathBuf,
    pid: Option<Pid>,
}

impl Leash {
    /// Prepares `command`, to be run in its own folder as the given user and group, or as our own. Does not start it.
    ///
    /// # Errors
    ///
    /// If there is no shell.
    pub fn new(folder: PathBuf, user: Option<(u32, u32)>, command: &[&OsStr]) -> Result<Self> {
        let mut shell = Command::new("sh");
        shell.args(["-c", SCRIPT, "leash"]).arg(&folder).args(command).current_dir(&folder);
        // A group of its own, so that an interrupt at the terminal leaves the end to us.
        shell.stdin(Stdio::piped()).stdout(Stdio::piped()).process_group(0);
        if let Some((user, group)) = user {
            shell.uid(user).gid(group);
        }
        let mut shell = shell.spawn().context("cannot start a shell")?;
        let orders = shell.stdin.take();
        let answers = BufReader::new(shell.stdout.take().context("the shell has no output")?);
        Ok(Self { shell, orders, answers, folder, pid: None })
    }

    /// Starts the command; returns before it serves.
    ///
    /// # Errors
    ///
    /// If the shell is gone.
    pub fn start(&mut self) -> Result<()> {
        let orders = self.orders.as_mut().context("the leash was let go")?;
        orders.write_all(b"start\n").context("the leash is broken")?;
        let mut answer = String::new();
        self.answers.read_line(&mut answer).context("the leash is broken")?;
        self.pid = answer.trim().parse().ok().and_then(Pid::from_raw);
        self.pid.context("the command was not started").map(drop)
    }

    /// Kills the process (SIGKILL), as a power cut would.
    ///
    /// # Errors
    ///
    /// If it has gone already.
    pub fn kill(&mut self) -> Result<()> {
        self.signal(Signal::KILL)?;
        self.pid = None;
        Ok(())
    }

    /// Notes that the process has ended by itself.
    pub fn forget(&mut self) {
        self.pid = None;
    }

    /// Holds the process (SIGSTOP): it keeps its connections and answers nothing.
    ///
    /// # Errors
    ///
    /// If it has gone.
    pub fn pause(&self) -> Result<()> {
        self.signal(Signal::STOP)
    }

    /// Lets a held process go on (SIGCONT).
    ///
    /// # Errors
    ///
    /// If it has gone.
    pub fn resume(&self) -> Result<()> {
        self.signal(Signal::CONT)
    }

    /// Sends a signal.
    ///
    /// # Errors
    ///
    /// If the process has gone.
    pub fn signal(&self, signal: Signal) -> Result<()> {
        let pid = self.pid.context("the server is not running")?;
        kill_process(pid, signal).context("the server has gone")
    }

    /// Returns the process id while the command runs.
    #[must_use]
    pub fn pid(&self) -> Option<i32> {
        self.pid.map(Pid::as_raw_pid)
    }

    /// Returns the folder.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Returns what the command has written, for messages.
    #[must_use]
    pub fn log(&self) -> String {
        fs::read_to_string(self.folder.join("log")).unwrap_or_default()
    }
}

impl Drop for Leash {
    fn drop(&mut self) {
        drop(self.orders.take());
        // Until the server is gone and the folder removed.
        let _ = self.shell.wait();
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn is_alive(pid: i32) -> bool {
        // A killed process stays a zombie until the shell waits for it.
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        !stat.is_empty() && !stat.contains(") Z")
    }

    #[test]
    fn what_is_let_go_is_killed_and_leaves_nothing() {
        let folder = tempfile::tempdir().unwrap().keep();
        let command = ["sleep", "1000"].map(OsStr::new);
        let mut leash = Leash::new(folder.clone(), None, &command).unwrap();
        leash.start().unwrap();
        let first = leash.pid().unwrap();
        leash.pause().unwrap();
        leash.kill().unwrap();
        leash.start().unwrap();
        let second = leash.pid().unwrap();
        for _ in 0..1000 {
            if !is_alive(first) {
                break;
            }
            std::thread::sleep(Duration::from_millis(1));
        }
        assert!(first != second && !is_alive(first) && is_alive(second));
        drop(leash);
        assert!(!is_alive(second) && !folder.exists());
    }
}
