//! What a cookie is, told to an administrator: ours or not, by which secret, of which session.

use http::header::COOKIE;
use http::{HeaderMap, HeaderValue};

use crate::arrival::Arrival;
use crate::lifetime::LONGEST_COOKIE;
use crate::place::Place;
use crate::token::Unverified;
use crate::{Entry, Error, Id, Sessions, Status};

/// What a cookie is. Neither the cookie's value nor the session's data show in `Debug`.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Inspection {
    /// No request would get a session by it.
    NotOurs(NotOurs),
    /// A token that we signed.
    Token {
        /// By which secret.
        key: CookieKey,
        /// The session that it belongs to, or belonged to.
        id: Id,
        /// What the store has under that id; `None` if nothing, because the session has ended, or was swept.
        entry: Option<Entry>,
    },
    /// A session that travels in the cookie, sealed by us.
    Carried {
        /// By which secret.
        key: CookieKey,
        /// The session.
        entry: Entry,
        /// Length of the cookie's value, all its parts together, in bytes.
        bytes: usize,
        /// Whether the deny list has it; `None` without one.
        denied: Option<bool>,
    },
}

/// Why a cookie is not ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum NotOurs {
    /// It does not look like what we send: too short, too long, other characters, a part that is missing; or there is
    /// no cookie of our name.
    Form,
    /// It names a key that none of the secrets has: that secret was removed, or it is another application's.
    UnknownKey(u8),
    /// It names a key of ours, and does not fit it: it was changed or cut, or made for a cookie of another name.
    Mismatch(u8),
}

/// A secret, as far as it may be shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CookieKey {
    /// Its [`key_id`](crate::Secret::key_id).
    pub id: u8,
    /// Its place among the secrets, from 0; the first one signs, the others are retiring.
    pub place: usize,
    /// How many secrets there are.
    pub secrets: usize,
}

impl CookieKey {
    /// Tells whether the secret only verifies any more.
    #[must_use]
    pub const fn is_retiring(&self) -> bool {
        self.place > 0
    }
}

impl Sessions {
    /// Tells what a cookie is: its value alone, `name=value`, or a whole `Cookie` header. Follows no renewal, notes no
    /// activity, changes nothing.
    ///
    /// ```
    /// # use cloakroom_core::{Error, Inspection, Sessions, Status};
    /// async fn why_am_i_signed_out(sessions: &Sessions, cookie: &str) -> Result<&'static str, Error> {
    ///     Ok(match sessions.inspect(cookie).await? {
    ///         Inspection::Token { entry: Some(entry), .. } if entry.status == Status::Live => "you are not",
    ///         Inspection::Token { entry: Some(_), .. } => "your session has expired, or you were signed in anew",
    ///         Inspection::Token { entry: None, .. } => "your session has ended",
    ///         _ => "that is no cookie of ours",
    ///     })
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// If the store fails.
    ///
    /// # Security
    ///
    /// A cookie signs its holder in. Let it stand in no shell's history and no log.
    pub async fn inspect(&self, cookie: &str) -> Result<Inspection, Error> {
        let (inner, now) = (self.inner(), self.inner().clock.now());
        let name = inner.cookie.name();
        let Some(arrival) = arrival(cookie, name) else {
            return Ok(Inspection::NotOurs(NotOurs::Form));
        };
        let secrets = inner.keys.len();
        let carrier = match &inner.place {
            Place::Cookie(carrier) => carrier,
            Place::Store(stored) => {
                let (key, id) = match inner.explain(&arrival, name) {
                    Ok(found) => found,
                    Err(why) => return Ok(Inspection::NotOurs(why)),
                };
                let record = stored.store.load(id).await?;
                let entry = record.map(|record| self.entry(record, now));
                return Ok(Inspection::Token { key, id, entry });
            }
        };
        let explained = match carrier.explain(&arrival) {
            Ok(explained) => explained,
            Err(why) => return Ok(Inspection::NotOurs(why)),
        };
        let denied = match &carrier.denied {
            Some(denied) => Some(denied.has(&explained.record, now).await?),
            None => None,
        };
        let longest = explained.record.active_at.plus(LONGEST_COOKIE);
        let mut entry = self.entry(explained.record, now);
        entry.info.expires_at = entry.info.expires_at.min(longest);
        if entry.status == Status::Live && now >= longest {
            entry.status = Status::Expired;
        }
        let key = CookieKey { id: explained.key, place: explained.place, secrets };
        Ok(Inspection::Carried { key, entry, bytes: explained.bytes, denied })
    }
}

impl crate::sessions::Inner {
    /// The first value that we signed; or else why the first one of all is not ours.
    fn explain(&self, arrival: &Arrival, name: &str) -> Result<(CookieKey, Id), NotOurs> {
        let mut why = None;
        for value in arrival.values(name) {
            let explained = match Unverified::parse(value) {
                Some(unverified) => match self.keys.find(&unverified) {
                    Some((place, id)) => Ok((place, unverified.key_id(), id)),
                    None if self.keys.has(unverified.key_id()) => {
                        Err(NotOurs::Mismatch(unverified.key_id()))
                    }
                    None => Err(NotOurs::UnknownKey(unverified.key_id())),
                },
                None => Err(NotOurs::Form),
            };
            match explained {
                Ok((place, key, id)) => {
                    return Ok((CookieKey { id: key, place, secrets: self.keys.len() }, id));
                }
                Err(reason) => why = why.or(Some(reason)),
            }
        }
        Err(why.unwrap_or(NotOurs::Form))
    }
}

/// Takes a header, a `name=value`, or a value for the request that would bring it.
fn arrival(cookie: &str, name: &str) -> Option<Arrival> {
    let text = cookie.trim();
    let is_line = text.get(..7).is_some_and(|start| start.eq_ignore_ascii_case("cookie:"));
    let text = if is_line { text[7..].trim() } else { text };
    let has_name = text
        .split(';')
        .any(|pair| pair.trim_start().strip_prefix(name).is_some_and(|rest| rest.starts_with('=')));
    let header = if has_name {
        HeaderValue::from_str(text)
    } else {
        HeaderValue::from_str(&format!("{name}={text}"))
    };
    let mut headers = HeaderMap::new();
    headers.insert(COOKIE, header.ok()?);
    Some(Arrival::new(&headers))
}
