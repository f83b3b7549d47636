//! `sweep`: deletes what has expired.

use std::io::{self, Write};

use cloakroom::Sessions;
use serde::Serialize;

use crate::{Failure, Report};

/// What a sweep did.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Swept {
    /// Records that were deleted.
    pub deleted: u64,
}

impl Swept {
    /// A sweep that had nothing to do.
    pub const NOTHING: Self = Self { deleted: 0 };
}

/// Deletes what has expired. A store that expires records by itself, such as Redis, has nothing for it to do.
///
/// # Errors
///
/// [`Failure::Sessions`] if the store fails; what was deleted stays so.
pub async fn sweep(sessions: &Sessions) -> Result<Swept, Failure> {
    Ok(Swept { deleted: sessions.sweep().await? })
}

impl Report for Swept {
    fn write(&self, out: &mut dyn Write) -> io::Result<()> {
        match self.deleted {
            0 => writeln!(out, "nothing to sweep"),
            1 => writeln!(out, "1 expired record deleted"),
            deleted => writeln!(out, "{deleted} expired records deleted"),
        }
    }
}
