//! `keygen`: a good secret.

use std::fmt;
use std::io::{self, Write};

use serde::Serialize;
use zeroize::Zeroizing;

use crate::{Failure, Report};

/// As many random bytes as the longest key that is derived from them, twice.
const BYTES: usize = 64;

/// The characters of a secret: nothing that a shell, a file of variables or a comma between secrets would take apart.
const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// A secret that was just made. Shows only where it is printed.
#[derive(Clone, Serialize)]
pub struct NewSecret {
    secret: Zeroizing<String>,
}

impl NewSecret {
    /// Returns the text for `SESSION_SECRET`.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.secret
    }
}

impl fmt::Debug for NewSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("NewSecret(REDACTED)")
    }
}

/// Makes a secret of 64 characters, each one of 64: 384 bits of the operating system's randomness.
///
/// ```
/// use cloakroom::Secret;
///
/// let new = cloakroom_cli::commands::keygen()?;
/// assert!(Secret::new(new.as_str()).is_ok());
/// # Ok::<(), cloakroom_cli::Failure>(())
/// ```
///
/// # Errors
///
/// [`Failure::Io`] if the operating system gives no randomness.
pub fn keygen() -> Result<NewSecret, Failure> {
    let mut bytes = Zeroizing::new([0; BYTES]);
    getrandom::fill(bytes.as_mut()).map_err(|error| Failure::Io {
        what: "the operating system gives no randomness".to_owned(),
        source: error.into(),
    })?;
    let letters = bytes.iter().map(|byte| char::from(ALPHABET[usize::from(byte % 64)]));
    Ok(NewSecret { secret: Zeroizing::new(letters.collect()) })
}

impl Report for NewSecret {
    /// The secret alone, so that it can be piped to where it is kept.
    fn write(&self, out: &mut dyn Write) -> io::Result<()> {
        writeln!(out, "{}", self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_different_random_and_in_one_piece() {
        let (one, two) = (keygen().unwrap(), keygen().unwrap());
        assert_ne!(one.as_str(), two.as_str());
        assert_eq!(one.as_str().len(), BYTES);
        assert!(cloakroom::Secret::new(one.as_str()).unwrap().most_bits() > 250);
        assert!(!one.as_str().contains([',', ' ', '\'', '"', '$', '#']));
        assert!(!format!("{one:?}").contains(one.as_str()));
    }
}
