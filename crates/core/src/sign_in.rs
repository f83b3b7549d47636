//! A sign-in: who, when, and where from.

use std::net::IpAddr;
use std::sync::Arc;

use http::HeaderValue;
use serde::{Deserialize, Serialize};

use crate::{Timestamp, UserId};

/// Longest description of a browser that is kept, in bytes. Real ones have fewer than 200.
const LONGEST_AGENT: usize = 256;

/// Where a request comes from, as far as it tells.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Client {
    pub(crate) address: Option<IpAddr>,
    pub(crate) user_agent: Option<String>,
}

impl Client {
    pub(crate) fn new(address: Option<IpAddr>, user_agent: Option<&HeaderValue>) -> Self {
        let user_agent = user_agent.map(|agent| {
            let text = String::from_utf8_lossy(agent.as_bytes());
            let fits = |(place, letter): &(usize, char)| place + letter.len_utf8() <= LONGEST_AGENT;
            text.char_indices().take_while(fits).map(|(_, letter)| letter).collect()
        });
        Self { address: address.map(|address| address.to_canonical()), user_agent }
    }
}

/// A sign-in that takes effect with the response.
#[derive(Clone, Debug)]
pub(crate) struct SignIn {
    pub(crate) user: UserId,
    pub(crate) client: Client,
}

impl SignIn {
    /// Returns what the session keeps of it.
    pub(crate) fn at(&self, now: Timestamp) -> Arc<SignedIn> {
        let Client { address, user_agent } = self.client.clone();
        Arc::new(SignedIn { at: now, address, agent: user_agent })
    }
}

/// What a session keeps of its last sign-in; a part of its payload.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct SignedIn {
    pub(crate) at: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) address: Option<IpAddr>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) agent: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_is_short_and_plain() {
        let agent = HeaderValue::from_str(&"é".repeat(300)).unwrap();
        let client = Client::new("::ffff:192.0.2.1".parse().ok(), Some(&agent));
        assert_eq!(client.address, "192.0.2.1".parse().ok());
        assert_eq!(client.user_agent, Some("é".repeat(128)));
        let opaque = HeaderValue::from_bytes(b"a\xffb").unwrap();
        assert_eq!(Client::new(None, Some(&opaque)).user_agent.as_deref(), Some("a\u{fffd}b"));
    }
}
