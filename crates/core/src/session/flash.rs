//! Flash messages.

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{Session, read, write};
use crate::Error;
use crate::change::Change;

/// Flash: said once, after a redirect.
impl Session {
    /// Sets a value that the next request which uses the session can read with [`flashed`](Self::flashed), and
    /// none after it.
    ///
    /// # Errors
    ///
    /// As [`set`](Self::set).
    pub fn flash<T: Serialize + ?Sized>(&self, key: &str, value: &T) -> Result<(), Error> {
        let value = write(key, value)?;
        self.0.lock().change(Change::Flash(key.into(), value))
    }

    /// Sets a value that only this request can read with [`flashed`](Self::flashed): for a page that is rendered
    /// without a redirect. Saves nothing.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Value`](crate::ErrorKind::Value) if `value` cannot be written as JSON.
    pub fn flash_now<T: Serialize + ?Sized>(&self, key: &str, value: &T) -> Result<(), Error> {
        let value = write(key, value)?;
        self.0.lock().draft.flash_now(key, value);
        Ok(())
    }

    /// Returns what the request before flashed under `key`, or this one by [`flash_now`](Self::flash_now).
    ///
    /// # Errors
    ///
    /// As [`get`](Self::get).
    pub fn flashed<T: DeserializeOwned>(&self, key: &str) -> Result<Option<T>, Error> {
        read(key, self.0.lock().draft.flashed(key))
    }

    /// Tells whether [`flashed`](Self::flashed) has something under `key`.
    #[must_use]
    pub fn has_flash(&self, key: &str) -> bool {
        self.0.lock().draft.flashed(key).is_some()
    }

    /// Keeps what this request could read for one request more; for a page that redirects once again.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Closed`](crate::ErrorKind::Closed) once the response has gone.
    pub fn keep_flash(&self) -> Result<(), Error> {
        self.0.lock().change(Change::KeepFlash)
    }
}
