//! The shop in a real browser: what a visitor sees, over real cookies, redirects and tabs.

mod harness;

mod cookies;
mod devices;
mod strangers;
mod visits;

use axum::{Router, extract::Path, response::Html, routing::get};
use cloakroom::{
    CookieDriver, Secret, Sessions,
    axum::{Error, Session},
    tower::SessionLayer,
};
use harness::{in_browser, in_browser_at, in_browsers_at, open_shop, open_the_shop, serve};
use thirtyfour::prelude::*;

const NAME: &str = "Ada Lovelace";
const EMAIL: &str = "ada@example.org";
const PASSWORD: &str = "a short sentence";
