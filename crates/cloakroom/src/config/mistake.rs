//! What is wrong with a configuration, said so that whoever starts the application can put it right.

use std::error::Error as StdError;
use std::fmt;

use crate::Setting;

/// Why sessions could not be made from [`Settings`](crate::Settings). The application should not start.
///
/// Its message names every mistake, one a line. No secret and no password shows in it.
#[derive(Debug)]
#[non_exhaustive]
pub enum SettingsError {
    /// The settings are wrong; all that is wrong with them. Nothing was connected.
    Invalid(Vec<Mistake>),
    /// The settings are right, but the store did not open.
    Store {
        /// Where it was to be, without password.
        address: String,
        /// The store's own error.
        source: Box<dyn StdError + Send + Sync>,
    },
}

/// One mistake in the settings.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Mistake {
    /// The setting.
    pub setting: Setting,
    /// What it got, which rule it breaks, and what it takes; no secret and no password.
    pub message: String,
}

impl Mistake {
    pub(super) fn new(setting: Setting, message: impl Into<String>) -> Self {
        Self { setting, message: message.into() }
    }

    /// A value that is not what the setting takes.
    pub(super) fn value(setting: Setting, got: &str) -> Self {
        const LONGEST: usize = 80;
        let shown: String = got.chars().take(LONGEST).collect();
        let dots = if shown.len() < got.len() { " …" } else { "" };
        Self::new(setting, format!("is {shown:?}{dots}, and it takes {}", setting.takes()))
    }
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.setting, self.message)
    }
}

impl fmt::Display for SettingsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Invalid(mistakes) => {
                f.write_str("the settings of the sessions are wrong:")?;
                mistakes.iter().try_for_each(|mistake| write!(f, "\n- {mistake}"))
            }
            Self::Store { address, .. } => write!(f, "cannot open the session store {address}"),
        }
    }
}

impl StdError for SettingsError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        match self {
            Self::Invalid(_) => None,
            Self::Store { source, .. } => Some(&**source),
        }
    }
}
