//! The fields of a struct as JSON texts: read by serde from the session's values, and written to compare.

use std::any::type_name;
use std::collections::BTreeMap;
use std::fmt;

use serde::de::value::BorrowedStrDeserializer;
use serde::de::{DeserializeOwned, DeserializeSeed, Deserializer, MapAccess, Visitor};
use serde::{Serialize, forward_to_deserialize_any};
use serde_json::value::RawValue;

use super::Edit;
use crate::Error;

/// Values to set and keys to remove.
pub(crate) type Edits = Vec<Edit>;

/// Reads a struct of `data`, which is sorted by key.
pub(crate) fn read<T: DeserializeOwned>(data: &[(&str, &str)]) -> Result<T, Error> {
    let mut current = None;
    T::deserialize(Values { data, current: &mut current }).map_err(|error| match current {
        Some(key) => Error::read(key, &error),
        None => Error::schema(type_name::<T>(), &error),
    })
}

/// A struct's fields, as they are written.
pub(crate) struct Written(BTreeMap<String, Box<RawValue>>);

impl Written {
    pub(crate) fn of<T: Serialize>(value: &T) -> Result<Self, Error> {
        let name = type_name::<T>();
        let text = serde_json::to_string(value).map_err(|error| Error::write(name, error))?;
        if !text.starts_with('{') {
            return Err(Error::no_schema(name));
        }
        serde_json::from_str(&text).map(Self).map_err(|error| Error::write(name, error))
    }

    /// Returns what has changed since `before`.
    pub(crate) fn since(&self, before: &Self) -> Edits {
        let changed = self.0.iter().filter(|(key, value)| {
            before.0.get(*key).is_none_or(|before| before.get() != value.get())
        });
        let set = changed.map(|(key, value)| (key.as_str().into(), Some(value.get().into())));
        let gone = before.0.keys().filter(|key| !self.0.contains_key(*key));
        set.chain(gone.map(|key| (key.as_str().into(), None))).collect()
    }
}

impl fmt::Debug for Written {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

/// The session's values, as the one map or struct that serde may read.
struct Values<'de, 'a> {
    data: &'a [(&'de str, &'de str)],
    /// The key whose value is being read, for the message of an error.
    current: &'a mut Option<&'de str>,
}

impl<'de> Deserializer<'de> for Values<'de, '_> {
    type Error = serde_json::Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Self::Error> {
        visitor.visit_map(Entries { rest: self.data.iter(), value: "", current: self.current })
    }

    /// Shows only what the struct knows, so that others may share the session, whatever it says of unknown fields.
    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Self::Error> {
        let known: Vec<_> =
            self.data.iter().filter(|(key, _)| fields.contains(key)).copied().collect();
        visitor.visit_map(Entries { rest: known.iter(), value: "", current: self.current })
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Self::Error> {
        visitor.visit_newtype_struct(self)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit
        unit_struct seq tuple tuple_struct map enum identifier ignored_any
    }
}

struct Entries<'de, 'a> {
    rest: std::slice::Iter<'a, (&'de str, &'de str)>,
    value: &'de str,
    current: &'a mut Option<&'de str>,
}

impl<'de> MapAccess<'de> for Entries<'de, '_> {
    type Error = serde_json::Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, Self::Error> {
        let Some(&(key, value)) = self.rest.next() else { return Ok(None) };
        self.value = value;
        // An error in the value names its key.
        *self.current = Some(key);
        seed.deserialize(BorrowedStrDeserializer::new(key)).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(
        &mut self,
        seed: V,
    ) -> Result<V::Value, Self::Error> {
        let mut json = serde_json::Deserializer::from_str(self.value);
        let value = seed.deserialize(&mut json)?;
        json.end()?;
        *self.current = None;
        Ok(value)
    }
}
