//! Who is signed in.

use std::convert::Infallible;
use std::fmt;
use std::sync::Arc;

/// Most bytes of a [`UserId`].
const MOST_BYTES: usize = 255;

/// Names a user of the application: whatever its own primary key is, as text.
///
/// 1 to 255 bytes without control characters, so that every store can keep it. It stands in the store's index and in
/// device lists; it is no secret, and better no name or mail address either.
///
/// ```
/// use cloakroom_core::UserId;
///
/// assert_eq!(UserId::from(7_u64).as_str(), "7");
/// assert!(UserId::try_from("").is_err());
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UserId(Arc<str>);

/// What was given is no [`UserId`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "a user's id must have 1 to {MOST_BYTES} bytes and no control characters; this one has {bytes} bytes"
)]
pub struct InvalidUserId {
    /// Length of what was given, in bytes.
    pub bytes: usize,
}

impl UserId {
    /// Takes the application's id of the user.
    ///
    /// # Errors
    ///
    /// [`InvalidUserId`] for an empty or long text, and for one with control characters.
    pub fn new(id: impl Into<Arc<str>>) -> Result<Self, InvalidUserId> {
        let id = id.into();
        let right = (1..=MOST_BYTES).contains(&id.len()) && !id.chars().any(char::is_control);
        if right { Ok(Self(id)) } else { Err(InvalidUserId { bytes: id.len() }) }
    }

    /// Returns it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for UserId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<&str> for UserId {
    type Error = InvalidUserId;

    fn try_from(id: &str) -> Result<Self, InvalidUserId> {
        Self::new(id)
    }
}

impl TryFrom<String> for UserId {
    type Error = InvalidUserId;

    fn try_from(id: String) -> Result<Self, InvalidUserId> {
        Self::new(id)
    }
}

impl TryFrom<&String> for UserId {
    type Error = InvalidUserId;

    fn try_from(id: &String) -> Result<Self, InvalidUserId> {
        Self::new(id.as_str())
    }
}

impl From<&Self> for UserId {
    fn from(id: &Self) -> Self {
        id.clone()
    }
}

macro_rules! from_number {
    ($($number:ty),*) => {$(
        impl From<$number> for UserId {
            fn from(id: $number) -> Self {
                Self(id.to_string().into())
            }
        }
    )*};
}

from_number!(i32, i64, u32, u64, uuid::Uuid);

impl From<Infallible> for InvalidUserId {
    fn from(never: Infallible) -> Self {
        match never {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_some_store_could_not_keep_is_refused() {
        for id in ["", "a\0b", "line\nbreak", &"x".repeat(256)] {
            assert_eq!(UserId::new(id), Err(InvalidUserId { bytes: id.len() }), "{id:?}");
        }
        for id in ["1", "é'; DROP TABLE users; --", &"x".repeat(255)] {
            assert_eq!(UserId::new(id).unwrap().as_str(), id);
        }
    }
}
