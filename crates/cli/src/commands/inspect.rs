//! `inspect`: what a cookie is.

use std::io::{self, Write};

use cloakroom::{CookieKey, Inspection, NotOurs, Sessions, Status};
use serde::Serialize;

use super::show::{Content, Shown};
use crate::{Failure, Report};

/// What a cookie is. Holds neither the cookie nor its token.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct Inspected {
    /// Whether we made it.
    pub ours: bool,
    /// Whether a request that brings it gets its session.
    pub good: bool,
    /// What it is, in a sentence.
    pub verdict: String,
    /// The id of the key that made it, in hexadecimal, as `check` shows those of all secrets.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// The place of that secret among all, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub secret: Option<usize>,
    /// Whether that secret only verifies any more.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retiring: Option<bool>,
    /// The id of its session.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// Length of a cookie that holds its session, in bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cookie_bytes: Option<usize>,
    /// Its session, as far as there is one.
    #[serde(flatten)]
    pub shown: Shown,
}

/// Tells what a cookie is: its value, `name=value`, or a whole `Cookie` header. Changes nothing.
///
/// # Errors
///
/// [`Failure::Sessions`] if the store fails.
pub async fn inspect(
    sessions: &Sessions,
    cookie: &str,
    content: Content,
) -> Result<Inspected, Failure> {
    let found = sessions.inspect(cookie).await?;
    Ok(Inspected::of(&found, content))
}

impl Inspected {
    fn of(found: &Inspection, content: Content) -> Self {
        let verdict = verdict(found);
        let (key, id, entry, cookie_bytes) = match found {
            Inspection::Token { key, id, entry } => (Some(key), Some(id), entry.as_ref(), None),
            Inspection::Carried { key, entry, bytes, .. } => {
                (Some(key), Some(&entry.info.id), Some(entry), Some(*bytes))
            }
            _ => (None, None, None, None),
        };
        let good = match found {
            Inspection::Token { entry: Some(entry), .. } => entry.status == Status::Live,
            Inspection::Carried { entry, denied, .. } => {
                entry.status == Status::Live && *denied != Some(true)
            }
            _ => false,
        };
        Self {
            ours: key.is_some(),
            good,
            verdict,
            key: key.map(|key| format!("{:02x}", key.id)),
            secret: key.map(|key| key.place + 1),
            retiring: key.map(CookieKey::is_retiring),
            id: id.map(ToString::to_string),
            cookie_bytes,
            shown: Shown::of(entry, content),
        }
    }
}

/// Says what it is.
fn verdict(found: &Inspection) -> String {
    match found {
        Inspection::NotOurs(NotOurs::Form) => {
            "not ours: it does not look like a cookie of these settings, or a part of it is missing"
                .to_owned()
        }
        Inspection::NotOurs(NotOurs::UnknownKey(key)) => format!(
            "not ours: it was made with a key {key:02x}, which no secret has; one that was removed, or somebody else's"
        ),
        Inspection::NotOurs(NotOurs::Mismatch(key)) => format!(
            "not ours: it names our key {key:02x} and does not fit it; it was changed or cut, or made for another cookie"
        ),
        Inspection::Token { entry: None, .. } => {
            "ours, but there is no session: it was ended, or it expired and was swept".to_owned()
        }
        Inspection::Carried { denied: Some(true), .. } => {
            "ours, but on the deny list: its session was ended or renewed".to_owned()
        }
        Inspection::Token { entry: Some(entry), .. } | Inspection::Carried { entry, .. } => {
            match &entry.status {
                Status::Live => "ours, and good".to_owned(),
                Status::Expired => "ours, but its session has expired".to_owned(),
                Status::Moved { to } => {
                    format!("ours, but from before a renewal; its session is {to} now")
                }
                _ => "ours, but its session cannot be read".to_owned(),
            }
        }
        _ => "not ours".to_owned(),
    }
}

impl Report for Inspected {
    fn write(&self, out: &mut dyn Write) -> io::Result<()> {
        writeln!(out, "{}", self.verdict)?;
        if let (Some(key), Some(secret)) = (&self.key, self.secret) {
            let retiring = if self.retiring == Some(true) { ", which is retiring" } else { "" };
            writeln!(out, "{:<12} {key}, of secret number {secret}{retiring}", "key")?;
        }
        match (&self.shown.session, &self.id) {
            (Some(session), _) => session.write(out)?,
            (None, Some(id)) => writeln!(out, "{:<12} {id}", "session")?,
            (None, None) => {}
        }
        if let Some(bytes) = self.cookie_bytes {
            writeln!(out, "{:<12} {bytes} bytes", "cookie")?;
        }
        self.shown.write_values(out)
    }
}
