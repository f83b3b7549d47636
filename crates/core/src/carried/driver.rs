//! The cookie driver: reads a record from the request's cookies, and seals one for the response.

use std::borrow::Cow;
use std::fmt;
use std::io::{Read as _, Write as _};

use flate2::Compression;
use flate2::read::DeflateDecoder;
use flate2::write::DeflateEncoder;

use super::parts::{LONGEST_LINE, MOST_PARTS};
use super::seal::{Protection, Seal};
use super::{DenyList, envelope, parts};
use crate::arrival::Arrival;
use crate::cookie::CookieWriter;
use crate::store::Backend;
use crate::token::Signer;
use crate::{Error, NotOurs, Record, Secret, Store};

/// How sessions travel in the cookie, for [`Sessions::in_cookie`](crate::Sessions::in_cookie).
///
/// The whole session is in the cookie, and no store is needed; handlers do not notice. What that cannot do:
///
/// | | in a store | signed | encrypted | with a deny list |
/// |---|---|---|---|---|
/// | Nobody but us can change it | yes | yes | yes | yes |
/// | Its owner cannot read it | yes | **no** | yes | as signed or encrypted |
/// | Nobody can tell its size | yes | **no** | **no** | **no** |
/// | Expires on the server's word, whatever the browser kept | yes | yes | yes | yes |
/// | A copy of the cookie dies with the sign-out | yes | **no** | **no** | yes |
/// | Everything of a user can be ended | yes | **no** | **no** | yes |
/// | A user's sessions can be listed | yes | **no** | **no** | **no** |
/// | Parallel requests lose no update | yes | **no** ¹ | **no** ¹ | **no** ¹ |
/// | Old content cannot be brought back by an old cookie | yes | **no** ² | **no** ² | **no** ² |
/// | Size | 256 KiB | 4 KiB a cookie | 4 KiB a cookie | 4 KiB a cookie |
/// | Store calls, session used | 1 | 0 | 0 | 1, for both questions |
///
/// ¹ The browser keeps the cookie of the response that arrives last, with what that request had read and changed.
/// ² Until the deadline that is sealed in it. A coupon that may be used once belongs into a database.
///
/// ```
/// use cloakroom_core::{CookieDriver, Secret, Sessions};
///
/// let sessions = Sessions::in_cookie(CookieDriver::encrypted()).secret(Secret::generate()?).build()?;
/// # Ok::<(), cloakroom_core::ConfigError>(())
/// ```
#[must_use]
pub struct CookieDriver {
    protection: Protection,
    most_parts: u8,
    compresses: bool,
    pub(crate) denied: Option<Backend>,
}

impl CookieDriver {
    /// Signs the cookie (HMAC-SHA256 over JSON, in base64url): its owner can read it, and nobody can change it.
    pub fn signed() -> Self {
        Self::new(Protection::Signed)
    }

    /// Encrypts the cookie (AES-256-GCM-SIV, RFC 8452): nobody can read or change it. Take this if in doubt.
    pub fn encrypted() -> Self {
        Self::new(Protection::Encrypted)
    }

    fn new(protection: Protection) -> Self {
        Self { protection, most_parts: 1, compresses: false, denied: None }
    }

    /// Splits a session that is too large for one cookie over up to `cookies` of them, at most 9: `session`, `session.1`, …
    /// Default 1, that is not at all: then it is an error of the request that would make it so large.
    ///
    /// Each is sent with every request. Servers and proxies limit what they take: many 8 KiB for all headers together.
    pub fn split(mut self, cookies: u8) -> Self {
        self.most_parts = cookies.clamp(1, MOST_PARTS);
        self
    }

    /// Compresses before encrypting. Default off: the length of what is compressed tells something of its content, and
    /// whoever can put text into a session and see the cookie's length, over and over, can guess what else is in it
    /// (CRIME, BREACH). Nothing secret should be in such a session together with what a visitor chooses. A signed
    /// cookie stays readable, so it is not compressed.
    pub fn insecure_compress(mut self) -> Self {
        self.compresses = true;
        self
    }

    /// Keeps in `store` which cookies are void although their deadline has not come: of sessions that were
    /// [`destroy`](crate::Session::destroy)ed, renewed or [`revoke`](crate::Sessions::revoke)d, and all of a user from
    /// before an instant ([`revoke_all`](crate::Sessions::revoke_all)). Loading a session then takes one trip to this
    /// store, for a short record or two, which are there only after such an end, and for 401 days:
    /// [`sweep`](crate::Sessions::sweep) deletes them then.
    pub fn deny_list(mut self, store: impl Store) -> Self {
        self.denied = Some(Backend::new(store));
        self
    }
}

impl fmt::Debug for CookieDriver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CookieDriver")
            .field("protection", &self.protection)
            .field("most_parts", &self.most_parts)
            .field("compresses", &self.compresses)
            .field("denied", &self.denied)
            .finish()
    }
}

/// A driver with its keys.
#[derive(Debug)]
pub(crate) struct Carrier {
    seal: Seal,
    cookie: String,
    protection: Protection,
    most_parts: u8,
    compresses: bool,
    /// Characters that one cookie has for the session.
    room: usize,
    max_payload: usize,
    pub(crate) denied: Option<DenyList>,
}

/// What a request carries, for who wants to know more of it.
pub(crate) struct Explained {
    pub(crate) record: Record,
    /// The id of the key that sealed it, and its place.
    pub(crate) key: u8,
    pub(crate) place: usize,
    pub(crate) bytes: usize,
}

/// How what is encrypted begins.
const PLAIN: u8 = 0;
const DEFLATED: u8 = 1;

/// More than the first line of an envelope takes.
const HEAD: usize = 1024;

impl Carrier {
    pub(crate) fn new(
        driver: CookieDriver,
        secrets: &[Secret],
        cookie: &CookieWriter,
        max_payload: usize,
    ) -> Self {
        let CookieDriver { protection, most_parts, compresses, denied } = driver;
        Self {
            seal: Seal::derive(secrets, protection, "session", cookie.name()),
            cookie: cookie.name().to_owned(),
            protection,
            most_parts,
            compresses: compresses && protection == Protection::Encrypted,
            room: LONGEST_LINE.saturating_sub(cookie.overhead()),
            max_payload,
            denied: denied.map(DenyList::new),
        }
    }

    /// Returns the record that the request carries, if there is exactly one that we sealed.
    pub(crate) fn read(&self, arrival: &Arrival) -> Option<(Record, Signer)> {
        let mut found: Option<(Record, Signer)> = None;
        for first in arrival.values(&self.cookie) {
            let sealed = parts::join(first, |part| arrival.first(&parts::name(&self.cookie, part)));
            let Some((record, signer)) = sealed.and_then(|sealed| self.open(&sealed)) else {
                continue;
            };
            match &found {
                Some((other, _)) if *other != record => return None,
                _ => found = Some((record, signer)),
            }
        }
        found
    }

    /// Seals a record into the values of as many cookies as it takes.
    pub(crate) fn write(&self, record: &Record) -> Result<Vec<String>, Error> {
        let text = self.pack(envelope::write(record, None));
        let sealed = self.seal.seal(&text)?;
        parts::split(&sealed, self.room, self.most_parts).ok_or_else(|| {
            let limit = self.room * usize::from(self.most_parts);
            let mut values: Vec<_> = record.payload.data().collect();
            values.sort_by_key(|(_, value)| std::cmp::Reverse(value.len()));
            let largest: Vec<_> =
                values.iter().take(3).map(|(key, value)| (*key, value.len())).collect();
            Error::too_large_for_cookie(sealed.len() + 1, limit, self.most_parts, &largest)
        })
    }

    fn open(&self, sealed: &[u8]) -> Option<(Record, Signer)> {
        self.opened(sealed).map(|(record, place)| (record, Signer::of(place)))
    }

    /// Opens a text; tells the place of the key that sealed it.
    fn opened(&self, sealed: &[u8]) -> Option<(Record, usize)> {
        let opened = self.seal.open(sealed)?;
        Some((envelope::read(&self.unpack(opened.text())?)?.record, opened.place))
    }

    /// Returns the first session that the request carries and that we sealed; or else why the first value of all is not
    /// ours.
    pub(crate) fn explain(&self, arrival: &Arrival) -> Result<Explained, NotOurs> {
        let mut why = None;
        for first in arrival.values(&self.cookie) {
            let part = |part| arrival.first(&parts::name(&self.cookie, part));
            let Some(sealed) = parts::join(first, part) else {
                why = why.or(Some(NotOurs::Form));
                continue;
            };
            match (self.opened(&sealed), self.seal.claimed(&sealed)) {
                (Some((record, place)), Some(key)) => {
                    return Ok(Explained { record, key, place, bytes: sealed.len() + 1 });
                }
                (_, Some(key)) if self.seal.has(key) => why = why.or(Some(NotOurs::Mismatch(key))),
                (_, Some(key)) => why = why.or(Some(NotOurs::UnknownKey(key))),
                (_, None) => why = why.or(Some(NotOurs::Form)),
            }
        }
        Err(why.unwrap_or(NotOurs::Form))
    }

    /// What is signed stays as it is, so that its owner can read it.
    fn pack(&self, text: Vec<u8>) -> Vec<u8> {
        if self.protection == Protection::Signed {
            return text;
        }
        if self.compresses {
            let mut encoder = DeflateEncoder::new(vec![DEFLATED], Compression::default());
            let deflated = encoder.write_all(&text).and_then(|()| encoder.finish());
            if let Some(deflated) = deflated.ok().filter(|deflated| deflated.len() <= text.len()) {
                return deflated;
            }
        }
        [&[PLAIN], &text[..]].concat()
    }

    fn unpack<'a>(&self, text: &'a [u8]) -> Option<Cow<'a, [u8]>> {
        if self.protection == Protection::Signed {
            return Some(text.into());
        }
        let (&how, text) = text.split_first()?;
        match how {
            PLAIN => Some(text.into()),
            DEFLATED => {
                let most = self.max_payload.saturating_add(HEAD);
                let mut inflated = Vec::new();
                let bounded = DeflateDecoder::new(text).take(u64::try_from(most).ok()?);
                { bounded }.read_to_end(&mut inflated).ok()?;
                Some(inflated.into())
            }
            _ => None,
        }
    }
}
