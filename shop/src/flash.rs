//! Flash messages: written in one request, shown by the next page, then gone.

use cloakroom::Session;

use crate::error::Error;

/// The key of a message that all went well.
pub const SUCCESS: &str = "success";
/// The key of a message that something should be known.
pub const NOTICE: &str = "notice";
/// The key of a message that something did not work.
pub const PROBLEM: &str = "problem";

/// A message, as a page shows it.
#[derive(Debug, Clone)]
pub struct Flash {
    /// One of the keys above; the style sheet knows them too.
    pub kind: &'static str,
    /// What it says.
    pub text: String,
}

impl Flash {
    /// Returns the messages that the last request left.
    ///
    /// # Errors
    ///
    /// If one of them is not a string.
    pub fn all(session: &Session) -> Result<Vec<Self>, Error> {
        let mut messages = Vec::new();
        for kind in [SUCCESS, NOTICE, PROBLEM] {
            if let Some(text) = session.flashed::<String>(kind)? {
                messages.push(Self { kind, text });
            }
        }
        Ok(messages)
    }

    /// Whether a screen reader should break in, rather than wait for a pause.
    #[must_use]
    pub fn is_problem(&self) -> bool {
        self.kind == PROBLEM
    }
}
