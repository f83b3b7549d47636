//! A serde struct as the schema of a session: its fields are the session's values of the same names.
//!
//! Reading gives each field the value under its name; saving writes the fields that have changed, one by one. So
//! two requests that change different fields both win, and a struct may share the session with plain keys and with
//! other structs.

mod fields;

use std::fmt;
use std::ops::{Deref, DerefMut};
use std::sync::Arc;

use serde::Serialize;
use serde::de::DeserializeOwned;

pub(crate) use self::fields::{Edits, Written, read};
use crate::{Error, Session};

/// A struct that was read from the session, to be looked at, changed and [`save`](Self::save)d. Made by
/// [`Session::typed`].
///
/// ```
/// use cloakroom_core::{Error, Session};
/// use serde::{Deserialize, Serialize};
///
/// #[derive(Default, Serialize, Deserialize)]
/// #[serde(default)]
/// struct Shop {
///     cart: Vec<String>,
///     theme: Option<String>,
/// }
///
/// fn dark(session: &Session) -> Result<(), Error> {
///     let mut shop = session.typed::<Shop>()?;
///     shop.theme = Some("dark".to_owned());
///     shop.save() // writes "theme" and leaves "cart" to whoever changes it meanwhile
/// }
/// ```
#[must_use = "changes are saved only by `save`"]
pub struct Typed<T> {
    value: T,
    session: Session,
    /// As it was read, or last saved.
    known: Written,
}

impl<T: Serialize + DeserializeOwned> Typed<T> {
    pub(crate) fn load(session: Session) -> Result<Self, Error> {
        let value: T = session.with_data(read)?;
        let known = Written::of(&value)?;
        Ok(Self { value, session, known })
    }

    /// Saves the fields that were changed since the struct was read or last saved; the others are not written. It
    /// leaves with the response, like every change.
    ///
    /// Of two requests that save the same field the later one wins. Where each must count, as in a counter, use
    /// [`Session::modify`].
    ///
    /// # Errors
    ///
    /// As [`Session::set`]. What was changed stays changed in the struct.
    pub fn save(&mut self) -> Result<(), Error> {
        let now = Written::of(&self.value)?;
        self.session.edit(&now.since(&self.known))?;
        self.known = now;
        Ok(())
    }
}

impl<T> Typed<T> {
    /// Returns the session that the struct was read from.
    #[must_use]
    pub fn session(&self) -> &Session {
        &self.session
    }

    /// Returns the struct, without saving it.
    #[must_use]
    pub fn into_inner(self) -> T {
        self.value
    }
}

impl<T> Deref for Typed<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

impl<T> DerefMut for Typed<T> {
    fn deref_mut(&mut self) -> &mut T {
        &mut self.value
    }
}

impl<T> fmt::Debug for Typed<T> {
    /// Shows the session, and no value.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Typed").field("session", &self.session).finish_non_exhaustive()
    }
}

/// Computes what a change of a struct edits in a session that holds `data`.
pub(crate) fn edits_of<T: Serialize + DeserializeOwned>(
    data: &[(&str, &str)],
    change: impl FnOnce(&mut T),
) -> Result<Edits, Error> {
    let mut value: T = read(data)?;
    let before = Written::of(&value)?;
    change(&mut value);
    Ok(Written::of(&value)?.since(&before))
}

/// A key, and its new JSON text or its removal.
pub(crate) type Edit = (Arc<str>, Option<Arc<str>>);

#[cfg(test)]
mod tests;
