//! Entry points for the fuzzers: each takes whatever comes from outside and must hold its promise.

use std::sync::LazyLock;

use http::header::COOKIE;
use http::{HeaderMap, HeaderValue};
use serde_json::{Map, Value};

use crate::carried::envelope;
use crate::change::Change;
use crate::cookie::{MOST_CANDIDATES, values_of};
use crate::draft::Draft;
use crate::moving;
use crate::payload::scan;
use crate::token::{KeyRing, Unverified};
use crate::typed::edits_of;
use crate::{CookieDriver, CookieSettings, FrozenClock, Payload, Secret, Sessions};

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
    scan::agree(text);
    moving::agree(text);
    let payload = Payload::from_text(text);
    if payload.check().is_err() {
        return;
    }
    let mut draft = Draft::load(payload);
    if let Ok(edits) = edits_of::<Map<String, Value>>(&draft.data(), |_| ()) {
        assert!(edits.is_empty(), "what nobody changed is not written");
    }
    let change = Change::Set("fuzzed".into(), "true".into());
    draft.apply(&change).expect("a value can be set");
    let written = draft.to_payload(draft.extras.clone());
    let read = Payload::from_text(written.as_str());
    read.check().expect("what we write can be read");
    assert!(read.data().eq(draft.data()));
    assert!(read.flash().eq(written.flash()));
    assert_eq!(read.extras(), written.extras());
}

/// The drivers with a fixed secret, at a fixed time.
static DRIVERS: LazyLock<[Sessions; 2]> = LazyLock::new(|| {
    [CookieDriver::signed(), CookieDriver::encrypted()].map(|driver| {
        let secret = Secret::new((0..64).collect::<Vec<u8>>()).expect("64 different bytes");
        let builder =
            Sessions::in_cookie(driver.split(3)).secret(secret).clock(FrozenClock::default());
        builder.cookie(CookieSettings::new("session")).insecure_http().build().expect("it is right")
    })
});

/// Reads a `Cookie` header with sessions in it: no panic, and none opens but what we sealed, byte for byte.
pub fn carried(header: &[u8]) {
    let Ok(value) = HeaderValue::from_bytes(header) else { return };
    let headers = HeaderMap::from_iter([(COOKIE, value)]);
    for sessions in &*DRIVERS {
        let session = sessions.pending(&headers).load_now().expect("no store is asked");
        let session = session.expect("a cookie that does not open is no error");
        if !session.is_new() {
            // However it is split and quoted, it says what we sealed.
            let said = (session.keys(), session.get("n").ok().flatten(), session.user());
            let sealed = (vec!["n".to_owned()], Some(1), None);
            assert_eq!(said, sealed, "a cookie that we did not seal opens");
        }
    }
}

/// Reads what was sealed: no panic, and what is written reads the same again.
pub fn sealed_text(text: &[u8]) {
    envelope::agree(text);
    if let Some(read) = envelope::read(text) {
        let again = envelope::read(&envelope::write(&read.record, read.until));
        assert_eq!(again.as_ref(), Some(&read));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Signed, and encrypted. They stand in the seeds, for the fuzzer to change.
    const SEALED: [&str; 2] = [
        "1eyJpZCI6ImU5YzliZDgwLTMyNTgtODljNS04NDYzLWY3ODM0NjkxMDY5MiIsInZlcnNpb24iOjEsImNyZWF0ZWQiOjE3ODAwMDAwMDAwMDAsImFjdGl2ZSI6MTc4MDAwMDAwMDAwMCwiZXhwaXJlcyI6MTc4MDAwNzIwMDAwMH0KeyJmb3JtYXQiOjEsImRhdGEiOnsibiI6MX19.MsxABOCywMrXwZAEntzaO8s1sDCRaIKPiHUHg0_b70rZ",
        "1Mtfznv4WxpJN-lZ7fGHWftZeOf2Lwq6BTwwtcNMn7JzQh90pdtl_UXpo1TNICE-kWuvjAHfcNmvdQOnncpnJ21Agcfven3kAEL5q38J1rigk4oae1CvEN4buz0OYRBTccnkXKqcoXs1zJ0m52hXMScUuTBwEFKOzwJN5mAjrgpSW-zRrLppou0YTcfftonlaDuEti9y805tvP09qM7v0wcjIuS6PlDnc_Oii46ISnVYGbulTwfSw4qV6",
    ];

    #[test]
    fn the_sealed_seeds_open() {
        for (sessions, value) in DRIVERS.iter().zip(SEALED) {
            let header = format!("a=b; session={value}");
            let headers = HeaderMap::from_iter([(COOKIE, header.parse().unwrap())]);
            let session = sessions.pending(&headers).load_now().unwrap().unwrap();
            assert_eq!(session.get::<u32>("n").unwrap(), Some(1));
            carried(header.as_bytes());
        }
    }

    /// Else the fuzzers would start from nothing but tokens that are refused.
    #[test]
    fn the_seeds_verify() {
        assert!(SIGNED.iter().all(|text| verifies(text)));
    }
}
