//! The value under a session's key: one line that scripts and people can read, then the payload as it is, then a line that
//! notes how long its values are.

use cloakroom_core::{Id, Payload, Record, Timestamp, UserId, Version};

/// The longest life that is given to a key: 1,000 years.
const LONGEST_LIFE: i64 = 31_556_952_000_000;

/// A record, and what its value says of it beside.
#[derive(Clone, Debug)]
pub(crate) struct Stored {
    pub(crate) record: Record,
    pub(crate) link: Link,
}

/// How a record is tied to another one by a renewal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Link {
    None,
    /// The session has moved there.
    To(Id),
    /// The session will come from there: the record counts only if what is there points to it.
    From(Id),
}

impl Link {
    pub(crate) fn text(self) -> String {
        match self {
            Self::None => "-".to_owned(),
            Self::To(id) => format!(">{id}"),
            Self::From(id) => format!("<{id}"),
        }
    }

    fn parse(text: &str) -> Option<Self> {
        match text.split_at_checked(1)? {
            ("-", "") => Some(Self::None),
            (">", id) => id.parse().ok().map(Self::To),
            ("<", id) => id.parse().ok().map(Self::From),
            _ => None,
        }
    }
}

/// Returns how the value of a record with this version begins, if nothing ties it to another.
pub(crate) fn beginning(version: &str) -> String {
    format!("1 - {version} ")
}

/// Returns the value as far as the instant until which the user's index knows the record.
pub(crate) fn head(record: &Record, link: Link) -> String {
    format!(
        "1 {} {:x} {} {} {} ",
        link.text(),
        record.version.get(),
        record.created_at.as_millis(),
        record.active_at.as_millis(),
        record.expires_at.as_millis(),
    )
}

/// Returns the value after that instant.
pub(crate) fn tail(record: &Record) -> String {
    let (user, payload) = (user(record), record.payload.as_str());
    match record.payload.note() {
        Some(note) => [" ", user, "\n", payload, "\n", &note].concat(),
        None => [" ", user, "\n", payload].concat(),
    }
}

/// Returns the whole value.
pub(crate) fn whole(record: &Record, link: Link, indexed: Timestamp) -> String {
    format!("{}{}{}", head(record, link), indexed.as_millis(), tail(record))
}

/// Returns the user's id as it is written: nobody's is empty.
pub(crate) fn user(record: &Record) -> &str {
    record.user.as_ref().map_or("", UserId::as_str)
}

/// Returns for how long a key lives whose record was active just now, in milliseconds.
///
/// Not the instant itself: so nobody's clock but the application's matters, and keys never go too early.
pub(crate) fn life(active_at: Timestamp, expires_at: Timestamp) -> i64 {
    expires_at.as_millis().saturating_sub(active_at.as_millis()).clamp(1, LONGEST_LIFE)
}

/// Reads a value. One that this version never writes becomes a record that the engine reports as corrupt, so that the
/// others of the same trip are not affected.
pub(crate) fn read(id: Id, value: Vec<u8>) -> Stored {
    let value = String::from_utf8(value).ok();
    value.and_then(|value| parse(id, value)).unwrap_or_else(|| unreadable(id))
}

/// Makes the record of a key that holds nothing readable.
pub(crate) fn unreadable(id: Id) -> Stored {
    let record = Record {
        id,
        version: Version::default(),
        user: None,
        created_at: Timestamp::default(),
        active_at: Timestamp::default(),
        expires_at: Timestamp::MAX,
        payload: Payload::unreadable(),
    };
    Stored { record, link: Link::None }
}

fn parse(id: Id, mut value: String) -> Option<Stored> {
    let (line, _) = value.split_once('\n')?;
    let payload = line.len() + 1;
    let mut words = line.splitn(8, ' ');
    let mut word = || words.next();
    if word()? != "1" {
        return None;
    }
    let link = Link::parse(word()?)?;
    let version = Version::new(u64::from_str_radix(word()?, 16).ok()?);
    let mut instant = || word().and_then(instant);
    let (created_at, active_at, expires_at) = (instant()?, instant()?, instant()?);
    // Until when the index knows the record is for scripts.
    let (_, user) = (word()?, word()?);
    let user = if user.is_empty() { None } else { Some(UserId::new(user).ok()?) };
    value.drain(..payload);
    let payload = match note(&mut value) {
        Some(note) => Payload::from_noted(value, &note),
        None => Payload::from_text(value),
    };
    let record = Record { id, version, user, created_at, active_at, expires_at, payload };
    Some(Stored { record, link })
}

/// Takes the note from the end; there is none after a payload without values. No JSON ends like one.
fn note(value: &mut String) -> Option<String> {
    let end = value.rfind('\n')?;
    let is_note = |note: &str| note.bytes().all(|byte| byte == b',' || byte.is_ascii_digit());
    if !value[..end].ends_with('}') || !is_note(&value[end + 1..]) {
        return None;
    }
    let note = value.split_off(end + 1);
    value.truncate(end);
    Some(note)
}

fn instant(text: &str) -> Option<Timestamp> {
    text.parse().ok().map(Timestamp::from_millis)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record() -> Record {
        Record {
            id: Id::from_bytes([7; 16]),
            version: Version::new(u64::MAX),
            user: Some(UserId::new("ann of the é street").unwrap()),
            created_at: Timestamp::from_millis(-5),
            active_at: Timestamp::from_millis(1_780_000_000_000),
            expires_at: Timestamp::MAX,
            payload: Payload::from_text("{\"a\":\n 1}"),
        }
    }

    #[test]
    fn what_is_written_is_read_again() {
        let other = Id::from_bytes([9; 16]);
        for link in [Link::None, Link::To(other), Link::From(other)] {
            let noted = Payload::from_text(r#"{"format":1,"data":{"cart":[3,4],"n":1}}"#);
            let empty = Payload::from_text(r#"{"format":1}"#);
            for record in [
                record(),
                Record { user: None, ..record() },
                Record { payload: noted, ..record() },
                Record { payload: empty, ..record() },
            ] {
                let value = whole(&record, link, Timestamp::MAX);
                let stored = read(record.id, value.into_bytes());
                assert_eq!((&stored.record, stored.link), (&record, link));
            }
        }
    }

    #[test]
    fn a_note_spares_a_look_at_the_values() {
        let broken = "1 - 1 0 0 0 0 \n{\"format\":1,\"data\":{\"a\":[x]}}";
        let note = |value: &str| read(record().id, value.into()).record.payload.note();
        assert_eq!(note(&format!("{broken}\n3")).as_deref(), Some("3"));
        for unfit in ["", "\n", "\n2", "\n3,1", "\n3,", "\nx", "\n99999999999999999999"] {
            assert_eq!(note(&format!("{broken}{unfit}")), None, "{unfit}");
        }
    }

    #[test]
    fn a_person_can_read_it() {
        let ann = Record { version: Version::new(10), ..record() };
        assert_eq!(
            whole(&ann, Link::None, Timestamp::from_millis(6)),
            "1 - a -5 1780000000000 9223372036854775807 6 ann of the é street\n{\"a\":\n 1}"
        );
        let payload = Payload::from_text(r#"{"format":1,"data":{"cart":[3,4],"n":1}}"#);
        let value = whole(&Record { payload, ..ann }, Link::None, Timestamp::from_millis(6));
        assert!(value.ends_with("street\n{\"format\":1,\"data\":{\"cart\":[3,4],\"n\":1}}\n5,1"));
    }

    #[test]
    fn what_was_never_written_is_unreadable() {
        for value in ["", "1", "2 - 1 0 0 0 0 \n{}", "1 - x 0 0 0 0 \n{}", "1 - 1 0 0 0 \n{}", "{}"]
        {
            let stored = read(record().id, value.into());
            assert_eq!(stored.record.payload, Payload::unreadable(), "{value}");
        }
        let stored = read(record().id, b"1 \xff".into());
        assert_eq!(stored.record.payload, Payload::unreadable());
    }

    #[test]
    fn lives_are_bounded() {
        let at = Timestamp::from_millis;
        assert_eq!(life(at(5), at(25)), 20);
        assert_eq!(life(at(5), at(1)), 1);
        assert_eq!(life(at(i64::MIN), Timestamp::MAX), LONGEST_LIFE);
    }
}
