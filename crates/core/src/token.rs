//! The secret in the cookie, and the keys that sign it.
//!
//! On the wire a token is 44 characters of base64url for 33 bytes: the key's id (1), random bits (16), and the
//! first half of an HMAC-SHA256 over both (16). 33 bytes fill 44 characters exactly, so no two texts mean the same
//! token. The second half of that HMAC is the session's [`Id`]: neither half tells anything of the other or of the
//! random bits, so an id is no help in making a token, and one HMAC does for both. The keys are derived from the
//! secrets by HKDF with the cookie's name, so that a token signed for one cookie is worth nothing in another.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use subtle::ConstantTimeEq as _;
use zeroize::Zeroizing;

use crate::{Error, Id, Secret};

/// Length of a token in the cookie, in characters.
pub(crate) const TOKEN_CHARS: usize = 44;
const TOKEN_BYTES: usize = 33;
const SIGNED_BYTES: usize = 17;

/// The six bits of each character of base64url; [`FOREIGN`] for all others.
const SIX_BITS: [u8; 256] = {
    let alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let mut bits = [FOREIGN; 256];
    let mut place = 0;
    while place < alphabet.len() {
        bits[alphabet[place] as usize] = place as u8;
        place += 1;
    }
    bits
};
const FOREIGN: u8 = 0x80;

/// Text of the right length and alphabet, not yet verified. Good for nothing but [`KeyRing::verify`].
pub(crate) struct Unverified([u8; TOKEN_BYTES]);

impl Unverified {
    /// Our own few lines: with the length known and no rest, they take a fifth of what a decoder for any text takes.
    pub(crate) fn parse(text: &[u8]) -> Option<Self> {
        let text: &[u8; TOKEN_CHARS] = text.try_into().ok()?;
        let (fours, _) = text.as_chunks::<4>();
        let mut bytes = [0; TOKEN_BYTES];
        let (threes, _) = bytes.as_chunks_mut::<3>();
        let mut seen = 0;
        for (four, three) in fours.iter().zip(threes) {
            let [a, b, c, d] = four.map(|character| SIX_BITS[usize::from(character)]);
            seen |= a | b | c | d;
            *three = [a << 2 | b >> 4, b << 4 | c >> 2, c << 6 | d];
        }
        (seen & FOREIGN == 0).then_some(Self(bytes))
    }

    /// Returns which key it claims to be signed by.
    pub(crate) fn key_id(&self) -> u8 {
        self.0[0]
    }
}

/// A token that we signed: 128 random bits. Lives in memory and in the cookie, nowhere else.
#[derive(Clone)]
pub(crate) struct Token {
    bytes: Zeroizing<[u8; TOKEN_BYTES]>,
    id: Id,
    signer: Signer,
}

/// Which key signed a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Signer {
    /// The first one, which signs all new ones.
    Current,
    /// One that only verifies any more.
    Retiring,
}

impl Signer {
    /// The key at this place.
    pub(crate) const fn of(place: usize) -> Self {
        if place == 0 { Self::Current } else { Self::Retiring }
    }
}

impl Token {
    /// Returns what stores know of this token.
    pub(crate) fn id(&self) -> Id {
        self.id
    }

    pub(crate) fn signer(&self) -> Signer {
        self.signer
    }

    /// Returns the cookie's value.
    pub(crate) fn encode(&self) -> String {
        URL_SAFE_NO_PAD.encode(*self.bytes)
    }
}

impl PartialEq for Token {
    fn eq(&self, other: &Self) -> bool {
        self.bytes.ct_eq(&*other.bytes).into()
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(REDACTED)")
    }
}

/// The keys of one cookie. The first signs, all verify.
pub(crate) struct KeyRing(Vec<Key>);

struct Key {
    /// Tells quickly which key made a token. Not unique by nature, so it only saves work.
    id: u8,
    mac: Hmac<Sha256>,
}

impl KeyRing {
    /// Derives the keys of the cookie named `cookie`.
    pub(crate) fn derive(secrets: &[Secret], cookie: &str) -> Self {
        Self(secrets.iter().map(|secret| Key::derive(secret, cookie)).collect())
    }

    /// Draws a new token from the operating system, signed with the first key. A random source that fails is an
    /// error, never a fallback.
    pub(crate) fn issue(&self) -> Result<Token, Error> {
        let key = &self.0[0];
        let mut bytes = Zeroizing::new([0; TOKEN_BYTES]);
        bytes[0] = key.id;
        getrandom::fill(&mut bytes[1..SIGNED_BYTES]).map_err(Error::random)?;
        let (mac, id) = key.sign(&bytes[..SIGNED_BYTES]);
        bytes[SIGNED_BYTES..].copy_from_slice(&mac);
        Ok(Token { bytes, id, signer: Signer::Current })
    }

    /// Returns the token if one of our keys signed it; compares in constant time.
    pub(crate) fn verify(&self, unverified: &Unverified) -> Option<Token> {
        let (place, id) = self.find(unverified)?;
        Some(Token { bytes: Zeroizing::new(unverified.0), id, signer: Signer::of(place) })
    }

    /// Returns the place of the key that signed it, and the session's id.
    pub(crate) fn find(&self, unverified: &Unverified) -> Option<(usize, Id)> {
        let (signed, claimed) = unverified.0.split_first_chunk::<SIGNED_BYTES>()?;
        // Compared as one number, not byte by byte.
        let claimed = u128::from_ne_bytes(claimed.try_into().ok()?);
        let keys = self.0.iter().enumerate().filter(|(_, key)| key.id == signed[0]);
        for (place, key) in keys {
            let (mac, id) = key.sign(signed);
            if u128::from_ne_bytes(mac).ct_eq(&claimed).into() {
                return Some((place, id));
            }
        }
        None
    }
}

impl KeyRing {
    /// Returns how many keys there are.
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// Tells whether there is a key with this id.
    pub(crate) fn has(&self, id: u8) -> bool {
        self.0.iter().any(|key| key.id == id)
    }
}

impl fmt::Debug for KeyRing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeyRing({} keys, REDACTED)", self.0.len())
    }
}

impl Key {
    fn derive(secret: &Secret, cookie: &str) -> Self {
        let key = secret.key(&[b"token/", cookie.as_bytes()]);
        let mac = Hmac::new_from_slice(key.as_ref()).expect("HMAC takes keys of any length");
        Self { id: secret.key_id(), mac }
    }

    /// Returns the signature and the session's id: the halves of one HMAC.
    fn sign(&self, signed: &[u8]) -> ([u8; 16], Id) {
        let hmac: [u8; 32] = self.mac.clone().chain_update(signed).finalize().into_bytes().into();
        let (mut mac, mut id) = ([0; 16], [0; 16]);
        mac.copy_from_slice(&hmac[..16]);
        id.copy_from_slice(&hmac[16..]);
        (mac, Id::from_hash(id))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ring(seeds: &[u8]) -> KeyRing {
        let secrets: Vec<_> = seeds.iter().map(|&seed| secret(seed)).collect();
        KeyRing::derive(&secrets, "__Host-session")
    }

    fn secret(seed: u8) -> Secret {
        Secret::new((seed..seed + 40).collect::<Vec<u8>>()).unwrap()
    }

    fn verify(ring: &KeyRing, text: &str) -> Option<Token> {
        ring.verify(&Unverified::parse(text.as_bytes())?)
    }

    #[test]
    fn a_token_comes_back_as_it_was_signed() {
        let ring = ring(&[1]);
        let token = ring.issue().unwrap();
        let text = token.encode();
        assert_eq!(text.len(), TOKEN_CHARS);
        assert_eq!(verify(&ring, &text), Some(token));
    }

    #[test]
    fn a_token_with_any_one_bit_changed_is_refused() {
        let ring = ring(&[1]);
        let bytes = URL_SAFE_NO_PAD.decode(ring.issue().unwrap().encode()).unwrap();
        for bit in 0..TOKEN_BYTES * 8 {
            let mut changed = bytes.clone();
            changed[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(verify(&ring, &URL_SAFE_NO_PAD.encode(changed)), None, "bit {bit}");
        }
    }

    #[test]
    fn a_token_with_any_one_character_changed_is_refused() {
        let ring = ring(&[1]);
        let text = ring.issue().unwrap().encode().into_bytes();
        for place in 0..text.len() {
            for byte in 0..=255 {
                let mut changed = text.clone();
                changed[place] = byte;
                let verified = Unverified::parse(&changed).and_then(|token| ring.verify(&token));
                assert_eq!(verified.is_some(), byte == text[place]);
            }
        }
    }

    #[test]
    fn every_text_of_the_alphabet_is_read_and_no_other() {
        let alphabet = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_".contains(byte);
        for byte in 0..=255 {
            let text = [byte; TOKEN_CHARS];
            let read = Unverified::parse(&text).map(|Unverified(bytes)| bytes.to_vec());
            assert_eq!(read, URL_SAFE_NO_PAD.decode(text).ok(), "{byte}");
            assert_eq!(read.is_some(), alphabet(&byte), "{byte}");
        }
        assert!(
            Unverified::parse(&[b'A'; 43]).is_none() && Unverified::parse(&[b'A'; 45]).is_none()
        );
    }

    #[test]
    fn old_secrets_verify_until_they_are_removed() {
        let token = ring(&[1]).issue().unwrap();
        let old = verify(&ring(&[2, 1]), &token.encode()).unwrap();
        assert_eq!((old.id(), old.signer()), (token.id(), Signer::Retiring));
        assert_eq!(verify(&ring(&[2]), &token.encode()), None);
        let new = ring(&[2, 1]).issue().unwrap();
        assert_eq!(verify(&ring(&[2]), &new.encode()).unwrap().signer(), Signer::Current);
        assert_eq!(verify(&ring(&[1]), &new.encode()), None);
    }

    #[test]
    fn a_token_of_another_cookie_is_refused() {
        let other = KeyRing::derive(&[secret(1)], "admin");
        assert_eq!(verify(&ring(&[1]), &other.issue().unwrap().encode()), None);
    }

    #[test]
    fn neither_tokens_nor_keys_can_be_printed() {
        let ring = ring(&[1]);
        let token = ring.issue().unwrap();
        assert_eq!(format!("{token:?} {ring:?}"), "Token(REDACTED) KeyRing(1 keys, REDACTED)");
    }

    #[test]
    fn an_id_is_not_a_token() {
        let ring = ring(&[1]);
        let (token, other) = (ring.issue().unwrap(), ring.issue().unwrap());
        assert_eq!(verify(&ring, &token.encode()).unwrap().id(), token.id());
        assert_ne!(token.id(), other.id());
        assert!(
            !token.bytes.windows(4).any(|part| token
                .id()
                .as_bytes()
                .windows(4)
                .any(|id| id == part))
        );
        assert!(verify(&ring, &token.id().to_string()).is_none());
    }
}
