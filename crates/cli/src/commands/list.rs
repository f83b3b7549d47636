//! `list`: the sessions of a user.

use std::io::{self, Write};

use cloakroom::{Sessions, UserId};
use comfy_table::{ContentArrangement, Table, presets};
use serde::Serialize;

use super::SessionReport;
use super::session::printable;
use crate::{Failure, Report, moment};

/// The live sessions of a user.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct Listed {
    /// Whose they are.
    pub user: String,
    /// The newest sign-in first; at most 1,000.
    pub sessions: Vec<SessionReport>,
}

/// Lists the live sessions of a user.
///
/// # Errors
///
/// [`Failure::Sessions`] if the store fails or has no index of users.
pub async fn list(sessions: &Sessions, user: &UserId) -> Result<Listed, Failure> {
    let found = sessions.of_user(user).await?;
    let sessions = found.iter().map(SessionReport::from).collect();
    Ok(Listed { user: user.as_str().to_owned(), sessions })
}

impl Report for Listed {
    fn write(&self, out: &mut dyn Write) -> io::Result<()> {
        if self.sessions.is_empty() {
            return writeln!(out, "{} is signed in nowhere", printable(&self.user));
        }
        let mut table = Table::new();
        table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Disabled);
        table.set_header(["session", "began", "last active", "ends", "address", "browser"]);
        for session in &self.sessions {
            table.add_row([
                session.id.clone(),
                moment::text(session.created_at),
                moment::text(session.active_at),
                moment::text(session.expires_at),
                session.address.map_or_else(String::new, |address| address.to_string()),
                printable(session.user_agent.as_deref().unwrap_or_default()),
            ]);
        }
        for line in table.lines() {
            writeln!(out, "{}", line.trim())?;
        }
        Ok(())
    }
}
