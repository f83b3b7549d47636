//! Entry points for the fuzzers: each takes whatever comes from outside and must hold its promise.

use std::net::IpAddr;
use std::sync::LazyLock;

use http::header::{COOKIE, FORWARDED, HeaderName};
use http::{HeaderMap, HeaderValue};
use serde_json::{Map, Value};
use url::Url;

use crate::carried::envelope;
use crate::change::Change;
use crate::cookie::{MOST_CANDIDATES, values_of};
use crate::draft::Draft;
use crate::moving;
use crate::payload::scan;
use crate::purpose::PurposeKeys;
use crate::token::{KeyRing, Unverified};
use crate::typed::edits_of;
use crate::{
    CookieDriver, CookieSettings, ForwardingHeader, FrozenClock, Id, LocalPath, Payload, Secret,
    Sessions, TrustedProxies, csrf,
};

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

/// Reads text as a path to send a visitor to: whatever is taken stays on the site, by what browsers make of it.
pub fn local_path(text: &[u8]) {
    let Ok(text) = std::str::from_utf8(text) else { return };
    let base = Url::parse("https://shop.example/sign-in").expect("a URL");
    if let Some(path) = LocalPath::parse(text) {
        let url = base.join(path.as_str()).expect("a local path is a URL");
        assert_eq!(url.origin(), base.origin(), "{path}");
        let again = base.join(url.path()).expect("a URL's path is one too");
        assert_eq!(again.origin(), base.origin(), "{path}");
    }
    if let Ok(uri) = format!("/sign-in?next={text}").parse()
        && let Some(next) = LocalPath::next_of(&uri)
    {
        assert_eq!(LocalPath::parse(next.as_str()).as_ref(), Some(&next));
    }
}

/// Reads a forwarding header, of either kind: no panic; and what a proxy of ours adds in a line of its own counts, whatever
/// stands before it.
pub fn forwarded(header: &[u8]) {
    let Ok(said) = HeaderValue::from_bytes(header) else { return };
    let proxies = TrustedProxies::new(["10.0.0.0/8"]).expect("a network");
    let address = |text: &str| -> IpAddr { text.parse().expect("an address") };
    let (peer, client, stranger) =
        (address("10.0.0.1"), address("198.51.100.1"), address("203.0.113.1"));
    for (kind, name, added) in [
        (
            ForwardingHeader::XForwardedFor,
            HeaderName::from_static("x-forwarded-for"),
            "198.51.100.1",
        ),
        (ForwardingHeader::Forwarded, FORWARDED, "for=198.51.100.1"),
    ] {
        let proxies = proxies.clone().header(kind);
        let mut headers = HeaderMap::from_iter([(name.clone(), said.clone())]);
        assert_eq!(proxies.client(stranger, &headers), stranger);
        let _ = proxies.client(peer, &headers);
        headers.append(name, HeaderValue::from_static(added));
        assert_eq!(proxies.client(peer, &headers), client);
    }
}

/// The keys of CSRF tokens with the fixed secret.
static CSRF: LazyLock<PurposeKeys> = LazyLock::new(|| {
    let secret = Secret::new((0..64).collect::<Vec<u8>>()).expect("64 different bytes");
    PurposeKeys::derive(&[secret], "csrf", "session")
});

/// Reads a form with a CSRF token: no panic, and none verifies but what we made. Only text that holds no token at all can
/// be fuzzed for that: whoever has one token can mask it anew.
pub fn csrf_form(form: &[u8]) {
    if let Some(token) = csrf::field_of(form) {
        assert!(!csrf::verify(&CSRF, [Id::from_bytes([7; 16])], &token), "nobody made this token");
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
