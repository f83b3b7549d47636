//! A record as text: a line of JSON about the session, then its payload.
//!
//! ```json
//! {"id":"0198…","version":3,"user":"7","created":1780000000000,"active":1780000000000,"expires":1780007200000}
//! {"format":1,"data":{"n":1}}
//! ```

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use crate::{Id, Payload, Record, Timestamp, UserId, Version};

#[derive(Serialize, Deserialize)]
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
    let head: Head<'_> = serde_json::from_str(head).ok()?;
    let record = Record {
        id: head.id.parse::<Id>().ok()?,
        version: Version::new(head.version),
        user: head.user.map(|user| UserId::new(&*user)).transpose().ok()?,
        created_at: head.created,
        active_at: head.active,
        expires_at: head.expires,
        payload: Payload::from_text(payload),
    };
    Some(Envelope { record, until: head.until })
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
        for (user, until) in [(record.user.clone(), None), (None, Some(record.expires_at))] {
            let record = Record { user, ..record.clone() };
            let text = write(&record, until);
            assert_eq!(read(&text), Some(Envelope { record, until }));
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
