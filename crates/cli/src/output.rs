//! Where all is printed: for people, or as JSON for programs.

use std::io::{self, IsTerminal as _, Write};

use anstyle::{AnsiColor, Style};
use serde::Serialize;

use crate::{Failure, Progress};

/// What a command found out. It serializes for programs and writes itself for people.
pub trait Report: Serialize {
    /// Writes it for a person. Colours that the terminal does not take are removed later.
    ///
    /// # Errors
    ///
    /// If `out` fails.
    fn write(&self, out: &mut dyn Write) -> io::Result<()>;
}

/// Where and how a command prints: reports on the standard output, all else on the standard error.
///
/// ```
/// use cloakroom_cli::Output;
///
/// let output = Output::json();
/// assert!(output.is_json());
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Output {
    json: bool,
}

impl Output {
    /// Prints for people: tables, sentences, and colours where a terminal takes them and `NO_COLOR` is not set.
    #[must_use]
    pub const fn people() -> Self {
        Self { json: false }
    }

    /// Prints each report as one line of JSON.
    #[must_use]
    pub const fn json() -> Self {
        Self { json: true }
    }

    /// Tells whether a program reads it.
    #[must_use]
    pub const fn is_json(&self) -> bool {
        self.json
    }

    /// Prints a report.
    ///
    /// # Errors
    ///
    /// [`Failure::Io`] if nobody takes it.
    pub fn print(&self, report: &impl Report) -> Result<(), Failure> {
        put(|out| match self.json {
            true => {
                serde_json::to_writer(&mut *out, report)?;
                writeln!(out)
            }
            false => report.write(out),
        })
    }

    /// Prints a text as it is.
    ///
    /// # Errors
    ///
    /// [`Failure::Io`] if nobody takes it.
    pub fn text(&self, text: &str) -> Result<(), Failure> {
        put(|out| write!(out, "{text}"))
    }

    /// Says something beside the report.
    pub fn note(&self, message: &str) {
        // Nobody is left to be told that this failed.
        let _ = writeln!(anstream::stderr(), "{message}");
    }

    /// Begins to show how far a long work is; a person at a terminal sees it.
    #[must_use]
    pub fn progress(&self, what: &'static str) -> Progress {
        Progress::new(what, !self.json && io::stderr().is_terminal())
    }

    /// Asks a person at a terminal whether that is meant; elsewhere `--yes` must have said so.
    pub(crate) fn confirm(&self, question: &str, yes: bool) -> Result<(), Failure> {
        if yes {
            return Ok(());
        }
        if self.json || !io::stdin().is_terminal() {
            return Err(Failure::usage(format!("{question}\nsay --yes if that is meant")));
        }
        let _ = write!(anstream::stderr(), "{question}\ntype yes to go on: ");
        let mut answer = String::new();
        let read = io::stdin().read_line(&mut answer);
        read.map_err(|source| Failure::Io { what: "no answer".to_owned(), source })?;
        match answer.trim() {
            "yes" => Ok(()),
            _ => Err(Failure::usage("nothing was done")),
        }
    }
}

fn put(write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Result<(), Failure> {
    let mut out = anstream::stdout().lock();
    match write(&mut out).and_then(|()| out.flush()) {
        // Whoever reads has seen enough.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        printed => printed.map_err(|source| Failure::Io {
            what: "the report cannot be printed".to_owned(),
            source,
        }),
    }
}

/// Text that counts.
pub(crate) const STRONG: Style = Style::new().bold();
/// Text beside it.
pub(crate) const FAINT: Style = Style::new().dimmed();
/// What is right.
pub(crate) const GOOD: Style = AnsiColor::Green.on_default();
/// What should be looked at.
pub(crate) const DOUBTFUL: Style = AnsiColor::Yellow.on_default();
/// What is wrong.
pub(crate) const BAD: Style = AnsiColor::Red.on_default().bold();
