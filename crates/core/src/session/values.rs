//! The values: read, set, changed, removed.

use std::sync::Arc;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

use super::{Session, read, write};
use crate::change::Change;
use crate::state::Phase;
use crate::{AsKey, Error, KeyName};

impl Session {
    /// Returns the value under `key`, or `None` if there is none.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Value`](crate::ErrorKind::Value) if the value has another type; the message names the key.
    pub fn get<T: DeserializeOwned>(&self, key: impl AsKey<T>) -> Result<Option<T>, Error> {
        read(key.name(), self.0.lock().draft.value(key.name()))
    }

    /// Returns the value under `key`, or `default`.
    ///
    /// # Errors
    ///
    /// As [`get`](Self::get): a value of another type is not replaced by the default.
    pub fn get_or<T: DeserializeOwned>(&self, key: impl AsKey<T>, default: T) -> Result<T, Error> {
        Ok(self.get(key)?.unwrap_or(default))
    }

    /// Sets the value under `key`. Of two requests that set the same key the later one wins, and only that key is
    /// touched. Setting what is there already is no change and costs no store call.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Value`](crate::ErrorKind::Value) if `value` cannot be written as JSON, and
    /// [`ErrorKind::Closed`](crate::ErrorKind::Closed) once the response has gone, as for all changes.
    pub fn set<T: Serialize + ?Sized>(&self, key: impl AsKey<T>, value: &T) -> Result<(), Error> {
        let (name, value) = (key.name(), write(key.name(), value)?);
        let mut state = self.0.lock();
        if state.phase == Phase::Open && state.draft.value(name) == Some(&value) {
            return Ok(());
        }
        state.change(Change::Set(name.into(), value))
    }

    /// Changes the value under `key`, which starts as `T::default()` if there is none.
    ///
    /// No update is lost: when another request saved first, `change` runs again on its result. So it may run
    /// several times, and should do nothing but change the value.
    ///
    /// # Errors
    ///
    /// As [`get`](Self::get) and [`set`](Self::set).
    pub fn update<T>(
        &self,
        key: impl AsKey<T>,
        change: impl Fn(&mut T) + Send + Sync + 'static,
    ) -> Result<(), Error>
    where
        T: Serialize + DeserializeOwned + Default,
    {
        self.revise(key.name(), move |value: &mut T| {
            change(value);
            Ok(())
        })
    }

    /// Adds `by` to the counter under `key`, which starts at 0; returns the sum as this request sees it.
    ///
    /// # Errors
    ///
    /// As [`update`](Self::update), and [`ErrorKind::Value`](crate::ErrorKind::Value) on overflow.
    pub fn increment(&self, key: impl AsKey<i64>, by: i64) -> Result<i64, Error> {
        let name = key.name().to_owned();
        self.revise(key.name(), move |n: &mut i64| {
            *n = n.checked_add(by).ok_or_else(|| Error::overflow(&name))?;
            Ok(())
        })?;
        self.get::<i64>(key.name()).map(Option::unwrap_or_default)
    }

    /// Appends `item` to the list under `key`, which starts empty. Replayed like [`update`](Self::update).
    ///
    /// # Errors
    ///
    /// As [`update`](Self::update).
    pub fn push<T: Serialize>(&self, key: impl AsKey<Vec<T>>, item: &T) -> Result<(), Error> {
        let item = serde_json::value::to_raw_value(item)
            .map_err(|error| Error::write(key.name(), error))?;
        self.revise(key.name(), move |list: &mut Vec<Box<RawValue>>| {
            list.push(item.clone());
            Ok(())
        })
    }

    fn revise<T: Serialize + DeserializeOwned + Default>(
        &self,
        key: &str,
        change: impl Fn(&mut T) -> Result<(), Error> + Send + Sync + 'static,
    ) -> Result<(), Error> {
        let name: Arc<str> = key.into();
        let revise = {
            let name = name.clone();
            move |text: Option<&str>| {
                let mut value: T = read(&name, text)?.unwrap_or_default();
                change(&mut value)?;
                write(&name, &value)
            }
        };
        // Outside the lock, so that a closure may use the session; again, if another thread was first.
        loop {
            let before = {
                let state = self.0.lock();
                state.check_open()?;
                state.draft.value(&name).map(str::to_owned)
            };
            let value = revise(before.as_deref())?;
            let mut state = self.0.lock();
            state.check_open()?;
            if state.draft.value(&name) == before.as_deref() {
                state.draft.set(&name, value);
                state.log.push(Change::Update(name, Box::new(revise)));
                return Ok(());
            }
        }
    }

    /// Returns the value under `key` and removes it: for what may be used once. Of two requests that pull the same
    /// value one is saved; the other fails at its end with [`ErrorKind::Conflict`](crate::ErrorKind::Conflict).
    ///
    /// # Errors
    ///
    /// As [`get`](Self::get), and then the value stays.
    pub fn pull<T: DeserializeOwned>(&self, key: impl AsKey<T>) -> Result<Option<T>, Error> {
        let name = key.name();
        let mut state = self.0.lock();
        let Some(text) = state.draft.value(name).map(Arc::from) else { return Ok(None) };
        let value = read(name, Some(&text))?;
        state.change(Change::Pull(name.into(), text))?;
        Ok(value)
    }

    /// Tells whether there is a value under `key`, of any type.
    #[must_use]
    pub fn contains(&self, key: impl KeyName) -> bool {
        self.0.lock().draft.value(key.name()).is_some()
    }

    /// Removes the value under `key`, if any.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Closed`](crate::ErrorKind::Closed) once the response has gone.
    pub fn remove(&self, key: impl KeyName) -> Result<(), Error> {
        self.0.lock().change(Change::Remove(key.name().into()))
    }

    /// Removes all values. The session itself goes on, with its id; see [`destroy`](Self::destroy) to end it.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Closed`](crate::ErrorKind::Closed) once the response has gone.
    pub fn clear(&self) -> Result<(), Error> {
        self.0.lock().change(Change::Clear)
    }

    /// Returns all keys, sorted.
    #[must_use]
    pub fn keys(&self) -> Vec<String> {
        self.0.lock().draft.data().into_iter().map(|(key, _)| key.to_string()).collect()
    }

    /// Returns all values, without flash.
    #[must_use]
    pub fn all(&self) -> serde_json::Map<String, serde_json::Value> {
        let state = self.0.lock();
        let data = state.draft.data().into_iter();
        data.filter_map(|(key, text)| Some((key.to_string(), serde_json::from_str(text).ok()?)))
            .collect()
    }

    /// Tells whether there are no values; flash does not count.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.lock().draft.data().is_empty()
    }
}
