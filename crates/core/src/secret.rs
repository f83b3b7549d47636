//! Secrets that sign, and the rules that they must meet.

use std::fmt;

use hkdf::Hkdf;
use sha2::Sha256;
use zeroize::Zeroizing;

use crate::ConfigError;

/// Shortest secret taken, in bytes.
const SHORTEST: usize = 32;

/// Values that stand in documentation and examples; whoever reads those could sign with them.
const EXAMPLES: [&str; 4] = ["change-me", "changeme", "your-secret-key", "at least 32 bytes"];

/// A secret from which signing keys are derived. Cannot be printed; erased from memory when dropped.
///
/// The builder takes several: the first signs, all verify. See
/// [`SessionsBuilder::secret`](crate::SessionsBuilder::secret).
///
/// ```
/// use cloakroom_core::Secret;
///
/// assert!(Secret::new("too short").is_err());
/// let secret = Secret::generate()?;
/// assert_eq!(format!("{secret:?}"), "Secret(REDACTED)");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct Secret(Zeroizing<Vec<u8>>);

impl Secret {
    /// Takes a secret of at least 32 bytes, of which at least 8 differ.
    ///
    /// # Errors
    ///
    /// [`ConfigError::SecretTooShort`], or [`ConfigError::SecretTooSimple`] for one that repeats a few bytes
    /// or that looks like the example in somebody's documentation.
    pub fn new(bytes: impl AsRef<[u8]>) -> Result<Self, ConfigError> {
        let bytes = bytes.as_ref();
        if bytes.len() < SHORTEST {
            return Err(ConfigError::SecretTooShort { got: bytes.len(), needed: SHORTEST });
        }
        let mut seen = [false; 256];
        for &byte in bytes {
            seen[usize::from(byte)] = true;
        }
        let text = String::from_utf8_lossy(bytes).to_ascii_lowercase();
        let different = seen.iter().filter(|&&seen| seen).count();
        if different < 8 || EXAMPLES.iter().any(|example| text.contains(example)) {
            return Err(ConfigError::SecretTooSimple);
        }
        Ok(Self(Zeroizing::new(bytes.to_vec())))
    }

    /// Makes a secret of 64 random bytes. Sessions signed with it end with the process, unless it is kept.
    ///
    /// # Errors
    ///
    /// [`ConfigError::NoRandomness`] when the operating system gives no randomness.
    pub fn generate() -> Result<Self, ConfigError> {
        let mut bytes = Zeroizing::new(vec![0; 64]);
        getrandom::fill(&mut bytes).map_err(|_| ConfigError::NoRandomness)?;
        Ok(Self(bytes))
    }

    /// Returns its length, in bytes.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.0.len()
    }

    /// Returns how many bits of chance it can hold at most, going by how often each byte is in it: of a random secret about
    /// what it holds, of a sentence far more than that.
    ///
    /// ```
    /// use cloakroom_core::Secret;
    ///
    /// assert!(Secret::generate()?.most_bits() > 300);
    /// assert!(Secret::new("abcdefgh".repeat(4))?.most_bits() < 100);
    /// # Ok::<(), cloakroom_core::ConfigError>(())
    /// ```
    #[must_use]
    pub fn most_bits(&self) -> u32 {
        let mut counts = [0_u32; 256];
        for &byte in self.0.iter() {
            counts[usize::from(byte)] += 1;
        }
        let all = self.0.len() as f64;
        let bits = |&count: &u32| f64::from(count) * (all / f64::from(count)).log2();
        counts.iter().filter(|&&count| count > 0).map(bits).sum::<f64>() as u32
    }

    /// Derives the key of one purpose. `purpose` must be such that no other one reads the same when joined.
    pub(crate) fn key(&self, purpose: &[&[u8]]) -> Zeroizing<[u8; 32]> {
        let mut key = Zeroizing::new([0; 32]);
        self.source()
            .expand_multi_info(purpose, key.as_mut())
            .expect("32 bytes are a length that HKDF can give");
        key
    }

    /// Returns what a cookie says of the secret that it needs, so that verifying is one try and not one for each. It
    /// stands in every cookie and is no secret; two secrets in 256 have the same one by chance.
    ///
    /// ```
    /// use cloakroom_core::Secret;
    ///
    /// let secret = Secret::new("a3f1c2d4e5968778695a4b3c2d1e0f00")?;
    /// assert_eq!(secret.key_id(), Secret::new("a3f1c2d4e5968778695a4b3c2d1e0f00")?.key_id());
    /// # Ok::<(), cloakroom_core::ConfigError>(())
    /// ```
    #[must_use]
    pub fn key_id(&self) -> u8 {
        let mut id = [0; 1];
        self.source().expand(b"key id", &mut id).expect("one byte is a length that HKDF can give");
        id[0]
    }

    fn source(&self) -> Hkdf<Sha256> {
        Hkdf::new(Some(b"cloakroom 1"), &self.0)
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(REDACTED)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_long_and_nobodys_example() {
        assert!(matches!(
            Secret::new([7; 31]),
            Err(ConfigError::SecretTooShort { got: 31, needed: 32 })
        ));
        assert!(matches!(Secret::new([7; 64]), Err(ConfigError::SecretTooSimple)));
        assert!(Secret::new("your-secret-key-at-least-32-characters").is_err());
        assert!(Secret::new("a3f1c2d4e5968778695a4b3c2d1e0f00").is_ok());
    }
}
