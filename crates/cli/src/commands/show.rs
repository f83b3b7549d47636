//! `show`: one session.

use std::collections::BTreeMap;
use std::io::{self, Write};

use cloakroom::{Entry, Id, Sessions, Status};
use serde::Serialize;
use serde_json::value::RawValue;

use super::SessionReport;
use super::session::printable;
use crate::{Failure, Report};

/// Most renewals to follow from an id to its session.
const MOST_MOVES: usize = 4;

/// One session, with its data only where that was asked for.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct Shown {
    /// What is under the id, or where that has moved; `None` if nothing is.
    pub session: Option<SessionReport>,
    /// Its values by key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub data: Option<Values>,
    /// Its flash messages by key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub flash: Option<Values>,
}

/// JSON texts by key.
pub type Values = BTreeMap<String, Box<RawValue>>;

/// Whether the visitor's data may show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Content {
    /// No.
    Hidden,
    /// Yes.
    Shown,
}

/// Looks at the session with this id, and follows its renewals. Changes nothing.
///
/// # Errors
///
/// [`Failure::Sessions`] if the store fails, or sessions travel in the cookie.
pub async fn show(sessions: &Sessions, id: Id, content: Content) -> Result<Shown, Failure> {
    let mut found = sessions.look(id).await?;
    for _ in 0..MOST_MOVES {
        let Some(Status::Moved { to }) = found.as_ref().map(|entry| &entry.status) else { break };
        match sessions.look(*to).await? {
            Some(entry) => found = Some(entry),
            None => break,
        }
    }
    Ok(Shown::of(found.as_ref(), content))
}

impl Shown {
    pub(super) fn of(entry: Option<&Entry>, content: Content) -> Self {
        let entry_shown = entry.filter(|_| content == Content::Shown);
        Self {
            session: entry.map(SessionReport::from),
            data: entry_shown.map(|entry| values(entry.data())),
            flash: entry_shown.map(|entry| values(entry.flash())),
        }
    }

    pub(super) fn write_values(&self, out: &mut dyn Write) -> io::Result<()> {
        for (what, values) in [("data", &self.data), ("flash", &self.flash)] {
            for (key, value) in values.iter().flatten() {
                writeln!(out, "{what:<12} {} = {}", printable(key), printable(value.get()))?;
            }
        }
        Ok(())
    }
}

fn values<'a>(entries: impl Iterator<Item = (&'a str, &'a str)>) -> Values {
    let raw = |(key, value): (&str, &str)| {
        Some((key.to_owned(), RawValue::from_string(value.to_owned()).ok()?))
    };
    entries.filter_map(raw).collect()
}

impl Report for Shown {
    fn write(&self, out: &mut dyn Write) -> io::Result<()> {
        match &self.session {
            Some(session) => session.write(out)?,
            None => return writeln!(out, "there is no such session"),
        }
        self.write_values(out)
    }
}
