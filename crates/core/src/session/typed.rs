//! Structs in place of keys.

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::Session;
use crate::change::Change;
use crate::typed::{Edits, edits_of};
use crate::{Error, Typed};

/// A serde struct as the session's schema: its fields are the values of the same names.
///
/// Give the struct `#[serde(default)]`, as a new session holds nothing. What it does not know is left alone, so several
/// structs and plain keys may share a session. Of `#[serde(rename)]`, `skip_serializing_if` (the value is removed) and
/// `flatten` you get what they say; `alias` would find both names after a change.
impl Session {
    /// Reads a struct, to look at it, or to change and [`save`](Typed::save) it.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Value`](crate::ErrorKind::Value) if a value has not the type of its field, and the message names the
    /// field; if a field without a default has no value; and for a `T` that is no struct or map.
    pub fn typed<T: Serialize + DeserializeOwned>(&self) -> Result<Typed<T>, Error> {
        Typed::load(self.clone())
    }

    /// Changes a struct, and saves the fields that `change` has changed.
    ///
    /// No update is lost, also of one field: when another request saved first, `change` runs again on its result. So
    /// it may run several times, and should do nothing but change the struct.
    ///
    /// ```
    /// # use cloakroom_core::{Error, Session};
    /// # use serde::{Deserialize, Serialize};
    /// #[derive(Default, Serialize, Deserialize)]
    /// #[serde(default)]
    /// struct Shop {
    ///     cart: Vec<String>,
    ///     visits: u32,
    /// }
    ///
    /// fn add(session: &Session, item: String) -> Result<(), Error> {
    ///     session.modify(move |shop: &mut Shop| shop.cart.push(item.clone()))
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// As [`typed`](Self::typed) and [`set`](Self::set).
    pub fn modify<T: Serialize + DeserializeOwned>(
        &self,
        change: impl Fn(&mut T) + Send + Sync + 'static,
    ) -> Result<(), Error> {
        let modify = move |data: &[(&str, &str)]| edits_of(data, &change);
        // Outside the lock, so that the closure may use the session; again, if another thread was first.
        loop {
            let before: Vec<(String, String)> = {
                let state = self.0.lock();
                state.check_open()?;
                let data = state.draft.data().into_iter();
                data.map(|(key, text)| (key.to_owned(), text.to_owned())).collect()
            };
            let data: Vec<_> = before.iter().map(|(key, text)| (&**key, &**text)).collect();
            let edits = modify(&data)?;
            let mut state = self.0.lock();
            state.check_open()?;
            if state.draft.data() == data {
                state.draft.edit_values(edits);
                state.log.push(Change::Modify(Box::new(modify)));
                return Ok(());
            }
        }
    }

    pub(crate) fn with_data<T>(&self, work: impl FnOnce(&[(&str, &str)]) -> T) -> T {
        work(&self.0.lock().draft.data())
    }

    /// Sets and removes several values.
    pub(crate) fn edit(&self, edits: &Edits) -> Result<(), Error> {
        let mut state = self.0.lock();
        state.check_open()?;
        for (key, value) in edits {
            state.change(match value {
                Some(value) => Change::Set(key.clone(), value.clone()),
                None => Change::Remove(key.clone()),
            })?;
        }
        Ok(())
    }
}
