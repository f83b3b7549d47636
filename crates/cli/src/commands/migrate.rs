//! `migrate`: makes the store's table, or brings it up to date.

use std::io::{self, Write};

use cloakroom::{Schema, Settings};
use serde::Serialize;

use crate::{Failure, Report};

/// What there was, and what there is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Migrated {
    /// Whether the store has a table at all.
    pub has_table: bool,
    /// The version that was there; `None` if there was no table.
    pub before: Option<u32>,
    /// The version that is there now.
    pub now: Option<u32>,
    /// The version that this program works with.
    pub known: Option<u32>,
}

/// Whether to change anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Mode {
    /// Only looks.
    Look,
    /// Changes the table.
    Migrate,
}

/// Makes the store's table, or brings it up to date. Applications do so when they start; this is for those whose role may
/// not.
///
/// # Errors
///
/// [`Failure::Settings`] if the settings of the store are wrong, it cannot be opened, or its table is a newer one.
pub async fn migrate(settings: &Settings, mode: Mode) -> Result<Migrated, Failure> {
    let Some(Schema { found: before, known, .. }) = settings.schema().await? else {
        return Ok(Migrated { has_table: false, before: None, now: None, known: None });
    };
    let mut now = before;
    if mode == Mode::Migrate {
        drop(settings.open_store().await?);
        now = settings.schema().await?.and_then(|schema| schema.found);
    }
    Ok(Migrated { has_table: true, before, now, known: Some(known) })
}

impl Migrated {
    /// Tells whether the table is as this program wants it.
    #[must_use]
    pub fn is_current(&self) -> bool {
        self.now == self.known
    }
}

impl Report for Migrated {
    fn write(&self, out: &mut dyn Write) -> io::Result<()> {
        let known = self.known.unwrap_or_default();
        match (self.has_table, self.before, self.now) {
            (false, ..) => writeln!(out, "this store has no table"),
            (true, None, None) => {
                writeln!(out, "there is no table yet; version {known} would be made")
            }
            (true, None, Some(now)) => writeln!(out, "made the table, version {now}"),
            (true, Some(before), now) if now == Some(before) && self.is_current() => {
                writeln!(out, "the table is up to date, version {before}")
            }
            (true, Some(before), now) if now == Some(before) => {
                writeln!(out, "the table has version {before}, and this program works with {known}")
            }
            (true, Some(before), now) => {
                let now = now.unwrap_or_default();
                writeln!(out, "brought the table from version {before} to version {now}")
            }
        }
    }
}
