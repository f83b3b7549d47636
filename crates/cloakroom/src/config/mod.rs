//! Configuration from outside: the environment, or a file. Decides nothing about sessions; it fills in the builders.

mod address;
mod any_store;
mod checked;
mod engine;
mod mistake;
mod open;
mod reader;
mod secrets;
mod setting;
mod settings;

use std::future::Future;

pub use self::any_store::AnyStore;
use self::checked::{Checked, Env};
pub use self::mistake::{Mistake, SettingsError};
pub use self::open::Schema;
use self::open::open;
pub use self::setting::Setting;
pub use self::settings::Settings;
use crate::Sessions;

/// Gives [`Sessions`] their `from_env`.
///
/// A trait, because `Sessions` belong to `cloakroom-core`, which knows no store but the one in memory.
pub trait FromEnv: Sized {
    /// Makes sessions as the environment says: `SESSION_STORE=sqlite:shop.db`, `SESSION_SECRET=…`. The table of all variables
    /// stands with [`Settings`].
    ///
    /// ```no_run
    /// # async fn example() -> Result<(), cloakroom::SettingsError> {
    /// use cloakroom::{FromEnv as _, Sessions};
    ///
    /// let sessions = Sessions::from_env().await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`SettingsError`] names every variable that is wrong, what it got and what it takes.
    fn from_env() -> impl Future<Output = Result<Self, SettingsError>> + Send;
}

impl FromEnv for Sessions {
    async fn from_env() -> Result<Self, SettingsError> {
        Settings::from_env().open().await
    }
}

fn invalid(setting: Setting, why: impl ToString) -> SettingsError {
    SettingsError::Invalid(vec![Mistake::new(setting, why.to_string())])
}
