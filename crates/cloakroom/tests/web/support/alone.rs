//! A test in a process of its own, for what concerns a whole process.

use std::process::Command;

const CHILD: &str = "CLOAKROOM_TEST_ALONE";

/// Tells whether this process runs one test alone. Where not, runs the test `name` so, and it passed when this returns.
pub(crate) fn alone(name: &str) -> bool {
    if std::env::var_os(CHILD).is_some() {
        return true;
    }
    // The shell makes the process ignore the signal that would end it at a limit for the size of files.
    let mut shell = Command::new("sh");
    shell.args(["-c", "trap '' XFSZ; exec \"$0\" \"$@\""]).arg(std::env::current_exe().unwrap());
    let child = shell.args(["--exact", name, "--nocapture"]).env(CHILD, "1").output().unwrap();
    let text = String::from_utf8_lossy(&child.stdout) + String::from_utf8_lossy(&child.stderr);
    assert!(child.status.success() && text.contains("1 passed"), "{text}");
    false
}
