//! How the tool ends.

use std::process::ExitCode;

/// How a command ended, for scripts.
///
#[doc = include_str!("exit.md")]
///
/// ```
/// assert_eq!(cloakroom_cli::Exit::No.code(), 3);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Exit {
    /// It is done, or the answer is yes.
    Done,
    /// It failed.
    Failed,
    /// It was asked wrongly, or set up wrongly.
    Usage,
    /// The answer is no.
    No,
    /// There are risks.
    Risks,
}

impl Exit {
    /// Returns the number.
    #[must_use]
    pub const fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Failed => 1,
            Self::Usage => 2,
            Self::No => 3,
            Self::Risks => 4,
        }
    }

    /// Returns [`Done`](Self::Done) or [`No`](Self::No).
    #[must_use]
    pub const fn of(yes: bool) -> Self {
        if yes { Self::Done } else { Self::No }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        exit.code().into()
    }
}
