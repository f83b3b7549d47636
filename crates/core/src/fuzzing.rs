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

/// Reads a token: nothing that we did not sign verifies, and what verifies is written one way only.
pub fn token(text: &[u8]) {
    let verified = Unverified::parse(text).and_then(|token| RING.verify(&token));
    if let Some(token) = verified {
        assert_eq!(token.encode().as_bytes(), text, "one token, two texts");
    }
}

/// Returns a token that verifies, as a seed to change.
#[must_use]
pub fn valid_token() -> String {
    RING.issue().expect("the operating system supplies randomness").encode()
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
