//! A session as reports show it.

use std::io::{self, Write};
use std::net::IpAddr;

use cloakroom::{Entry, SessionInfo, Status, Timestamp};
use serde::Serialize;

use crate::moment;

/// A session, without its data.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct SessionReport {
    /// Its id, which is no secret.
    pub id: String,
    /// Who is signed in.
    pub user: Option<String>,
    /// When it began.
    #[serde(serialize_with = "moment::as_text")]
    pub created_at: Timestamp,
    /// Its last activity that was written down.
    #[serde(serialize_with = "moment::as_text")]
    pub active_at: Timestamp,
    /// When it ends if nothing more happens.
    #[serde(serialize_with = "moment::as_text")]
    pub expires_at: Timestamp,
    /// Where the user signed in from.
    pub address: Option<IpAddr>,
    /// What the browser said it is.
    pub user_agent: Option<String>,
    /// When the user signed in, where that is known.
    #[serde(serialize_with = "moment::as_maybe_text", skip_serializing_if = "Option::is_none")]
    pub signed_in_at: Option<Timestamp>,
    /// `live`, `expired`, `moved` or `unreadable`, where that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<&'static str>,
    /// Why it is not live, or where it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remark: Option<String>,
    /// Length of its content, where that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bytes: Option<usize>,
}

impl From<&SessionInfo> for SessionReport {
    fn from(info: &SessionInfo) -> Self {
        Self {
            id: info.id.to_string(),
            user: info.user.as_ref().map(|user| user.as_str().to_owned()),
            created_at: info.created_at,
            active_at: info.active_at,
            expires_at: info.expires_at,
            address: info.address,
            user_agent: info.user_agent.clone(),
            signed_in_at: None,
            status: None,
            remark: None,
            bytes: None,
        }
    }
}

impl From<&Entry> for SessionReport {
    fn from(entry: &Entry) -> Self {
        let (status, remark) = match &entry.status {
            Status::Live => ("live", None),
            Status::Expired => ("expired", Some("it is over, and not swept yet".to_owned())),
            Status::Moved { to } => ("moved", Some(format!("it was renewed, and is {to} now"))),
            Status::Unreadable(why) => ("unreadable", Some(why.clone())),
            _ => ("unknown", None),
        };
        Self {
            signed_in_at: entry.signed_in_at,
            status: Some(status),
            remark,
            bytes: Some(entry.bytes),
            ..Self::from(&entry.info)
        }
    }
}

impl SessionReport {
    /// Writes it in lines, a field each.
    pub(crate) fn write(&self, out: &mut dyn Write) -> io::Result<()> {
        let mut line = |name: &str, value: &str| writeln!(out, "{name:<12} {}", printable(value));
        line("session", &self.id)?;
        if let Some(status) = self.status {
            let remark = self.remark.as_ref().map(|remark| format!(": {remark}"));
            line("status", &format!("{status}{}", remark.unwrap_or_default()))?;
        }
        line("user", self.user.as_deref().unwrap_or("nobody is signed in"))?;
        line("began", &moment::text(self.created_at))?;
        if let Some(signed_in_at) = self.signed_in_at {
            line("signed in", &moment::text(signed_in_at))?;
        }
        line("last active", &moment::text(self.active_at))?;
        line("ends", &moment::text(self.expires_at))?;
        if let Some(address) = self.address {
            line("address", &address.to_string())?;
        }
        if let Some(agent) = &self.user_agent {
            line("browser", agent)?;
        }
        match self.bytes {
            Some(bytes) => line("content", &format!("{bytes} bytes")),
            None => Ok(()),
        }
    }
}

/// Returns a text of somebody else's without what a terminal would obey.
pub(crate) fn printable(text: &str) -> String {
    text.chars().map(|letter| if letter.is_control() { '\u{fffd}' } else { letter }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_browser_says_nothing_to_the_terminal() {
        assert_eq!(printable("a\u{1b}[2Jb\u{9b}c\n"), "a\u{fffd}[2Jb\u{fffd}c\u{fffd}");
    }
}
