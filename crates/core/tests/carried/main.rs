//! Sessions that travel in the cookie, and copies that do.
//!
//! `alone` is without any store, `size` about what fits, `denied` with a deny list, `copies` the cookie as a cache.
#![cfg(feature = "conformance")]

mod alone;
mod copies;
mod denied;
mod size;

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use cloakroom_core::conformance::{Browser, Gauge};
use cloakroom_core::*;
use http::StatusCode;
use http::header::SET_COOKIE;

const MINUTE: Duration = Duration::from_secs(60);

type Driver = fn() -> CookieDriver;
const DRIVERS: [Driver; 2] = [CookieDriver::signed, CookieDriver::encrypted];

fn secret(seed: u8) -> Secret {
    Secret::new((seed..seed + 40).collect::<Vec<u8>>()).unwrap()
}

fn sessions(driver: CookieDriver) -> (Sessions, FrozenClock) {
    built(Sessions::in_cookie(driver).secret(secret(1)))
}

fn built(builder: SessionsBuilder) -> (Sessions, FrozenClock) {
    let clock = FrozenClock::default();
    (builder.clock(clock.clone()).build().unwrap(), clock)
}

async fn set(browser: &mut Browser, key: &'static str, value: impl serde::Serialize) {
    browser.visit(|session| session.set(key, &value)).await.unwrap().unwrap();
}

async fn get(browser: &Browser, key: &str) -> Option<u32> {
    browser.begin().await.unwrap().session().get(key).unwrap()
}
