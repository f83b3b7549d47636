//! Finds the values of a payload that was written here: several times as fast as any JSON reader, as it looks for
//! nothing else.
//!
//! Whatever it does not expect it leaves to `serde_json`, which then says what is wrong, or that nothing is. What it
//! takes, `serde_json` takes too, and sees the same; a test holds the two together.

use std::sync::Arc;

use super::{Extras, Index, Places};
use crate::Timestamp;

impl Index {
    /// `None` if the text is anything but a payload as this version writes most of them.
    pub(super) fn scan(text: &str) -> Option<Self> {
        let mut scanner = Scanner { text, at: 0 };
        let mut index = Self::default();
        scanner.expect("{\"format\":1")?;
        if scanner.skip(",\"data\":") {
            index.data = scanner.section()?;
        }
        if scanner.skip(",\"flash\":") {
            index.flash = scanner.section()?;
        }
        if scanner.skip(",\"renewed\":") {
            let start = scanner.at;
            scanner.some_digits()?;
            if scanner.text.as_bytes()[start] == b'0' {
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
    fn section(&mut self) -> Option<Places> {
        self.expect("{")?;
        let mut places = Places::new();
        loop {
            self.expect("\"")?;
            let start = self.at;
            while is_plain(*self.text.as_bytes().get(self.at)?) {
                self.at += 1;
            }
            let key = &self.text[start..self.at];
            self.expect("\":")?;
            if places.last().is_some_and(|(last, _): &(Arc<str>, _)| **last >= *key) {
                return None;
            }
            let start = self.at;
            if is_space(*self.text.as_bytes().get(start)?) {
                return None;
            }
            self.value()?;
            places.push((key.into(), start..self.at));
            match self.next()? {
                b',' => {}
                b'}' => return Some(places),
                _ => return None,
            }
        }
    }

    /// Steps over one value, however deep up to some 60 levels.
    fn value(&mut self) -> Option<()> {
        // A bit for each container that is open, the innermost lowest: 1 an object, 0 an array. The highest bit set
        // is none.
        let mut open = 1_u64;
        loop {
            match self.next_after_space()? {
                b'"' => self.string()?,
                b'{' if self.closes(b'}') => {}
                b'[' if self.closes(b']') => {}
                bracket @ (b'{' | b'[') => {
                    if open.leading_zeros() == 0 {
                        return None;
                    }
                    open = open << 1 | u64::from(bracket == b'{');
                    if bracket == b'{' {
                        self.key()?;
                    }
                    continue;
                }
                b't' => self.expect("rue")?,
                b'f' => self.expect("alse")?,
                b'n' => self.expect("ull")?,
                first => self.number(first)?,
            }
            loop {
                if open == 1 {
                    return Some(());
                }
                match (self.next_after_space()?, open & 1) {
                    (b',', 0) => break,
                    (b',', _) => {
                        self.key()?;
                        break;
                    }
                    (b']', 0) | (b'}', 1) => open >>= 1,
                    _ => return None,
                }
            }
        }
    }

    /// Steps over the bracket that closes an empty container, if it is next.
    fn closes(&mut self, bracket: u8) -> bool {
        let start = self.at;
        let closes = self.next_after_space() == Some(bracket);
        if !closes {
            self.at = start;
        }
        closes
    }

    fn key(&mut self) -> Option<()> {
        if self.next_after_space()? != b'"' {
            return None;
        }
        self.string()?;
        (self.next_after_space()? == b':').then_some(())
    }

    /// Steps over the rest of a string.
    fn string(&mut self) -> Option<()> {
        let bytes = self.text.as_bytes();
        loop {
            while is_plain(*bytes.get(self.at)?) {
                self.at += 1;
            }
            match (self.next()?, bytes.get(self.at)) {
                (b'"', _) => return Some(()),
                (b'\\', Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't')) => {
                    self.at += 1;
                }
                (b'\\', Some(b'u')) => {
                    let digits = bytes.get(self.at + 1..self.at + 5)?;
                    if !digits.iter().all(u8::is_ascii_hexdigit) {
                        return None;
                    }
                    self.at += 5;
                }
                _ => return None,
            }
        }
    }

    /// Steps over the rest of a number.
    fn number(&mut self, first: u8) -> Option<()> {
        let first = if first == b'-' { self.next()? } else { first };
        match first {
            b'0' => {}
            b'1'..=b'9' => self.digits(),
            _ => return None,
        }
        if self.skip(".") {
            self.some_digits()?;
        }
        if self.skip("e") || self.skip("E") {
            let _ = self.skip("+") || self.skip("-");
            self.some_digits()?;
        }
        Some(())
    }

    fn some_digits(&mut self) -> Option<()> {
        self.next()?.is_ascii_digit().then(|| self.digits())
    }

    fn digits(&mut self) {
        while self.text.as_bytes().get(self.at).is_some_and(u8::is_ascii_digit) {
            self.at += 1;
        }
    }

    fn next_after_space(&mut self) -> Option<u8> {
        loop {
            let byte = self.next()?;
            if !is_space(byte) {
                return Some(byte);
            }
        }
    }

    fn next(&mut self) -> Option<u8> {
        let byte = self.text.as_bytes().get(self.at)?;
        self.at += 1;
        Some(*byte)
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

fn is_plain(byte: u8) -> bool {
    byte >= b' ' && byte != b'"' && byte != b'\\'
}

fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\n' | b'\r' | b'\t')
}

/// What the scanner takes, `serde_json` takes, and sees the same.
#[cfg(any(test, feature = "fuzzing"))]
pub(crate) fn agree(text: &str) {
    if let Some(scanned) = Index::scan(text) {
        let read = Index::read(text).unwrap_or_else(|error| panic!("{text}: {error}"));
        assert_eq!(scanned.data, read.data, "{text}");
        assert_eq!(scanned.flash, read.flash, "{text}");
        assert_eq!(scanned.extras, read.extras, "{text}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAYLOADS: [&str; 6] = [
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
