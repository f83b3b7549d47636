//! Finds the values of a payload that was written here: several times as fast as any JSON reader, as it looks for
//! nothing else.
//!
//! Whatever it does not expect it leaves to `serde_json`, which then says what is wrong, or that nothing is. What it
//! takes, `serde_json` takes too, and sees the same; a test holds the two together.

use super::Extras;
use super::index::{Index, Name, Place, Places};
use crate::Timestamp;

impl Index {
    /// `None` if the text is anything but a payload as this version writes most of them.
    pub(super) fn scan(text: &str) -> Option<Self> {
        Self::find(text, value_until)
    }

    /// Does the same, told how long each value of the application's is: these are not looked at. `None` also if that does
    /// not fit the text.
    pub(super) fn jump(text: &str, mut lengths: impl Iterator<Item = usize>) -> Option<Self> {
        let index = Self::find(text, |_, at| at.checked_add(lengths.next()?))?;
        lengths.next().is_none().then_some(index)
    }

    fn find(
        text: &str,
        data_value_until: impl FnMut(&[u8], usize) -> Option<usize>,
    ) -> Option<Self> {
        let mut scanner = Scanner { text, at: 0 };
        let mut index = Self::default();
        scanner.expect("{\"format\":1")?;
        if scanner.skip(",\"data\":") {
            index.data = scanner.section(data_value_until)?;
        }
        if scanner.skip(",\"flash\":") {
            index.flash = scanner.section(value_until)?;
        }
        if scanner.skip(",\"renewed\":") {
            let start = scanner.at;
            scanner.at = some_digits_until(text.as_bytes(), start)?;
            if text.as_bytes()[start] == b'0' {
                return None;
            }
            let renewed = text[start..scanner.at].parse().ok()?;
            index.extras =
                Extras { renewed: Some(Timestamp::from_millis(renewed)), ..Extras::default() };
            if scanner.skip(",\"renewed_from\":\"") {
                let start = scanner.at;
                scanner.at = start.checked_add(ID_CHARS)?;
                index.extras.renewed_from = Some(text.get(start..scanner.at)?.parse().ok()?);
                scanner.expect("\"")?;
            }
        }
        scanner.expect("}")?;
        (scanner.at == text.len()).then_some(index)
    }
}

/// Length of an [`Id`](crate::Id) as text.
const ID_CHARS: usize = 36;

struct Scanner<'a> {
    text: &'a str,
    at: usize,
}

impl Scanner<'_> {
    /// Reads an object's keys and the places of its values. The keys must be plain, and in order.
    fn section(
        &mut self,
        mut value_until: impl FnMut(&[u8], usize) -> Option<usize>,
    ) -> Option<Places> {
        let (text, bytes) = (self.text, self.text.as_bytes());
        self.expect("{")?;
        let mut places = Places::with_capacity(4);
        loop {
            self.expect("\"")?;
            let key = Name::Plain(self.at..plain_until(bytes, self.at));
            self.at += key.text(text).len();
            self.expect("\":")?;
            if places.last().is_some_and(|last: &Place| last.key(text) >= key.text(text)) {
                return None;
            }
            let start = self.at;
            if is_space(*bytes.get(start)?) {
                return None;
            }
            self.at = value_until(bytes, start)?;
            places.push(Place { key, value: start..self.at });
            let after = *bytes.get(self.at)?;
            self.at += 1;
            match after {
                b',' => {}
                b'}' => return Some(places),
                _ => return None,
            }
        }
    }

    fn expect(&mut self, text: &str) -> Option<()> {
        self.skip(text).then_some(())
    }

    fn skip(&mut self, text: &str) -> bool {
        let is_next = self.text.as_bytes()[self.at..].starts_with(text.as_bytes());
        if is_next {
            self.at += text.len();
        }
        is_next
    }
}

// These take where something begins, and return where it ends.

/// One value, however deep up to some 60 levels.
fn value_until(bytes: &[u8], mut at: usize) -> Option<usize> {
    // A bit for each container that is open, the innermost lowest: 1 an object, 0 an array. The highest bit set is none.
    let mut open = 1_u64;
    loop {
        let first = next(bytes, &mut at)?;
        match first {
            b'"' => at = string_until(bytes, at)?,
            b'{' | b'[' => {
                // The brackets of a kind are two apart.
                let mut after = at;
                if next(bytes, &mut after)? == first + 2 {
                    at = after;
                } else if open.leading_zeros() == 0 {
                    return None;
                } else {
                    open = open << 1 | u64::from(first == b'{');
                    if first == b'{' {
                        at = key_until(bytes, at)?;
                    }
                    continue;
                }
            }
            b't' => at = word_until(bytes, at, b"rue")?,
            b'f' => at = word_until(bytes, at, b"alse")?,
            b'n' => at = word_until(bytes, at, b"ull")?,
            _ => at = number_until(bytes, at - 1)?,
        }
        loop {
            if open == 1 {
                return Some(at);
            }
            match (next(bytes, &mut at)?, open & 1) {
                (b',', 0) => break,
                (b',', _) => {
                    at = key_until(bytes, at)?;
                    break;
                }
                (b']', 0) | (b'}', 1) => open >>= 1,
                _ => return None,
            }
        }
    }
}

/// A key and its colon.
#[inline]
fn key_until(bytes: &[u8], mut at: usize) -> Option<usize> {
    if next(bytes, &mut at)? != b'"' {
        return None;
    }
    at = string_until(bytes, at)?;
    (next(bytes, &mut at)? == b':').then_some(at)
}

/// The rest of a string.
#[inline]
fn string_until(bytes: &[u8], at: usize) -> Option<usize> {
    let at = plain_until(bytes, at);
    if *bytes.get(at)? == b'"' { Some(at + 1) } else { escapes_until(bytes, at) }
}

/// The rest of a string from its first character that does not mean itself.
#[cold]
fn escapes_until(bytes: &[u8], mut at: usize) -> Option<usize> {
    loop {
        match (*bytes.get(at)?, bytes.get(at + 1)) {
            (b'"', _) => return Some(at + 1),
            (b'\\', Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't')) => at += 2,
            (b'\\', Some(b'u')) => {
                let digits = bytes.get(at + 2..at + 6)?;
                if !digits.iter().all(u8::is_ascii_hexdigit) {
                    return None;
                }
                at += 6;
            }
            _ => return None,
        }
        at = plain_until(bytes, at);
    }
}

/// Characters that mean themselves.
#[inline]
fn plain_until(bytes: &[u8], mut at: usize) -> usize {
    while let Some(eight) = bytes.get(at..).and_then(<[u8]>::first_chunk) {
        let special = special(u64::from_le_bytes(*eight));
        if special != 0 {
            return at + (special.trailing_zeros() / 8) as usize;
        }
        at += 8;
    }
    while bytes.get(at).is_some_and(|byte| is_plain(*byte)) {
        at += 1;
    }
    at
}

#[inline]
fn number_until(bytes: &[u8], mut at: usize) -> Option<usize> {
    at += usize::from(*bytes.get(at)? == b'-');
    at = match *bytes.get(at)? {
        b'0' => at + 1,
        b'1'..=b'9' => digits_until(bytes, at),
        _ => return None,
    };
    if bytes.get(at) == Some(&b'.') {
        at = some_digits_until(bytes, at + 1)?;
    }
    if let Some(b'e' | b'E') = bytes.get(at) {
        at += 1 + usize::from(matches!(bytes.get(at + 1), Some(b'+' | b'-')));
        at = some_digits_until(bytes, at)?;
    }
    Some(at)
}

fn some_digits_until(bytes: &[u8], at: usize) -> Option<usize> {
    bytes.get(at)?.is_ascii_digit().then(|| digits_until(bytes, at))
}

#[inline]
fn digits_until(bytes: &[u8], mut at: usize) -> usize {
    while bytes.get(at).is_some_and(u8::is_ascii_digit) {
        at += 1;
    }
    at
}

fn word_until(bytes: &[u8], at: usize, rest: &[u8]) -> Option<usize> {
    bytes.get(at..)?.starts_with(rest).then_some(at + rest.len())
}

/// Takes the next character that is no space.
#[inline]
fn next(bytes: &[u8], at: &mut usize) -> Option<u8> {
    loop {
        let byte = *bytes.get(*at)?;
        *at += 1;
        if !is_space(byte) {
            return Some(byte);
        }
    }
}

/// Looks at eight bytes at once. The lowest bit that is set is the highest one of the first that is not plain; above that,
/// nothing is certain. (See "Determine if a word has a byte less than n" in Anderson's Bit Twiddling Hacks.)
fn special(eight: u64) -> u64 {
    const EACH: u64 = u64::MAX / 255;
    let below = |bytes: u64, limit: u8| bytes.wrapping_sub(EACH * u64::from(limit)) & !bytes;
    let is = |byte: u8| below(eight ^ (EACH * u64::from(byte)), 1);
    (below(eight, b' ') | is(b'"') | is(b'\\')) & (EACH << 7)
}

fn is_plain(byte: u8) -> bool {
    byte >= b' ' && byte != b'"' && byte != b'\\'
}

#[inline]
fn is_space(byte: u8) -> bool {
    byte <= b' ' && matches!(byte, b' ' | b'\n' | b'\r' | b'\t')
}

/// What the scanner takes, `serde_json` takes, and sees the same.
#[cfg(any(test, feature = "fuzzing"))]
pub(crate) fn agree(text: &str) {
    if let Some(scanned) = Index::scan(text) {
        let read = Index::read(text).unwrap_or_else(|error| panic!("{text}: {error}"));
        assert!(
            scanned
                .data
                .iter()
                .map(|place| place.entry(text))
                .eq(read.data.iter().map(|place| place.entry(text))),
            "{text}"
        );
        assert!(
            scanned
                .flash
                .iter()
                .map(|place| place.entry(text))
                .eq(read.flash.iter().map(|place| place.entry(text))),
            "{text}"
        );
        assert_eq!(scanned.extras, read.extras, "{text}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAYLOADS: [&str; 7] = [
        r#"{"format":1}"#,
        r#"{"format":1,"data":{"n":1}}"#,
        r#"{"format":1,"data":{"a":[{"x":"\u00e9\\\n","y":[]},{}],"b":-0.5e+7,"c":null},"flash":{"ok":"x"}}"#,
        r#"{"format":1,"data":{"a":{"b":[true,false,{"c":[[1,2],"é😀"]}]}},"renewed":1780000000000}"#,
        r#"{"format":1,"flash":{"k":""},"renewed":5}"#,
        r#"{"format":1,"renewed":5,"renewed_from":"0f4c2f6e-7d3a-8b1c-9e2d-5a6b7c8d9e0f"}"#,
        r#"{"format":1,"data":{"a": 1 ,"b":[ 1 , { "k" : 2 } ]}}"#,
    ];

    #[test]
    fn what_is_written_here_is_scanned() {
        for payload in &PAYLOADS[..5] {
            assert!(Index::scan(payload).is_some(), "{payload}");
            agree(payload);
        }
        let deep =
            |n| format!(r#"{{"format":1,"data":{{"k":{}{}}}}}"#, "[".repeat(n), "]".repeat(n));
        assert!(Index::scan(&deep(60)).is_some() && Index::scan(&deep(70)).is_none());
    }

    #[test]
    fn who_is_told_the_lengths_finds_the_same() {
        for payload in &PAYLOADS[..6] {
            let scanned = Index::scan(payload).unwrap();
            let lengths = || scanned.data.iter().map(|place| place.value.len());
            let jumped = Index::jump(payload, lengths()).unwrap();
            assert_eq!(format!("{jumped:?}"), format!("{scanned:?}"), "{payload}");
            for (place, other) in
                (0..=lengths().count()).flat_map(|n| [(n, 0), (n, 2), (n, usize::MAX)])
            {
                let mut wrong: Vec<_> = lengths().collect();
                wrong.insert(place, other);
                assert!(Index::jump(payload, wrong.into_iter()).is_none(), "{payload}");
            }
            if lengths().count() > 0 {
                assert!(Index::jump(payload, lengths().skip(1)).is_none(), "{payload}");
            }
        }
        // What does not end where a value can end is no length, also within a character.
        let text = r#"{"format":1,"data":{"a":"é","b":1}}"#;
        let fit =
            (0..text.len()).filter(|&length| Index::jump(text, [length, 1].into_iter()).is_some());
        assert_eq!(fit.collect::<Vec<_>>(), [4]);
    }

    #[test]
    fn no_damage_is_taken_that_serde_would_refuse() {
        let others = "\"\\{}[]:,0-+.eEtrufalsn \n\u{1}é";
        for payload in PAYLOADS {
            let characters: Vec<_> = payload.chars().collect();
            for place in 0..characters.len() {
                let (before, after) = (&characters[..place], &characters[place + 1..]);
                agree(&before.iter().collect::<String>());
                agree(&before.iter().chain(after).collect::<String>());
                for other in others.chars() {
                    agree(&before.iter().chain([&other]).chain(after).collect::<String>());
                    let inserted = before.iter().chain([&other]).chain(&characters[place..]);
                    agree(&inserted.collect::<String>());
                }
            }
        }
    }
}
