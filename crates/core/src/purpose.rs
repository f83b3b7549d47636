//! Keys for one purpose: short MACs of what needs no place in a cookie's format.

use std::fmt;

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use subtle::ConstantTimeEq as _;

use crate::Secret;
use crate::token::Signer;

/// A MAC's length: half of HMAC-SHA256.
pub(crate) const MAC_BYTES: usize = 16;

/// The keys of one purpose and one cookie, so that what one makes is worth nothing for another. The first makes, all
/// verify.
pub(crate) struct PurposeKeys(Vec<Hmac<Sha256>>);

impl PurposeKeys {
    pub(crate) fn derive(secrets: &[Secret], purpose: &str, cookie: &str) -> Self {
        let key = |secret: &Secret| {
            let key = secret.key(&[purpose.as_bytes(), b"/", cookie.as_bytes()]);
            Hmac::new_from_slice(key.as_ref()).expect("HMAC takes keys of any length")
        };
        Self(secrets.iter().map(key).collect())
    }

    /// Returns the MAC of `parts`, which must be such that no others read the same when joined.
    pub(crate) fn make(&self, parts: &[&[u8]]) -> [u8; MAC_BYTES] {
        mac(&self.0[0], parts)
    }

    /// Tells which key made `claimed` for `parts`, if one did; compares in constant time.
    pub(crate) fn verify(&self, parts: &[&[u8]], claimed: &[u8; MAC_BYTES]) -> Option<Signer> {
        let mut made = self.0.iter().map(|key| mac(key, parts).ct_eq(claimed));
        let place = made.position(bool::from)?;
        Some(Signer::of(place))
    }
}

fn mac(key: &Hmac<Sha256>, parts: &[&[u8]]) -> [u8; MAC_BYTES] {
    let mut key = key.clone();
    for part in parts {
        key.update(part);
    }
    let whole: [u8; 32] = key.finalize().into_bytes().into();
    *whole.first_chunk().expect("a half is shorter than the whole")
}

impl fmt::Debug for PurposeKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PurposeKeys({} keys, REDACTED)", self.0.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_purpose_cookie_and_secret_has_a_key_of_its_own() {
        let secrets = [1_u8, 100].map(|from| Secret::new((from..from + 40).collect::<Vec<u8>>()));
        let [new, old] = secrets.map(Result::unwrap);
        let keys = PurposeKeys::derive(std::slice::from_ref(&old), "csrf", "session");
        let made = keys.make(&[b"a", b"b"]);
        assert_eq!(keys.verify(&[b"ab"], &made), Some(Signer::Current));
        assert_eq!(keys.verify(&[b"ac"], &made), None);
        for (secrets, purpose, cookie, expected) in [
            (vec![new.clone(), old.clone()], "csrf", "session", Some(Signer::Retiring)),
            (vec![new], "csrf", "session", None),
            (vec![old.clone()], "auth", "session", None),
            (vec![old], "csrf", "admin", None),
        ] {
            let keys = PurposeKeys::derive(&secrets, purpose, cookie);
            assert_eq!(keys.verify(&[b"ab"], &made), expected, "{purpose} {cookie}");
        }
        assert!(!format!("{keys:?}").contains("Hmac"));
    }
}
