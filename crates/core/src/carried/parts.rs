//! One text in several cookies: `session`, `session.1`, `session.2`, …, each a line that browsers take.
//!
//! The first character of the text is how many parts it has, so that a part that was left over from a longer one is
//! not taken for its end. Parts of different texts that got mixed up do not open.

use std::borrow::Cow;

/// Longest `Set-Cookie` line, in bytes: what browsers are asked to take of a whole cookie, attributes included (RFC 6265,
/// section 6.1; RFC 6265bis counts only name and value, and allows as much).
pub(crate) const LONGEST_LINE: usize = 4096;

/// Most parts there can be.
pub(crate) const MOST_PARTS: u8 = 9;

/// Returns the name of the cookie that holds a part.
pub(crate) fn name(cookie: &str, part: u8) -> String {
    if part == 0 { cookie.to_owned() } else { format!("{cookie}.{part}") }
}

/// Puts `text` into as few parts as it takes, each with at most `room` characters; `None` if that are more than `most`.
pub(crate) fn split(text: &str, room: usize, most: u8) -> Option<Vec<String>> {
    let count = (text.len() + 1).div_ceil(room.max(1));
    let count = u8::try_from(count).ok().filter(|count| *count <= most.min(MOST_PARTS))?;
    let numbered = format!("{count}{text}");
    let parts = numbered.as_bytes().chunks(room.max(1));
    // The text is ASCII, or the caller could not write it into a cookie.
    Some(parts.map(|part| String::from_utf8_lossy(part).into_owned()).collect())
}

/// Puts the parts together again, given the first; `rest` returns what the request has under the number of another.
/// `None` if something is missing.
pub(crate) fn join<'a>(
    first: &'a [u8],
    rest: impl Fn(u8) -> Option<&'a [u8]>,
) -> Option<Cow<'a, [u8]>> {
    let (count, start) = first.split_first()?;
    let count = count.checked_sub(b'0').filter(|count| (1..=MOST_PARTS).contains(count))?;
    let mut text = Cow::Borrowed(start);
    for part in 1..count {
        text.to_mut().extend_from_slice(rest(part)?);
    }
    Some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn joined(parts: &[String]) -> Option<Cow<'_, [u8]>> {
        join(parts.first()?.as_bytes(), |part| parts.get(usize::from(part)).map(String::as_bytes))
    }

    #[test]
    fn what_is_split_is_joined_again() {
        for length in 0..60 {
            let text = "abcdefghij".repeat(6)[..length].to_owned();
            let parts = split(&text, 10, 9).unwrap();
            assert!(parts.iter().all(|part| part.len() <= 10));
            assert_eq!(parts.len(), (length + 1).div_ceil(10));
            assert_eq!(joined(&parts).unwrap(), text.as_bytes());
        }
    }

    #[test]
    fn more_than_may_be_is_refused() {
        assert!(split(&"x".repeat(29), 10, 3).is_some());
        assert!(split(&"x".repeat(30), 10, 3).is_none());
        assert!(split(&"x".repeat(500), 10, 99).is_none(), "one digit counts the parts");
    }

    #[test]
    fn a_part_that_is_left_over_does_not_count_and_one_that_is_missing_does() {
        let long = split(&"x".repeat(25), 10, 9).unwrap();
        let mut short = split("yy", 10, 9).unwrap();
        short.extend_from_slice(&long[1..]);
        assert_eq!(joined(&short).unwrap().as_ref(), b"yy");
        assert_eq!(joined(&long[..2]), None);
        assert_eq!(joined(&[]), None);
        for count in [&b"0xx"[..], b"", b"axx", b":xx", b"\xffx"] {
            assert_eq!(join(count, |_| None), None);
        }
    }
}
