//! What a session in memory costs at least: axum, one HMAC-SHA256 over the cookie's token, one look-up behind a lock, one
//! value read as JSON, and `Vary`. No layer, no session, no expiry, no bounds.

use std::{
    collections::HashMap,
    hash::{BuildHasher, RandomState},
    sync::{Arc, Mutex, PoisonError},
};

use axum::{
    Router,
    extract::State,
    http::{HeaderMap, HeaderName, header},
    routing::get,
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

use crate::contract::DONE;

const VARY: (HeaderName, &str) = (header::VARY, "cookie");

#[derive(Clone)]
struct Limit {
    mac: Hmac<Sha256>,
    values: Arc<Mutex<HashMap<[u8; 16], String>>>,
}

/// Serves what a load needs.
pub(super) fn router() -> Router {
    let mac = Hmac::new_from_slice(&[7; 32]).expect("HMAC takes keys of any length");
    Router::new()
        .route("/read", get(read))
        .route("/write", get(write))
        .route("/seed", get(seed))
        .route("/plain", get(async || DONE))
        .with_state(Limit { mac, values: Arc::default() })
}

async fn read(
    State(limit): State<Limit>,
    headers: HeaderMap,
) -> ([(HeaderName, &'static str); 1], String) {
    ([VARY], limit.with(&headers, |_| {}).to_string())
}

async fn write(
    State(limit): State<Limit>,
    headers: HeaderMap,
) -> ([(HeaderName, &'static str); 1], String) {
    let n = limit.with(&headers, |text| *text = (number(text) + 1).to_string());
    ([VARY], n.to_string())
}

async fn seed(State(limit): State<Limit>) -> ([(HeaderName, String); 1], &'static str) {
    let [high, low] = [0, 1].map(|n| RandomState::new().hash_one(n).to_be_bytes());
    let mut token = [0; 48];
    token[..8].copy_from_slice(&high);
    token[8..16].copy_from_slice(&low);
    let mac = limit.mac.clone().chain_update(&token[..16]).finalize().into_bytes();
    token[16..].copy_from_slice(&mac);
    let (id, _) = token.split_first_chunk().expect("it is longer");
    limit.values.lock().unwrap_or_else(PoisonError::into_inner).insert(*id, "1".to_owned());
    ([(header::SET_COOKIE, format!("id={}; Path=/", URL_SAFE_NO_PAD.encode(token)))], "1")
}

impl Limit {
    /// Changes the value under the cookie's token and returns it; 0 if there is none.
    fn with(&self, headers: &HeaderMap, change: impl FnOnce(&mut String)) -> i64 {
        let found = || {
            let mut token = [0; 48];
            let cookie = headers.get(header::COOKIE)?.as_bytes().strip_prefix(b"id=")?;
            URL_SAFE_NO_PAD.decode_slice(cookie, &mut token).ok()?;
            let (id, claimed) = token.split_first_chunk::<16>()?;
            self.mac.clone().chain_update(id).verify_slice(claimed).ok()?;
            let mut values = self.values.lock().unwrap_or_else(PoisonError::into_inner);
            let value = values.get_mut(id)?;
            change(value);
            Some(number(value))
        };
        found().unwrap_or(0)
    }
}

fn number(text: &str) -> i64 {
    serde_json::from_str(text).unwrap_or(0)
}
