//! Seals text into a cookie: signed, so that its owner can read it but not change it, or encrypted.
//!
//! Signed: the text in base64url, a dot, and 44 characters for the key's id (1 byte) and an HMAC-SHA256 over the text (32).
//! Encrypted: base64url of the key's id (1), a nonce (12), and what AES-256-GCM-SIV (RFC 8452) makes of the text. It
//! forgives a repeated nonce: that shows only whether two texts are the same. The keys are derived from the secrets by
//! HKDF with the purpose and the cookie's name, so that nothing sealed for one is worth anything in another.

use std::fmt;

use aes_gcm_siv::aead::AeadInOut as _;
use aes_gcm_siv::aead::inout::InOutBuf;
use aes_gcm_siv::{Aes256GcmSiv, KeyInit as _, Nonce, Tag};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, Mac as _};
use sha2::Sha256;

use crate::{Error, Secret};

/// Whether its owner can read a cookie. Nobody but us can change it either way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Protection {
    Signed,
    Encrypted,
}

/// The keys of one cookie and one purpose. The first seals, all open.
pub(crate) struct Seal(Vec<Key>);

struct Key {
    /// Tells which key sealed a text, so that opening is one try and not one for each key.
    id: u8,
    cipher: Cipher,
}

#[expect(clippy::large_enum_variant, reason = "there is one for each secret")]
enum Cipher {
    Signed(Hmac<Sha256>),
    Encrypted(Aes256GcmSiv),
}

/// What was sealed, as it was.
pub(crate) struct Opened {
    /// The text, and before it what is of no interest any more: it is opened where it lies.
    buffer: Vec<u8>,
    start: usize,
    end: usize,
    /// The place of the key that sealed it.
    pub(crate) place: usize,
}

impl Opened {
    pub(crate) fn text(&self) -> &[u8] {
        &self.buffer[self.start..self.end]
    }
}

/// For long texts: as strict as the other, and many times as fast.
const LONG: base64_simd::Base64 = base64_simd::URL_SAFE_NO_PAD;

const NONCE_BYTES: usize = 12;
/// The key's id and the nonce.
const HEAD_BYTES: usize = 13;
const TAG_BYTES: usize = 16;
/// The key's id and the MAC, in base64url.
const SIGNATURE_CHARS: usize = 44;
const SIGNATURE_BYTES: usize = 33;

impl Seal {
    /// Derives the keys for `purpose` in the cookie named `cookie`.
    pub(crate) fn derive(
        secrets: &[Secret],
        protection: Protection,
        purpose: &str,
        cookie: &str,
    ) -> Self {
        let key = |secret| Key::derive(secret, protection, purpose, cookie);
        Self(secrets.iter().map(key).collect())
    }

    pub(crate) fn seal(&self, text: &[u8]) -> Result<String, Error> {
        let key = &self.0[0];
        match &key.cipher {
            Cipher::Signed(mac) => {
                let mut sealed = LONG.encode_to_string(text);
                sealed.push('.');
                let mut signature = [0; SIGNATURE_BYTES];
                signature[0] = key.id;
                let mac = mac.clone().chain_update(text).finalize().into_bytes();
                signature[1..].copy_from_slice(&mac);
                URL_SAFE_NO_PAD.encode_string(signature, &mut sealed);
                Ok(sealed)
            }
            Cipher::Encrypted(cipher) => {
                let mut nonce = [0; NONCE_BYTES];
                getrandom::fill(&mut nonce).map_err(Error::random)?;
                let mut sealed = Vec::with_capacity(HEAD_BYTES + text.len() + TAG_BYTES);
                sealed.push(key.id);
                sealed.extend_from_slice(&nonce);
                sealed.extend_from_slice(text);
                let hidden = InOutBuf::from(&mut sealed[HEAD_BYTES..]);
                let tag = cipher
                    .encrypt_inout_detached(&Nonce::from(nonce), &[key.id], hidden)
                    .expect("a session is shorter than the 64 GiB that the cipher takes");
                sealed.extend_from_slice(&tag);
                Ok(LONG.encode_to_string(sealed))
            }
        }
    }

    /// Returns the text if one of our keys sealed it; compares in constant time.
    pub(crate) fn open(&self, sealed: &[u8]) -> Option<Opened> {
        match &self.0[0].cipher {
            Cipher::Signed(_) => {
                let (text, signature) =
                    sealed.split_at_checked(sealed.len().checked_sub(SIGNATURE_CHARS + 1)?)?;
                let signature = signature.strip_prefix(b".")?;
                let mut bytes = [0; SIGNATURE_BYTES];
                let length = URL_SAFE_NO_PAD.decode_slice(signature, &mut bytes).ok()?;
                let (id, claimed) = bytes.get(..length)?.split_first()?;
                let buffer = LONG.decode_to_vec(text).ok()?;
                let place = self.first(*id, |cipher| {
                    let Cipher::Signed(mac) = cipher else { return false };
                    mac.clone().chain_update(&buffer).verify_slice(claimed).is_ok()
                })?;
                Some(Opened { start: 0, end: buffer.len(), buffer, place })
            }
            Cipher::Encrypted(_) => {
                let mut buffer = LONG.decode_to_vec(sealed).ok()?;
                let (head, rest) = buffer.split_first_chunk_mut::<HEAD_BYTES>()?;
                let (&id, nonce) = head.split_first()?;
                let nonce = Nonce::try_from(nonce).ok()?;
                let (hidden, tag) = rest.split_last_chunk_mut::<TAG_BYTES>()?;
                let end = HEAD_BYTES + hidden.len();
                let place = self.first(id, |cipher| {
                    let Cipher::Encrypted(cipher) = cipher else { return false };
                    let (hidden, tag) = (InOutBuf::from(&mut *hidden), Tag::from(*tag));
                    cipher.decrypt_inout_detached(&nonce, &[id], hidden, &tag).is_ok()
                })?;
                Some(Opened { buffer, start: HEAD_BYTES, end, place })
            }
        }
    }

    /// Returns how many characters a text of so many bytes becomes.
    pub(crate) fn sealed_len(&self, bytes: usize) -> usize {
        let base64 = |bytes: usize| bytes.saturating_mul(4).div_ceil(3);
        match self.0[0].cipher {
            Cipher::Signed(_) => base64(bytes) + 1 + SIGNATURE_CHARS,
            Cipher::Encrypted(_) => base64(bytes + 1 + NONCE_BYTES + TAG_BYTES),
        }
    }

    /// Two secrets may have the same key id by chance, so the first that fits is not always the right one.
    fn first(&self, id: u8, mut opens: impl FnMut(&Cipher) -> bool) -> Option<usize> {
        let mut keys = self.0.iter().enumerate().filter(|(_, key)| key.id == id);
        keys.find(|(_, key)| opens(&key.cipher)).map(|(place, _)| place)
    }

    /// Returns which key a text claims to be sealed by; `None` if it is none of ours by its form.
    pub(crate) fn claimed(&self, sealed: &[u8]) -> Option<u8> {
        let head = match &self.0[0].cipher {
            Cipher::Signed(_) => {
                let start = sealed.len().checked_sub(SIGNATURE_CHARS + 1)?;
                let (_, signature) = sealed.split_at_checked(start)?;
                signature.strip_prefix(b".")?.get(..4)?
            }
            Cipher::Encrypted(_) => sealed.get(..4)?,
        };
        URL_SAFE_NO_PAD.decode(head).ok()?.first().copied()
    }

    /// Tells whether there is a key with this id.
    pub(crate) fn has(&self, id: u8) -> bool {
        self.0.iter().any(|key| key.id == id)
    }
}

impl Key {
    fn derive(secret: &Secret, protection: Protection, purpose: &str, cookie: &str) -> Self {
        let kind: &[u8] = match protection {
            Protection::Signed => b"signed ",
            Protection::Encrypted => b"encrypted ",
        };
        let key = secret.key(&[kind, purpose.as_bytes(), b"/", cookie.as_bytes()]);
        let cipher = match protection {
            Protection::Signed => Cipher::Signed(
                Hmac::new_from_slice(key.as_ref()).expect("HMAC takes keys of any length"),
            ),
            Protection::Encrypted => Cipher::Encrypted(
                Aes256GcmSiv::new_from_slice(key.as_ref()).expect("the key has 32 bytes"),
            ),
        };
        Self { id: secret.key_id(), cipher }
    }
}

impl fmt::Debug for Seal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Seal({} keys, REDACTED)", self.0.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::token::Signer;

    const BOTH: [Protection; 2] = [Protection::Signed, Protection::Encrypted];

    fn secret(seed: u8) -> Secret {
        Secret::new((seed..seed + 40).collect::<Vec<u8>>()).unwrap()
    }

    fn seal(seeds: &[u8], protection: Protection) -> Seal {
        let secrets: Vec<_> = seeds.iter().map(|&seed| secret(seed)).collect();
        Seal::derive(&secrets, protection, "session", "__Host-session")
    }

    fn opened(seal: &Seal, sealed: &str) -> Option<(Vec<u8>, Signer)> {
        seal.open(sealed.as_bytes())
            .map(|opened| (opened.text().to_vec(), Signer::of(opened.place)))
    }

    #[test]
    fn what_is_sealed_opens_as_it_was() {
        for protection in BOTH {
            let seal = seal(&[1], protection);
            for text in [&b""[..], b"a", b"ab", b"{\"n\":1}", &[0; 1000]] {
                let sealed = seal.seal(text).unwrap();
                assert_eq!(sealed.len(), seal.sealed_len(text.len()));
                assert_eq!(opened(&seal, &sealed), Some((text.to_vec(), Signer::Current)));
            }
        }
    }

    #[test]
    fn with_any_one_bit_changed_it_is_refused() {
        for protection in BOTH {
            let seal = seal(&[1], protection);
            for text in [&b"{\"id\":\"x\",\"n\":1}"[..], b"one more", b"and more"] {
                let sealed = seal.seal(text).unwrap().into_bytes();
                for bit in 0..sealed.len() * 8 {
                    let mut changed = sealed.clone();
                    changed[bit / 8] ^= 1 << (bit % 8);
                    assert!(seal.open(&changed).is_none(), "{protection:?}, bit {bit}");
                }
                for length in 0..sealed.len() {
                    assert!(seal.open(&sealed[..length]).is_none());
                    assert!(seal.open(&sealed[length + 1..]).is_none());
                }
            }
        }
    }

    #[test]
    fn nothing_moves_between_cookies_purposes_and_protections() {
        for protection in BOTH {
            let sealed = seal(&[1], protection).seal(b"text").unwrap();
            for (purpose, cookie) in
                [("session", "admin"), ("cache", "__Host-session"), ("session/__Host", "session")]
            {
                for other in BOTH {
                    let seal = Seal::derive(&[secret(1)], other, purpose, cookie);
                    assert_eq!(opened(&seal, &sealed), None);
                }
            }
        }
        let signed = seal(&[1], Protection::Signed).seal(b"text").unwrap();
        assert_eq!(opened(&seal(&[1], Protection::Encrypted), &signed), None);
    }

    #[test]
    fn old_secrets_open_until_they_are_removed() {
        for protection in BOTH {
            let old = seal(&[1], protection).seal(b"text").unwrap();
            let text = b"text".to_vec();
            assert_eq!(opened(&seal(&[2, 1], protection), &old), Some((text, Signer::Retiring)));
            assert_eq!(opened(&seal(&[2], protection), &old), None);
            let new = seal(&[2, 1], protection).seal(b"text").unwrap();
            assert_eq!(opened(&seal(&[1], protection), &new), None);
        }
    }

    #[test]
    fn the_owner_reads_what_is_signed_and_not_what_is_encrypted() {
        let signed = seal(&[1], Protection::Signed).seal(b"{\"n\":1}").unwrap();
        let text = signed.split_once('.').unwrap().0;
        assert_eq!(URL_SAFE_NO_PAD.decode(text).unwrap(), b"{\"n\":1}");
        let encrypted = seal(&[1], Protection::Encrypted);
        let (one, two) =
            (encrypted.seal(b"{\"n\":1}").unwrap(), encrypted.seal(b"{\"n\":1}").unwrap());
        assert_ne!(one, two, "a nonce is drawn for each");
        let hidden = URL_SAFE_NO_PAD.decode(one).unwrap();
        assert!(!hidden.windows(3).any(|part| part == b"\"n\""));
    }
}
