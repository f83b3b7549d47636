//! A record on its way from the old store to the new one.

use std::str::FromStr as _;

use crate::payload::IN_TRANSIT;
use crate::{Id, Operation, Payload, Record, Timestamp, Version};

/// What stands in the old store while a record moves: all of it, closed to writes, and the name of its permit.
#[derive(Debug)]
pub(super) struct Frozen {
    /// As it was.
    pub(super) record: Record,
    /// Whoever uses up this record in the new store may put `record` there. That works once.
    pub(super) permit: Id,
}

/// Length of an id as text.
const ID: usize = 36;

impl Frozen {
    /// Reads a record of the old store; `None` if it stands there as it always did.
    pub(super) fn of(stored: &Record) -> Option<Self> {
        let rest = stored.payload.as_str().strip_prefix(&head())?;
        let permit = Id::from_str(rest.get(..ID)?).ok()?;
        let text = rest.get(ID..)?.strip_prefix(MIDDLE)?.strip_suffix('}')?;
        let record = Record {
            version: Version::new(stored.version.get().wrapping_sub(1)),
            payload: Payload::from_text(text),
            ..stored.clone()
        };
        Some(Self { record, permit })
    }

    /// Returns the write that freezes `record` in the old store, unless it has changed.
    pub(super) fn freeze(record: &Record, permit: Id) -> Operation {
        let text = format!("{}{permit}{MIDDLE}{}}}", head(), record.payload.as_str());
        let next = Record {
            version: record.version.next(),
            payload: Payload::from_text(text),
            ..record.clone()
        };
        Operation::Replace { version: record.version, next }
    }

    /// Returns the write that puts the record into the new store, if nobody has used the permit.
    pub(super) fn arrival(&self) -> Operation {
        let used = Record { version: Version::FIRST.next(), ..permit(self.permit, &self.record) };
        Operation::Renew { version: Version::FIRST, next: self.record.clone(), moved: used }
    }
}

/// Makes the permit `id` to move `record`. It belongs to nobody, and stays as long as the record may: also where that is
/// counted from the last activity.
pub(super) fn permit(id: Id, record: &Record) -> Record {
    Record {
        id,
        version: Version::FIRST,
        user: None,
        created_at: Timestamp::default(),
        active_at: record.active_at,
        expires_at: record.expires_at,
        payload: Payload::default(),
    }
}

const MIDDLE: &str = "\",\"record\":";

/// A format that nothing else reads: a process that knows the old store alone must not take it for a session.
fn head() -> String {
    format!("{{\"format\":{IN_TRANSIT},\"permit\":\"")
}

/// For the fuzzers: whatever a store holds is read without a panic, and what was frozen thaws as it was.
#[cfg(feature = "fuzzing")]
pub(crate) fn agree(text: &str) {
    let stored = Record { payload: Payload::from_text(text), ..blank() };
    let _whatever_it_is = Frozen::of(&stored);
    let Operation::Replace { next, .. } = Frozen::freeze(&stored, stored.id) else { return };
    assert_eq!(Frozen::of(&next).map(|frozen| frozen.record), Some(stored));
}

#[cfg(feature = "fuzzing")]
fn blank() -> Record {
    Record {
        id: Id::from_bytes([0; 16]),
        version: Version::FIRST,
        user: None,
        created_at: Timestamp::default(),
        active_at: Timestamp::default(),
        expires_at: Timestamp::default(),
        payload: Payload::default(),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::UserId;

    /// A store may keep a record for as long as there is from its last activity to its expiry.
    #[test]
    fn a_permit_that_nobody_uses_goes_with_the_record() {
        let record = Record {
            active_at: Timestamp::from_millis(1_780_000_000_000),
            expires_at: Timestamp::from_millis(1_780_000_060_000),
            ..what_stood_there("")
        };
        let permit = permit(Id::from_bytes([8; 16]), &record);
        assert_eq!(permit.expires_at.since(permit.active_at), Duration::from_secs(60));
        assert!(permit.user.is_none(), "no list of a user's sessions shows it");
    }

    fn what_stood_there(text: &str) -> Record {
        Record {
            id: Id::from_bytes([7; 16]),
            version: Version::new(9),
            user: Some(UserId::from(7)),
            created_at: Timestamp::from_millis(1),
            active_at: Timestamp::from_millis(2),
            expires_at: Timestamp::from_millis(3),
            payload: Payload::from_text(text),
        }
    }

    #[test]
    fn what_was_frozen_thaws_as_it_was() {
        for text in [r#"{"format":1,"data":{"k":"}\""}}"#, "", "}"] {
            let record = what_stood_there(text);
            let permit = Id::from_bytes([8; 16]);
            let Operation::Replace { next, .. } = Frozen::freeze(&record, permit) else {
                panic!("a freeze replaces");
            };
            let why = next.payload.check().unwrap_err().to_string();
            assert_eq!(why.contains("on its way"), record.payload.check().is_ok(), "{why}");
            assert_ne!(next.version, record.version);
            let frozen = Frozen::of(&next).unwrap();
            assert_eq!((&frozen.record, frozen.permit), (&record, permit));
            assert!(Frozen::of(&record).is_none());
        }
    }
}
