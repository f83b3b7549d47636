//! What a session in the cookie costs at least: axum, base64, one HMAC-SHA256 or one AES-256-GCM-SIV over the text, one
//! value read from its JSON, and `Vary`. No layer, no session, no expiry, no choice of keys.

use std::sync::Arc;

use aes_gcm_siv::{
    Aes256GcmSiv, Nonce,
    aead::{Aead as _, KeyInit as _},
};
use axum::{
    Router,
    extract::State,
    http::{HeaderMap, HeaderName, header},
    routing::get,
};
use base64_simd::URL_SAFE_NO_PAD;
use hmac::{Hmac, Mac as _};
use sha2::Sha256;

use crate::contract::{Content, DONE, N};

type Response<T> = ([(HeaderName, T); 1], String);

/// What protects the text.
#[derive(Clone)]
enum Limit {
    Signed(Hmac<Sha256>),
    Encrypted(Arc<Aes256GcmSiv>),
}

/// Signed with HMAC-SHA256.
pub(super) fn signed() -> Router {
    let mac = hmac::KeyInit::new_from_slice(&[7; 32]).expect("HMAC takes keys of any length");
    router(Limit::Signed(mac))
}

/// Encrypted with AES-256-GCM-SIV. The nonce is always the same, which costs less than to draw one.
pub(super) fn encrypted() -> Router {
    let cipher = Aes256GcmSiv::new_from_slice(&[7; 32]).expect("the key has 32 bytes");
    router(Limit::Encrypted(Arc::new(cipher)))
}

fn router(limit: Limit) -> Router {
    Router::new()
        .route("/read", get(read))
        .route("/write", get(write))
        .route("/seed", get(seed))
        .route("/plain", get(async || DONE))
        .with_state(limit)
}

async fn read(State(limit): State<Limit>, headers: HeaderMap) -> Response<&'static str> {
    let text = limit.open(&headers).unwrap_or_default();
    let n = serde_json::from_slice(&text).map_or(0, |N { n }| n);
    ([(header::VARY, "cookie")], n.to_string())
}

async fn write(State(limit): State<Limit>, headers: HeaderMap) -> Response<String> {
    let text = limit.open(&headers).unwrap_or_default();
    let Ok(mut content) = serde_json::from_slice::<Content>(&text) else {
        return ([(header::VARY, "cookie".to_owned())], "0".to_owned());
    };
    content.n += 1;
    ([(header::SET_COOKIE, limit.seal(&content))], content.n.to_string())
}

async fn seed(State(limit): State<Limit>) -> Response<String> {
    ([(header::SET_COOKIE, limit.seal(&Content::seeded()))], "1".to_owned())
}

impl Limit {
    fn seal(&self, content: &Content) -> String {
        let text = serde_json::to_vec(content).unwrap_or_default();
        let sealed = match self {
            Self::Signed(mac) => {
                let mac = mac.clone().chain_update(&text).finalize().into_bytes();
                [&mac[..], &text[..]].concat()
            }
            Self::Encrypted(cipher) => {
                cipher.encrypt(&Nonce::default(), &text[..]).expect("it is short")
            }
        };
        format!("id={}; Path=/", URL_SAFE_NO_PAD.encode_to_string(sealed))
    }

    fn open(&self, headers: &HeaderMap) -> Option<Vec<u8>> {
        let cookie = headers.get(header::COOKIE)?.as_bytes().strip_prefix(b"id=")?;
        let mut sealed = URL_SAFE_NO_PAD.decode_to_vec(cookie).ok()?;
        match self {
            Self::Signed(mac) => {
                let (claimed, text) = sealed.split_first_chunk::<32>()?;
                mac.clone().chain_update(text).verify_slice(claimed).ok()?;
                Some(sealed.split_off(32))
            }
            Self::Encrypted(cipher) => cipher.decrypt(&Nonce::default(), &sealed[..]).ok(),
        }
    }
}
