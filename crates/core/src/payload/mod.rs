//! A session's content as JSON text, and an index into it, so that a value is parsed only when it is asked for.
//!
//! ```json
//! {"format":1,"data":{"cart":[],"n":1},"flash":{"success":"Saved"},"renewed":1780000000000}
//! ```
//!
//! The text is read by `serde_json` and written here, because the index needs the place of every value. Clones
//! share text and index: a record that a memory store hands out twice is read once.

mod index;
mod reader;
pub(crate) mod scan;
mod writer;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, LazyLock, OnceLock};

use self::index::{Index, Places};
pub(crate) use self::reader::Unreadable;
use self::writer::Writer;
use crate::sign_in::SignedIn;
use crate::{Id, Lifetime, Timestamp};

/// The newest format that this version writes and reads.
const FORMAT: u32 = 1;

/// The format of what is on its way to another store; see [`Moving`](crate::Moving).
pub(crate) const IN_TRANSIT: u32 = u32::MAX;

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

/// Values by key, as JSON texts.
pub(crate) type Values = BTreeMap<Arc<str>, Arc<str>>;

impl Payload {
    /// Takes a text as a store kept it. Nothing is checked until the engine reads it.
    pub fn from_text(text: impl Into<String>) -> Self {
        Self(Arc::new(Text { text: text.into(), index: OnceLock::new() }))
    }

    /// Takes a text as [`from_text`](Self::from_text) does, with the [`note`](Self::note) that the store kept of it: then
    /// values that nobody asks for are not looked at. A note that does not fit the text is ignored. Where one fits, a value that
    /// is no JSON shows only when it is asked for, as an error of [`ErrorKind::Value`](crate::ErrorKind::Value).
    ///
    /// ```
    /// use cloakroom_core::Payload;
    ///
    /// let payload = Payload::from_noted(r#"{"format":1,"data":{"cart":[3,4],"n":1}}"#, "5,1");
    /// assert_eq!(payload.note().as_deref(), Some("5,1"));
    /// ```
    pub fn from_noted(text: impl Into<String>, note: &str) -> Self {
        let text = text.into();
        // What is no number fits no text.
        let lengths = note.split(',').map(|length| length.parse().unwrap_or(usize::MAX));
        let index = Index::jump(&text, lengths).map(Ok);
        Self(Arc::new(Text { text, index: index.map_or_else(OnceLock::new, OnceLock::from) }))
    }

    /// Returns how many bytes the JSON text of each of the application's values has, separated by commas; `None` if there
    /// are no values, or if the text cannot be read. A store may keep it beside the text, as safe from strangers as that.
    ///
    /// ```
    /// use cloakroom_core::Payload;
    ///
    /// let payload = Payload::from_text(r#"{"format":1,"data":{"cart":[3,4],"n":1}}"#);
    /// assert_eq!(payload.note().as_deref(), Some("5,1"));
    /// assert_eq!(Payload::from_text(r#"{"format":1}"#).note(), None);
    /// ```
    #[must_use]
    pub fn note(&self) -> Option<String> {
        let mut lengths = self.data().map(|(_, value)| value.len());
        let mut note = lengths.next()?.to_string();
        for length in lengths {
            note.push(',');
            note.push_str(&length.to_string());
        }
        Some(note)
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
        data: impl Iterator<Item = (&'a str, &'a str)>,
        flash: impl Iterator<Item = (&'a str, &'a str)>,
        extras: Extras,
    ) -> Self {
        Self::write_into(String::with_capacity(256), data, flash, extras)
    }

    /// Like [`write`](Self::write), into a text that is long enough.
    pub(crate) fn write_into<'a>(
        text: String,
        data: impl Iterator<Item = (&'a str, &'a str)>,
        flash: impl Iterator<Item = (&'a str, &'a str)>,
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

    /// Tells whether this is what cloakroom writes, if maybe a newer one than this.
    pub(crate) fn is_of_any_version(&self) -> bool {
        matches!(self.check(), Ok(()) | Err(Unreadable::Newer(_)))
    }

    pub(crate) fn extras(&self) -> &Extras {
        static NONE: LazyLock<Extras> = LazyLock::new(Extras::default);
        self.index().map_or(&NONE, |index| &index.extras)
    }

    /// Returns the JSON text under `key`.
    pub(crate) fn value(&self, key: &str) -> Option<&str> {
        let (text, data) = (&self.0.text, &self.index().ok()?.data);
        let place = data.binary_search_by(|place| place.key(text).cmp(key)).ok()?;
        Some(data[place].entry(text).1)
    }

    pub(crate) fn data(&self) -> impl Iterator<Item = (&str, &str)> {
        self.entries(|index| &index.data)
    }

    pub(crate) fn flash(&self) -> impl Iterator<Item = (&str, &str)> {
        self.entries(|index| &index.flash)
    }

    fn entries(&self, section: fn(&Index) -> &Places) -> impl Iterator<Item = (&str, &str)> {
        let places = self.index().map_or(&[][..], |index| section(index));
        places.iter().map(|place| place.entry(&self.0.text))
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

#[cfg(test)]
mod tests {
    use std::time::Duration;

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
        let entries = || values.iter().map(|(k, v)| (&**k, &**v));
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
