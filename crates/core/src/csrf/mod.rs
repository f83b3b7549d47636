//! CSRF tokens: bound to the session, masked afresh each time, stored nowhere.
//!
//! On the wire a token is 43 characters of base64url for a random mask (16 bytes) and, under the mask, an HMAC of the
//! session's id (16). The mask makes every token another one, so that compressed pages tell nothing about it (BREACH).

mod policy;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

#[cfg(feature = "fuzzing")]
pub(crate) use self::policy::field_of;
pub use self::policy::{Csrf, CsrfRefusal, CsrfStep};
use crate::purpose::{MAC_BYTES, PurposeKeys};
use crate::{Error, Id};

const TOKEN_BYTES: usize = 2 * MAC_BYTES;
/// A token's length, in characters.
const TOKEN_CHARS: usize = 43;

/// Makes a token for the session `id`.
pub(crate) fn make(keys: &PurposeKeys, id: Id) -> Result<String, Error> {
    let mut bytes = [0; TOKEN_BYTES];
    let (mask, masked) = bytes.split_at_mut(MAC_BYTES);
    getrandom::fill(mask).map_err(Error::random)?;
    masked.copy_from_slice(&keys.make(&[id.as_bytes()]));
    for (byte, mask) in masked.iter_mut().zip(mask) {
        *byte ^= *mask;
    }
    Ok(URL_SAFE_NO_PAD.encode(bytes))
}

/// Tells whether `text` is a token for one of the sessions `ids`; compares in constant time.
pub(crate) fn verify(keys: &PurposeKeys, ids: impl IntoIterator<Item = Id>, text: &str) -> bool {
    let Some(claimed) = unmask(text) else { return false };
    ids.into_iter().any(|id| keys.verify(&[id.as_bytes()], &claimed).is_some())
}

/// Reads a token. `None` if it is not of the right length and alphabet.
fn unmask(text: &str) -> Option<[u8; MAC_BYTES]> {
    if text.len() != TOKEN_CHARS {
        return None;
    }
    let mut bytes = [0; TOKEN_BYTES];
    // As strict as can be: no padding, and no bits beyond the last byte.
    let length = URL_SAFE_NO_PAD.decode_slice(text, &mut bytes).ok()?;
    let (mask, masked) = bytes.get(..length)?.split_first_chunk::<MAC_BYTES>()?;
    let mut claimed: [u8; MAC_BYTES] = masked.try_into().ok()?;
    for (byte, mask) in claimed.iter_mut().zip(mask) {
        *byte ^= *mask;
    }
    Some(claimed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Secret;

    fn keys(seeds: &[u8]) -> PurposeKeys {
        let secret = |&seed: &u8| Secret::new((seed..seed + 40).collect::<Vec<u8>>()).unwrap();
        let secrets: Vec<_> = seeds.iter().map(secret).collect();
        PurposeKeys::derive(&secrets, "csrf", "session")
    }

    const ID: Id = Id::from_bytes([7; 16]);
    const OTHER: Id = Id::from_bytes([8; 16]);

    #[test]
    fn a_token_is_another_each_time_and_good_for_its_session_alone() {
        let keys = keys(&[1]);
        let tokens: Vec<_> = (0..50).map(|_| make(&keys, ID).unwrap()).collect();
        for (place, token) in tokens.iter().enumerate() {
            assert_eq!(token.len(), TOKEN_CHARS);
            assert!(verify(&keys, [ID], token) && verify(&keys, [OTHER, ID], token));
            assert!(!verify(&keys, [OTHER], token) && !verify(&keys, [], token));
            for other in &tokens[..place] {
                // Nothing that a page shows stays the same from one to the next.
                let same = token.bytes().zip(other.bytes()).filter(|(a, b)| a == b).count();
                assert!(same < TOKEN_CHARS / 2, "{token} {other}");
            }
        }
    }

    #[test]
    fn a_token_with_any_one_character_changed_is_refused() {
        let keys = keys(&[1]);
        let token = make(&keys, ID).unwrap();
        for place in 0..token.len() {
            for byte in 0..128 {
                let mut changed = token.clone().into_bytes();
                changed[place] = byte;
                let changed = String::from_utf8(changed).unwrap();
                assert_eq!(verify(&keys, [ID], &changed), changed == token, "{changed:?}");
            }
        }
    }

    #[test]
    fn what_is_no_token_is_refused() {
        let keys = keys(&[1]);
        let zeros = URL_SAFE_NO_PAD.encode([0; TOKEN_BYTES]);
        let unmasked = URL_SAFE_NO_PAD.encode(keys.make(&[ID.as_bytes()]));
        for text in
            ["", " ", "=", &"A".repeat(42), &"A".repeat(44), &zeros, &unmasked, &"é".repeat(21)]
        {
            assert!(!verify(&keys, [ID], text), "{text:?}");
        }
        let token = make(&keys, ID).unwrap();
        for text in [format!("{token}="), format!(" {token}"), ID.to_string()] {
            assert!(!verify(&keys, [ID], &text), "{text:?}");
        }
    }

    #[test]
    fn old_secrets_verify_until_they_are_removed() {
        let token = make(&keys(&[1]), ID).unwrap();
        assert!(verify(&keys(&[100, 1]), [ID], &token));
        assert!(!verify(&keys(&[100]), [ID], &token));
    }
}
