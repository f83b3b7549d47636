//! A session's content as JSON text, and an index into it, so that a value is parsed only when it is asked for.
//!
//! ```json
//! {"format":1,"data":{"cart":[],"n":1},"flash":{"success":"Saved"},"renewed":1780000000000}
//! ```
//!
//! The text is read by `serde_json` and written here, because the index needs the place of every value. Clones
//! share text and index: a record that a memory store hands out twice is read once.

pub(crate) mod scan;

use std::collections::BTreeMap;
use std::fmt;
use std::ops::Range;
use std::sync::{Arc, LazyLock, OnceLock};
use std::time::Duration;

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use crate::sign_in::SignedIn;
use crate::{Id, Lifetime, Timestamp};

/// The newest format that this version writes and reads.
const FORMAT: u32 = 1;

/// Bytes by which a text may grow before it is copied to another place.
pub(crate) const SPARE: usize = 64;

/// The content of a [`Record`](crate::Record): JSON text that a person can read with the database's own tools, and
/// that a store keeps as it is.
///
/// ```
/// use cloakroom_core::Payload;
///
/// let payload = Payload::from_text(r#"{"format":1,"data":{"n":1}}"#);
/// assert_eq!(payload.as_str(), r#"{"format":1,"data":{"n":1}}"#);
/// ```
#[derive(Clone)]
pub struct Payload(Arc<Text>);

struct Text {
    text: String,
    index: OnceLock<Result<Index, Unreadable>>,
}

/// Where the values stand in the text, sorted by key.
type Places = Vec<(Arc<str>, Range<usize>)>;

#[derive(Debug, Default)]
struct Index {
    data: Places,
    flash: Places,
    extras: Extras,
}

/// What a payload holds beside the application's values.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Extras {
    pub(crate) lifetime: Lifetime,
    pub(crate) renewed: Option<Timestamp>,
    /// Which id the session had before its last periodic renewal.
    pub(crate) renewed_from: Option<Id>,
    pub(crate) signed_in: Option<Arc<SignedIn>>,
    pub(crate) moved: Option<Moved>,
}

/// What renewal leaves under the old id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Moved {
    pub(crate) to: Id,
    /// Until when requests with the old token still find the session. After that only `destroy` follows.
    pub(crate) until: Timestamp,
}

/// Why a payload cannot be read. Quotes nothing of it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Unreadable {
    #[error("its payload has format {0}, and this version of cloakroom reads up to {FORMAT}")]
    Newer(u32),
    #[error("its payload is not the JSON that cloakroom writes ({0:?} error at column {1})")]
    NotOurs(serde_json::error::Category, usize),
}

/// Values by key, as JSON texts.
pub(crate) type Values = BTreeMap<Arc<str>, Arc<str>>;

impl Payload {
    /// Takes a text as a store kept it. Nothing is checked until the engine reads it.
    pub fn from_text(text: impl Into<Box<str>>) -> Self {
        let text = text.into().into_string();
        Self(Arc::new(Text { text, index: OnceLock::new() }))
    }

    /// Makes the payload of a record whose stored text is no text at all. The engine reports it as corrupt, with its
    /// id, and other records of the same trip are not affected.
    #[must_use]
    pub fn unreadable() -> Self {
        Self::from_text("")
    }

    /// Returns the text, for a store to keep.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0.text
    }

    /// Returns the payload of a record that only points to where its session has moved.
    pub(crate) fn moved(moved: Moved) -> Self {
        let extras = Extras { moved: Some(moved), ..Extras::default() };
        Self::write(std::iter::empty(), std::iter::empty(), extras)
    }

    /// Writes values (which are JSON texts, sorted by key) and extras down.
    pub(crate) fn write<'a>(
        data: impl Iterator<Item = (&'a Arc<str>, &'a str)>,
        flash: impl Iterator<Item = (&'a Arc<str>, &'a str)>,
        extras: Extras,
    ) -> Self {
        Self::write_into(String::with_capacity(256), data, flash, extras)
    }

    /// Like [`write`](Self::write), into a text that is long enough.
    pub(crate) fn write_into<'a>(
        text: String,
        data: impl Iterator<Item = (&'a Arc<str>, &'a str)>,
        flash: impl Iterator<Item = (&'a Arc<str>, &'a str)>,
        extras: Extras,
    ) -> Self {
        let mut writer = Writer(text);
        writer.0.push_str("{\"format\":1");
        let data = writer.section("data", data);
        let flash = writer.section("flash", flash);
        writer.extras(&extras);
        writer.0.push('}');
        let mut text = writer.0;
        // A few bytes too many are kept: to give them back is to allocate once more.
        text.shrink_to(text.len() + 2 * SPARE);
        let index = OnceLock::from(Ok(Index { data, flash, extras }));
        Self(Arc::new(Text { text, index }))
    }

    fn index(&self) -> Result<&Index, Unreadable> {
        let text = &self.0.text;
        let read = || Index::scan(text).map_or_else(|| Index::read(text), Ok);
        self.0.index.get_or_init(read).as_ref().map_err(Clone::clone)
    }

    pub(crate) fn check(&self) -> Result<(), Unreadable> {
        self.index().map(|_| ())
    }

    pub(crate) fn extras(&self) -> &Extras {
        static NONE: LazyLock<Extras> = LazyLock::new(Extras::default);
        self.index().map_or(&NONE, |index| &index.extras)
    }

    /// Returns the JSON text under `key`.
    pub(crate) fn value(&self, key: &str) -> Option<&str> {
        let data = &self.index().ok()?.data;
        let place = data.binary_search_by(|(name, _)| (**name).cmp(key)).ok()?;
        Some(&self.0.text[data[place].1.clone()])
    }

    pub(crate) fn data(&self) -> impl Iterator<Item = (&Arc<str>, &str)> {
        self.entries(|index| &index.data)
    }

    pub(crate) fn flash(&self) -> impl Iterator<Item = (&Arc<str>, &str)> {
        self.entries(|index| &index.flash)
    }

    fn entries(&self, section: fn(&Index) -> &Places) -> impl Iterator<Item = (&Arc<str>, &str)> {
        let places = self.index().map_or(&[][..], |index| section(index));
        places.iter().map(|(key, place)| (key, &self.0.text[place.clone()]))
    }
}

impl Default for Payload {
    /// The payload of a session that holds nothing.
    fn default() -> Self {
        static EMPTY: LazyLock<Payload> = LazyLock::new(|| {
            Payload::write(std::iter::empty(), std::iter::empty(), Extras::default())
        });
        EMPTY.clone()
    }
}

impl PartialEq for Payload {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0) || self.as_str() == other.as_str()
    }
}

impl Eq for Payload {}

impl fmt::Debug for Payload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Payload({} bytes)", self.0.text.len())
    }
}

struct Writer(String);

impl Writer {
    fn section<'a>(
        &mut self,
        name: &str,
        values: impl Iterator<Item = (&'a Arc<str>, &'a str)>,
    ) -> Places {
        let mut places = Places::with_capacity(values.size_hint().0);
        for (key, value) in values {
            if places.is_empty() {
                self.0.push_str(",\"");
                self.0.push_str(name);
                self.0.push_str("\":{");
            } else {
                self.0.push(',');
            }
            self.key(key);
            self.0.push(':');
            let start = self.0.len();
            self.0.push_str(value);
            places.push((key.clone(), start..self.0.len()));
        }
        if !places.is_empty() {
            self.0.push('}');
        }
        places
    }

    fn key(&mut self, key: &str) {
        // `fold`, not `all`: a loop without an exit is checked many bytes at a time.
        let is_plain = |byte| byte >= b' ' && byte != b'"' && byte != b'\\';
        if key.bytes().fold(true, |plain, byte| plain & is_plain(byte)) {
            self.0.push('"');
            self.0.push_str(key);
            self.0.push('"');
        } else {
            let quoted = serde_json::to_string(key).expect("a string can be written as JSON");
            self.0.push_str(&quoted);
        }
    }

    fn extras(&mut self, extras: &Extras) {
        let Extras { lifetime, renewed, renewed_from, signed_in, moved } = extras;
        let mut number = |name: &str, value: Option<i128>| {
            if let Some(value) = value {
                self.0.push_str(&format!(",\"{name}\":{value}"));
            }
        };
        let millis =
            |time: Duration| i128::from(i64::try_from(time.as_millis()).unwrap_or(i64::MAX));
        number("idle", lifetime.idle.map(millis));
        number("absolute", lifetime.absolute.map(millis));
        number("renewed", renewed.map(|at| at.as_millis().into()));
        number("moved_until", moved.map(|moved| moved.until.as_millis().into()));
        if let Some(id) = renewed_from {
            self.0.push_str(&format!(",\"renewed_from\":\"{id}\""));
        }
        if let Some(signed_in) = signed_in {
            let text = serde_json::to_string(&**signed_in).expect("plain texts can be written");
            self.0.push_str(",\"signed_in\":");
            self.0.push_str(&text);
        }
        if let Some(moved) = moved {
            self.0.push_str(&format!(",\"moved_to\":\"{}\"", moved.to));
        }
    }
}

/// The text as serde sees it.
#[derive(Deserialize)]
struct Shape<'a> {
    format: u32,
    #[serde(borrow, default)]
    data: Section<'a>,
    #[serde(borrow, default)]
    flash: Section<'a>,
    idle: Option<u64>,
    absolute: Option<u64>,
    renewed: Option<Timestamp>,
    renewed_from: Option<String>,
    signed_in: Option<SignedIn>,
    moved_to: Option<String>,
    moved_until: Option<Timestamp>,
}

#[derive(Default)]
struct Section<'a>(Vec<(Arc<str>, &'a str)>);

impl Index {
    fn read(text: &str) -> Result<Self, Unreadable> {
        #[derive(Deserialize)]
        struct Format {
            format: u32,
        }
        let shape: Shape<'_> = serde_json::from_str(text).map_err(|error| {
            match serde_json::from_str::<Format>(text) {
                Ok(Format { format }) if format > FORMAT => Unreadable::Newer(format),
                _ => Unreadable::not_ours(&error),
            }
        })?;
        if shape.format > FORMAT {
            return Err(Unreadable::Newer(shape.format));
        }
        let id = |text: Option<String>| {
            let id = text.map(|text| text.parse()).transpose();
            id.map_err(|_| Unreadable::NotOurs(serde_json::error::Category::Data, 0))
        };
        let (moved_to, renewed_from) = (id(shape.moved_to)?, id(shape.renewed_from)?);
        let moved = moved_to.map(|to| Moved { to, until: shape.moved_until.unwrap_or_default() });
        // As much as is written.
        let limit = |millis: u64| Duration::from_millis(millis.min(i64::MAX.unsigned_abs()));
        let extras = Extras {
            lifetime: Lifetime { idle: shape.idle.map(limit), absolute: shape.absolute.map(limit) },
            renewed: shape.renewed,
            renewed_from,
            signed_in: shape.signed_in.map(Arc::new),
            moved,
        };
        Ok(Self { data: shape.data.places(text), flash: shape.flash.places(text), extras })
    }
}

impl Unreadable {
    fn not_ours(error: &serde_json::Error) -> Self {
        Self::NotOurs(error.classify(), error.column())
    }
}

impl<'a> Section<'a> {
    /// Turns borrowed pieces of `text` into places in it. Of a key that stands there twice the last one counts.
    fn places(self, text: &'a str) -> Places {
        let place = |value: &'a str| {
            let start = value.as_ptr() as usize - text.as_ptr() as usize;
            start..start + value.len()
        };
        let mut places: Places =
            self.0.into_iter().rev().map(|(key, value)| (key, place(value))).collect();
        places.sort_by(|a, b| a.0.cmp(&b.0));
        places.dedup_by(|later, earlier| later.0 == earlier.0);
        places
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Section<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Entries;
        impl<'de> Visitor<'de> for Entries {
            type Value = Section<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut entries = Vec::with_capacity(8);
                while let Some((key, value)) = map.next_entry::<String, &'de RawValue>()? {
                    entries.push((Arc::from(key), value.get()));
                }
                Ok(Section(entries))
            }
        }
        deserializer.deserialize_map(Entries)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Vec<(String, String)>, Unreadable> {
        let payload = Payload::from_text(text);
        payload.check()?;
        Ok(payload.data().map(|(k, v)| (k.to_string(), v.to_owned())).collect())
    }

    #[test]
    fn what_is_written_is_read_again() {
        let values: Values = [("a\"\\\n", "[1, 2]"), ("n", "1"), ("é", "\"x\"")]
            .map(|(k, v)| (k.into(), v.into()))
            .into();
        let extras = Extras {
            lifetime: Lifetime { idle: Some(Duration::from_secs(1)), absolute: None },
            renewed: Some(Timestamp::from_millis(5)),
            renewed_from: Some(Id::from_bytes([9; 16])),
            signed_in: Some(Arc::new(SignedIn {
                at: Timestamp::from_millis(4),
                address: "2001:db8::1".parse().ok(),
                agent: Some("\"Netscape\" 4\u{7}".to_owned()),
                auth: None,
            })),
            moved: Some(Moved { to: Id::from_bytes([7; 16]), until: Timestamp::from_millis(9) }),
        };
        let entries = || values.iter().map(|(k, v)| (k, &**v));
        let written = Payload::write(entries(), entries().take(1), extras.clone());
        let read = Payload::from_text(written.as_str());
        assert!(read.data().eq(entries()) && written.data().eq(entries()));
        assert!(read.flash().eq(entries().take(1)));
        assert_eq!(read.extras(), &extras);
        assert_eq!(read.value("n"), Some("1"));
    }

    #[test]
    fn unreadable_payloads_say_why_and_quote_nothing() {
        assert_eq!(read(r#"{"format":2,"data":[]}"#), Err(Unreadable::Newer(2)));
        for text in ["", "{", "null", "[1]", r#"{"data":{}}"#, r#"{"format":1,"data":3}"#] {
            assert!(matches!(read(text), Err(Unreadable::NotOurs(..))), "{text}");
        }
        let error = read(r#"{"format":1,"data":"hunter2"}"#).unwrap_err();
        assert!(!error.to_string().contains("hunter2"));
    }

    #[test]
    fn keys_may_stand_in_any_order_and_the_last_of_a_double_one_counts() {
        let data = read(r#"{"format":1,"data":{"b":1,"a":2,"b":3}}"#).unwrap();
        assert_eq!(data, [("a".into(), "2".into()), ("b".into(), "3".into())]);
    }

    #[test]
    fn deeply_nested_values_do_not_exhaust_the_stack() {
        let deep = format!(r#"{{"format":1,"data":{{"k":{}}}}}"#, "[".repeat(100_000));
        assert!(read(&deep).is_err());
    }
}
