//! What can go wrong with a command.

use cloakroom::{SettingsError, StoreError};

use crate::{BadAddress, Exit};

/// Why a command failed. Print it with its sources: each says what the one before does not.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Failure {
    /// The command was asked wrongly; the sentence says how to ask.
    #[error("{0}")]
    Usage(String),
    /// A store's address cannot stand on a command line.
    #[error(transparent)]
    Address(#[from] BadAddress),
    /// The settings are wrong, or the store did not open.
    #[error(transparent)]
    Settings(#[from] SettingsError),
    /// What was asked of the sessions failed.
    #[error(transparent)]
    Sessions(#[from] cloakroom::Error),
    /// The store failed.
    #[error("the session store failed")]
    Store(#[source] StoreError),
    /// A file cannot be read, or nothing can be printed.
    #[error("{what}")]
    Io {
        /// What was to be done.
        what: String,
        /// Why it could not.
        source: std::io::Error,
    },
}

impl Failure {
    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self::Usage(message.into())
    }

    /// Returns how the tool ends.
    #[must_use]
    pub const fn exit(&self) -> Exit {
        match self {
            Self::Usage(_) | Self::Address(_) | Self::Settings(SettingsError::Invalid(_)) => {
                Exit::Usage
            }
            _ => Exit::Failed,
        }
    }

    /// Returns it with all that it comes from, one after the other.
    ///
    /// ```
    /// use cloakroom_cli::Failure;
    ///
    /// assert_eq!(Failure::Usage("say which user".to_owned()).chain(), "say which user");
    /// ```
    #[must_use]
    pub fn chain(&self) -> String {
        let mut text = self.to_string();
        let mut source = std::error::Error::source(self);
        while let Some(error) = source {
            let message = error.to_string();
            // Drivers like to repeat what they come from.
            if !text.ends_with(&message) {
                text = format!("{text}: {message}");
            }
            source = error.source();
        }
        text
    }
}
