//! `revoke`: ends one session, all of a user, or everybody's.

use std::io::{self, Write};

use cloakroom::{Id, Sessions, UserId};
use serde::Serialize;

use crate::{Failure, Progress, Report};

/// What was ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Revoked {
    /// Sessions that were live and are no more.
    pub ended: u64,
    /// Records that cannot be read, and stay.
    pub unreadable: u64,
}

/// Ends one session, wherever it has moved.
///
/// # Errors
///
/// [`Failure::Sessions`] if the store fails, or nothing can end a session that travels in the cookie.
pub async fn revoke_one(sessions: &Sessions, id: Id) -> Result<Revoked, Failure> {
    let ended = sessions.revoke(id).await?;
    Ok(Revoked { ended: ended.into(), unreadable: 0 })
}

/// Ends all sessions of a user. Nobody counts those that travel in the cookie: 0.
///
/// # Errors
///
/// [`Failure::Sessions`] if the store fails or has no index of users.
pub async fn revoke_user(sessions: &Sessions, user: &UserId) -> Result<Revoked, Failure> {
    Ok(Revoked { ended: sessions.revoke_all(user).await?, unreadable: 0 })
}

/// Ends all sessions that began before this call.
///
/// # Errors
///
/// [`Failure::Sessions`] if the store fails or cannot be walked over; what was ended stays so.
pub async fn revoke_everybody(
    sessions: &Sessions,
    progress: &Progress,
) -> Result<Revoked, Failure> {
    let done = sessions.revoke_everybody(|ended| progress.at(ended)).await?;
    Ok(Revoked { ended: done.ended, unreadable: done.unreadable })
}

impl Report for Revoked {
    fn write(&self, out: &mut dyn Write) -> io::Result<()> {
        match self.ended {
            1 => writeln!(out, "1 session ended")?,
            ended => writeln!(out, "{ended} sessions ended")?,
        }
        match self.unreadable {
            0 => Ok(()),
            records => writeln!(out, "{records} records cannot be read, and stay"),
        }
    }
}
