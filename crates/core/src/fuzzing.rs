//! Entry points for the fuzzers: each takes whatever comes from outside and must hold its promise.

use std::sync::LazyLock;

use crate::change::Change;
use crate::cookie::{MOST_CANDIDATES, values_of};
use crate::draft::Draft;
use crate::token::{KeyRing, Unverified};
use crate::{Payload, Secret};

static RING: LazyLock<KeyRing> = LazyLock::new(|| {
    let secret = Secret::new((0..64).collect::<Vec<u8>>()).expect("64 different bytes");
    KeyRing::derive(&[secret], "session")
});

/// Reads a `Cookie` header: no panic, and only values of our name come out.
pub fn cookie_header(header: &[u8]) {
    for value in values_of(header, "session").take(MOST_CANDIDATES) {
        assert!(value.len() < header.len());
        token(value);
    }
}

/// The only tokens that were ever signed with this secret. They stand in the seeds, for the fuzzer to change.
const SIGNED: [&[u8]; 2] = [
    b"MgABAgMEBQYHCAkKCwwNDg9pPv2B2c77Qq_4wzdZTR0m",
    b"MhAREhMUFRYXGBkaGxwdHh--2cPxE5D2VW-OZ4XiD9Bj",
];

/// Reads a token: nothing verifies but what we signed, byte for byte.
pub fn token(text: &[u8]) {
    if verifies(text) {
        assert!(SIGNED.contains(&text), "a token that we did not sign verifies");
    }
}

fn verifies(text: &[u8]) -> bool {
    Unverified::parse(text).is_some_and(|token| RING.verify(&token).is_some())
}

/// Reads, changes and writes a stored payload: no panic, and what is written reads the same again.
pub fn payload(text: &[u8]) {
    let Ok(text) = std::str::from_utf8(text) else { return };
    let payload = Payload::from_text(text);
    if payload.check().is_err() {
        return;
    }
    let mut draft = Draft::load(payload);
    let change = Change::Set("fuzzed".into(), "true".into());
    draft.apply(&change).expect("a value can be set");
    let written = draft.to_payload(draft.extras.clone());
    let read = Payload::from_text(written.as_str());
    read.check().expect("what we write can be read");
    assert!(read.data().eq(draft.data()));
    assert!(read.flash().eq(written.flash()));
    assert_eq!(read.extras(), written.extras());
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Else the fuzzers would start from nothing but tokens that are refused.
    #[test]
    fn the_seeds_verify() {
        assert!(SIGNED.iter().all(|text| verifies(text)));
    }
}
