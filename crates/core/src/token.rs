//! The secret in the cookie, and the keys that sign it.
//!
//! On the wire a token is 44 characters of base64url for 33 bytes: the key's id (1), random bits (16), and the
//! first 16 bytes of an HMAC-SHA256 over both. 33 bytes fill 44 characters exactly, so no two texts mean the same
//! token. The keys are derived from the secrets by HKDF with the cookie's name, so that a token signed for one
//! cookie is worth nothing in another.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hkdf::Hkdf;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use crate::{Error, Id, Secret};

/// Length of a token in the cookie, in characters.
pub(crate) const TOKEN_CHARS: usize = 44;
const TOKEN_BYTES: usize = 33;
const RANDOM_BYTES: usize = 16;
const SIGNED_BYTES: usize = 1 + RANDOM_BYTES;

/// Text of the right length and alphabet, not yet verified. Good for nothing but [`KeyRing::verify`].
pub(crate) struct Unverified([u8; TOKEN_BYTES]);

impl Unverified {
    pub(crate) fn parse(text: &[u8]) -> Option<Self> {
        if text.len() != TOKEN_CHARS {
            return None;
        }
        let mut bytes = [0; TOKEN_BYTES];
        match URL_SAFE_NO_PAD.decode_slice(text, &mut bytes) {
            Ok(TOKEN_BYTES) => Some(Self(bytes)),
            _ => None,
        }
    }
}

/// A token that we signed: 128 random bits. Lives in memory and in the cookie, nowhere else.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Token(Zeroizing<[u8; RANDOM_BYTES]>);

impl Token {
    /// Draws a new token from the operating system. A random source that fails is an error, never a fallback.
    pub(crate) fn generate() -> Result<Self, Error> {
        let mut random = Zeroizing::new([0; RANDOM_BYTES]);
        getrandom::fill(random.as_mut()).map_err(Error::random)?;
        Ok(Self(random))
    }

    /// Returns what stores know of this token.
    pub(crate) fn id(&self) -> Id {
        let hash = Sha256::new().chain_update(b"cloakroom id 1").chain_update(*self.0).finalize();
        let mut first = [0; 16];
        first.copy_from_slice(&hash[..16]);
        Id::from_hash(first)
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

    /// Returns the token as the cookie's value, signed with the first key.
    pub(crate) fn sign(&self, token: &Token) -> String {
        let key = &self.0[0];
        let mut bytes = Zeroizing::new([0; TOKEN_BYTES]);
        bytes[0] = key.id;
        bytes[1..SIGNED_BYTES].copy_from_slice(&*token.0);
        let mac = key.mac.clone().chain_update(&bytes[..SIGNED_BYTES]).finalize().into_bytes();
        bytes[SIGNED_BYTES..].copy_from_slice(&mac[..TOKEN_BYTES - SIGNED_BYTES]);
        URL_SAFE_NO_PAD.encode(*bytes)
    }

    /// Returns the token if one of our keys signed it; compares in constant time.
    pub(crate) fn verify(&self, unverified: &Unverified) -> Option<Token> {
        let (signed, mac) = unverified.0.split_at(SIGNED_BYTES);
        let ours = self
            .0
            .iter()
            .filter(|key| key.id == signed[0])
            .any(|key| key.mac.clone().chain_update(signed).verify_truncated_left(mac).is_ok());
        if !ours {
            return None;
        }
        let mut random = Zeroizing::new([0; RANDOM_BYTES]);
        random.copy_from_slice(&signed[1..]);
        Some(Token(random))
    }
}

impl fmt::Debug for KeyRing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeyRing({} keys, REDACTED)", self.0.len())
    }
}

impl Key {
    fn derive(secret: &Secret, cookie: &str) -> Self {
        let source = Hkdf::<Sha256>::new(Some(b"cloakroom 1"), secret.bytes());
        let mut id = [0; 1];
        let mut key = Zeroizing::new([0; 32]);
        source.expand(b"key id", &mut id).expect("one byte is a length that HKDF can give");
        source
            .expand_multi_info(&[b"token/", cookie.as_bytes()], key.as_mut())
            .expect("32 bytes are a length that HKDF can give");
        let mac = Hmac::new_from_slice(key.as_ref()).expect("HMAC takes keys of any length");
        Self { id: id[0], mac }
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
        let (ring, token) = (ring(&[1]), Token::generate().unwrap());
        let text = ring.sign(&token);
        assert_eq!(text.len(), TOKEN_CHARS);
        assert_eq!(verify(&ring, &text), Some(token));
    }

    #[test]
    fn a_token_with_any_one_bit_changed_is_refused() {
        let ring = ring(&[1]);
        let bytes = URL_SAFE_NO_PAD.decode(ring.sign(&Token::generate().unwrap())).unwrap();
        for bit in 0..TOKEN_BYTES * 8 {
            let mut changed = bytes.clone();
            changed[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(verify(&ring, &URL_SAFE_NO_PAD.encode(changed)), None, "bit {bit}");
        }
    }

    #[test]
    fn a_token_with_any_one_character_changed_is_refused() {
        let ring = ring(&[1]);
        let text = ring.sign(&Token::generate().unwrap()).into_bytes();
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
    fn old_secrets_verify_until_they_are_removed() {
        let token = Token::generate().unwrap();
        let old = ring(&[1]).sign(&token);
        assert_eq!(verify(&ring(&[2, 1]), &old), Some(token.clone()));
        assert_eq!(verify(&ring(&[2]), &old), None);
        assert_eq!(verify(&ring(&[1]), &ring(&[2, 1]).sign(&token)), None);
    }

    #[test]
    fn a_token_of_another_cookie_is_refused() {
        let other = KeyRing::derive(&[secret(1)], "admin");
        assert_eq!(verify(&ring(&[1]), &other.sign(&Token::generate().unwrap())), None);
    }

    #[test]
    fn neither_tokens_nor_keys_can_be_printed() {
        let (ring, token) = (ring(&[1]), Token::generate().unwrap());
        assert_eq!(format!("{token:?} {ring:?}"), "Token(REDACTED) KeyRing(1 keys, REDACTED)");
    }

    #[test]
    fn an_id_is_not_a_token() {
        let token = Token::generate().unwrap();
        assert_eq!(token.id(), token.clone().id());
        assert_ne!(token.id().as_bytes(), &*token.0);
        assert!(verify(&ring(&[1]), &token.id().to_string()).is_none());
    }
}
