//! What stores, logs and device lists show of a session: not a secret.

use std::fmt;
use std::str::FromStr;

use uuid::Uuid;

/// Names a session where the token must not be seen: in stores, logs and lists of devices.
///
/// A UUID (version 8, RFC 9562) made of one half of the token's HMAC-SHA256, whose other half signs the token.
/// Whoever knows it can compute neither, so a stolen database signs nobody in.
///
/// ```
/// use cloakroom_core::Id;
///
/// let id: Id = "0f4c2f6e-7d3a-8b1c-9e2d-5a6b7c8d9e0f".parse()?;
/// assert_eq!(id.to_string(), "0f4c2f6e-7d3a-8b1c-9e2d-5a6b7c8d9e0f");
/// # Ok::<(), cloakroom_core::ParseIdError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Id(Uuid);

impl Id {
    /// Makes an id of the 16 bytes that [`Id::as_bytes`] gave; for stores that keep ids in binary.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(Uuid::from_bytes(bytes))
    }

    /// Makes an id of the first bytes of a hash.
    pub(crate) fn from_hash(hash: [u8; 16]) -> Self {
        Self(Uuid::new_v8(hash))
    }

    /// Returns the 16 bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 16] {
        self.0.as_bytes()
    }
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.as_hyphenated().fmt(f)
    }
}

impl fmt::Debug for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Id({self})")
    }
}

impl FromStr for Id {
    type Err = ParseIdError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse().map(Self).map_err(|_| ParseIdError)
    }
}

/// The text is no session id: 32 hexadecimal digits in the groups of a UUID.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a session id: expected a UUID such as 0f4c2f6e-7d3a-8b1c-9e2d-5a6b7c8d9e0f")]
pub struct ParseIdError;
