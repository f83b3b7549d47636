//! A record as text: a line of JSON about the session, then its payload.
//!
//! ```json
//! {"id":"0198…","version":3,"user":"7","created":1780000000000,"active":1780000000000,"expires":1780007200000,"lengths":"2,1"}
//! {"format":1,"data":{"cart":[],"n":1}}
//! ```
//!
//! The lengths are those of the application's values: whoever opens a cookie need not look at a large one for a small one
//! behind it. They can be relied on as the rest can, because all of it was sealed.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use crate::{Id, Payload, Record, Timestamp, UserId, Version};

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Head<'a> {
    #[serde(borrow)]
    id: Cow<'a, str>,
    version: u64,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    user: Option<Cow<'a, str>>,
    created: Timestamp,
    active: Timestamp,
    expires: Timestamp,
    /// Only in the copy of a session that is kept in a store.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    until: Option<Timestamp>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    lengths: Option<Cow<'a, str>>,
}

impl<'a> Head<'a> {
    /// Reads what [`write`] writes, which saves a tenth of opening a cookie; whatever else `serde_json` reads is left to
    /// that.
    fn scan(text: &'a str) -> Option<Self> {
        let (id, text) = text.strip_prefix("{\"id\":\"")?.split_at_checked(36)?;
        let (version, text) = number(text.strip_prefix("\",\"version\":")?)?;
        let (user, text) = match text.strip_prefix(",\"user\":\"") {
            Some(text) => {
                let end = text.bytes().position(|byte| matches!(byte, b'"' | b'\\' | ..b' '))?;
                (Some(&text[..end]), text[end..].strip_prefix('"')?)
            }
            None => (None, text),
        };
        let (created, text) = number(text.strip_prefix(",\"created\":")?)?;
        let (active, text) = number(text.strip_prefix(",\"active\":")?)?;
        let (expires, text) = number(text.strip_prefix(",\"expires\":")?)?;
        let (until, text) = match text.strip_prefix(",\"until\":").map(number) {
            Some(until) => until.map(|(until, text)| (Some(until), text))?,
            None => (None, text),
        };
        let (lengths, text) = match text.strip_prefix(",\"lengths\":\"") {
            Some(text) => {
                let end = text.bytes().position(|byte| !matches!(byte, b'0'..=b'9' | b','))?;
                (Some(&text[..end]), text[end..].strip_prefix('"')?)
            }
            None => (None, text),
        };
        let at = |millis: u64| i64::try_from(millis).ok().map(Timestamp::from_millis);
        let is_id = id.bytes().all(|byte| byte == b'-' || byte.is_ascii_hexdigit());
        (text == "}" && is_id).then_some(Head {
            id: id.into(),
            version,
            user: user.map(Cow::from),
            created: at(created)?,
            active: at(active)?,
            expires: at(expires)?,
            until: match until {
                Some(until) => Some(at(until)?),
                None => None,
            },
            lengths: lengths.map(Cow::from),
        })
    }
}

/// A number as we write it, and what follows.
fn number(text: &str) -> Option<(u64, &str)> {
    let end = text.bytes().position(|byte| !byte.is_ascii_digit())?;
    let (digits, rest) = text.split_at(end);
    let is_ours = digits == "0" || !digits.starts_with('0');
    Some((digits.parse().ok().filter(|_| is_ours)?, rest))
}

/// What an envelope holds.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Envelope {
    pub(crate) record: Record,
    /// Until when a copy is worth anything.
    pub(crate) until: Option<Timestamp>,
}

pub(crate) fn write(record: &Record, until: Option<Timestamp>) -> Vec<u8> {
    let head = Head {
        id: record.id.to_string().into(),
        version: record.version.get(),
        user: record.user.as_ref().map(|user| user.as_str().into()),
        created: record.created_at,
        active: record.active_at,
        expires: record.expires_at,
        until,
        lengths: record.payload.note().map(Cow::from),
    };
    let mut text = Vec::with_capacity(192 + record.payload.as_str().len());
    serde_json::to_writer(&mut text, &head).expect("numbers and texts can be written as JSON");
    text.push(b'\n');
    text.extend_from_slice(record.payload.as_str().as_bytes());
    text
}

/// Reads what [`write`] wrote. It was sealed, so anything else was written by another version of ours.
pub(crate) fn read(text: &[u8]) -> Option<Envelope> {
    let text = std::str::from_utf8(text).ok()?;
    let (head, payload) = text.split_once('\n')?;
    let head = Head::scan(head).or_else(|| serde_json::from_str(head).ok())?;
    let payload = match &head.lengths {
        Some(lengths) => Payload::from_noted(payload, lengths),
        None => Payload::from_text(payload),
    };
    let record = Record {
        id: head.id.parse::<Id>().ok()?,
        version: Version::new(head.version),
        user: head.user.map(|user| UserId::new(&*user)).transpose().ok()?,
        created_at: head.created,
        active_at: head.active,
        expires_at: head.expires,
        payload,
    };
    Some(Envelope { record, until: head.until })
}

/// What is scanned, `serde_json` reads too, and sees the same.
#[cfg(any(test, feature = "fuzzing"))]
pub(crate) fn agree(text: &[u8]) {
    let head = std::str::from_utf8(text).ok().and_then(|text| Some(text.split_once('\n')?.0));
    if let Some((head, scanned)) = head.and_then(|head| Some((head, Head::scan(head)?))) {
        assert_eq!(serde_json::from_str(head).ok(), Some(scanned), "{head}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_comes_back_as_it_was_written() {
        let record = Record {
            id: Id::from_bytes([7; 16]),
            version: Version::new(u64::MAX),
            user: Some(UserId::new("ann \"é\"").unwrap()),
            created_at: Timestamp::from_millis(1),
            active_at: Timestamp::from_millis(2),
            expires_at: Timestamp::from_millis(3),
            payload: Payload::from_text("{\"format\":1,\"data\":{\"k\":\"a\\nb\"}}"),
        };
        let ann = Some(UserId::new("ann é").unwrap());
        for (user, until, user_is_plain) in [
            (record.user.clone(), None, false),
            (None, Some(record.expires_at), true),
            (ann, None, true),
        ] {
            let record = Record { user, ..record.clone() };
            let text = write(&record, until);
            let head = std::str::from_utf8(&text).unwrap().split_once('\n').unwrap().0;
            let scanned = Head::scan(head);
            assert_eq!(scanned.is_some(), user_is_plain);
            assert_eq!(read(&text), Some(Envelope { record, until }));
        }
    }

    #[test]
    fn no_damage_is_scanned_that_serde_would_refuse() {
        let head = r#"{"id":"07070707-0707-0707-0707-070707070707","version":3,"user":"a7","created":10,"active":2,"expires":3,"until":40,"lengths":"2,1"}"#;
        assert!(Head::scan(head).is_some());
        for place in 0..head.len() {
            let (before, after) = head.split_at(place);
            agree(format!("{before}{}\n", &after[1..]).as_bytes());
            for other in ["\"", "\\", "0", "-", ".", "e", ",", "}", "{", " ", "\u{1}", "é"] {
                agree(format!("{before}{other}{}\n", &after[1..]).as_bytes());
                agree(format!("{before}{other}{after}\n").as_bytes());
            }
        }
    }

    #[test]
    fn what_is_no_envelope_is_none() {
        for text in ["", "\n", "{}", "{}\n{}", "{\"id\":3}\n{}", "\u{0}"] {
            assert_eq!(read(text.as_bytes()), None, "{text:?}");
        }
        assert_eq!(read(b"\xff\n{}"), None);
    }
}
