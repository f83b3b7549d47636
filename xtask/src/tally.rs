//! How many tests passed and failed, counted while the test runner speaks.

use std::fmt;
use std::io::{self, BufRead, BufReader, Write};
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, ensure};
use xshell::Cmd;

/// Tests that passed and tests that failed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    pub(crate) passed: u32,
    pub(crate) failed: u32,
}

impl Tally {
    /// Runs a command that runs tests: shows its output as it comes and counts along.
    pub(crate) fn run(&mut self, command: Cmd<'_>) -> Result<()> {
        println!("$ {command}");
        // One pipe for both, or Cargo's lines would not stand where they belong.
        let (output, input) = io::pipe()?;
        let mut command = Command::from(command);
        command.stdin(Stdio::null()).stdout(input.try_clone()?).stderr(input);
        let mut child = command.spawn().context("could not start cargo")?;
        // It holds ends of the pipe, which would stay open.
        drop(command);

        self.copy(BufReader::new(output), io::stdout())?;

        let status = child.wait()?;
        ensure!(status.success(), "{status}");
        Ok(())
    }

    /// Adds another tally.
    pub(crate) const fn add(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
    }

    /// Whether no test ran.
    pub(crate) const fn is_empty(self) -> bool {
        self.passed == 0 && self.failed == 0
    }

    fn copy(&mut self, mut from: impl BufRead, mut to: impl Write) -> io::Result<()> {
        // Bytes, not text: a failing test may print anything.
        let mut line = Vec::new();
        while from.read_until(b'\n', &mut line)? > 0 {
            to.write_all(&line)?;
            if let Some(result) = Self::parse(&String::from_utf8_lossy(&line)) {
                self.add(result);
            }
            line.clear();
        }
        to.flush()
    }

    /// Reads the last line of a test binary: `test result: ok. 3 passed; 0 failed; 1 ignored; …`
    fn parse(line: &str) -> Option<Self> {
        let (_, counts) = line.strip_prefix("test result: ")?.split_once(". ")?;
        let mut counts = counts.split("; ");
        let passed = counts.next()?.strip_suffix(" passed")?.parse().ok()?;
        let failed = counts.next()?.strip_suffix(" failed")?.parse().ok()?;
        Some(Self { passed, failed })
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} passed, {} failed", self.passed, self.failed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_test_binary_adds_its_own_result() {
        let output = "running 2 tests\n\
            test a ... ok\n\
            test result: ok. 2 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.01s\n\
            all doctests ran in 1.2s\n\
            test result: FAILED. 11 passed; 3 failed; 1 ignored; 0 measured; 0 filtered out; finished in 2s\n";
        let mut tally = Tally::default();
        let mut copied = Vec::new();

        tally.copy(output.as_bytes(), &mut copied).unwrap();

        assert_eq!(tally, Tally { passed: 13, failed: 3 });
        assert_eq!(copied, output.as_bytes());
    }

    #[test]
    fn output_that_only_looks_like_a_result_counts_nothing() {
        for line in [
            "",
            "test result: ",
            "test result: ok. many passed; 0 failed",
            "ok. 1 passed; 0 failed;",
        ] {
            assert_eq!(Tally::parse(line), None, "{line}");
        }
    }
}
