//! The table at the end of `cargo xtask test`.

use std::fmt;
use std::process::ExitCode;
use std::time::Duration;

use crate::tally::Tally;

/// What came of each step.
#[derive(Debug, Default)]
pub(crate) struct Summary {
    rows: Vec<Row>,
}

#[derive(Debug)]
struct Row {
    step: &'static str,
    succeeded: bool,
    tally: Tally,
    took: Duration,
}

impl Summary {
    /// Adds a step that has ended.
    pub(crate) fn add(
        &mut self,
        step: &'static str,
        succeeded: bool,
        tally: Tally,
        took: Duration,
    ) {
        self.rows.push(Row { step, succeeded, tally, took });
    }

    /// Failure if any step failed.
    pub(crate) fn exit_code(&self) -> ExitCode {
        if self.failed().next().is_none() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
    }

    fn failed(&self) -> impl Iterator<Item = &'static str> {
        self.rows.iter().filter(|row| !row.succeeded).map(|row| row.step)
    }
}

/// A row a step, the steps that failed, and as the last line the tests of all steps together.
impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{:<14} {:<8} {:>8}  tests", "step", "result", "time")?;
        let mut all = Tally::default();
        for Row { step, succeeded, tally, took } in &self.rows {
            let result = if *succeeded { "ok" } else { "FAILED" };
            let seconds = took.as_secs_f64();
            write!(f, "{step:<14} {result:<8} {seconds:>6.1} s")?;
            if !tally.is_empty() {
                write!(f, "  {tally}")?;
            }
            writeln!(f)?;
            all.add(*tally);
        }
        let failed: Vec<_> = self.failed().collect();
        if !failed.is_empty() {
            writeln!(f, "\nfailed: {}", failed.join(", "))?;
        }
        write!(f, "\n{all}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_line_counts_the_tests_of_all_steps() {
        let mut summary = Summary::default();
        summary.add("format", true, Tally::default(), Duration::from_millis(120));
        summary.add("tests", false, Tally { passed: 7, failed: 1 }, Duration::from_secs(90));
        summary.add("doc tests", true, Tally { passed: 3, failed: 0 }, Duration::from_secs(5));

        let text = summary.to_string();

        assert!(text.contains("\nfailed: tests\n"), "{text}");
        assert_eq!(text.lines().next_back(), Some("10 passed, 1 failed"));
        assert_eq!(summary.exit_code(), ExitCode::FAILURE);
    }
}
