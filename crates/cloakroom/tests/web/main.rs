//! Whole applications with sessions: what their visitors see, with every framework and over every store.
//!
//! One program, so that its dependencies are linked once. `apps` holds the applications, `support` the storages and the
//! visitors; each other module is about one promise. Tests speak HTTP, so that the same ones hold for every framework;
//! modules or tests that are about one alone say so.

#![cfg(all(
    feature = "actix",
    feature = "axum",
    feature = "conformance",
    feature = "postgres",
    feature = "redis",
    feature = "sqlite"
))]

#[macro_use]
mod support;
mod apps;

mod configured;
mod cross_origin;
mod csrf;
mod current_user;
mod cut_off;
mod devices;
mod ended;
mod events;
mod guards;
mod sign_in;
mod sign_out;
mod typed;
mod updates;
mod visitors;

mod ambient;
mod detached;
mod flash;
mod head;
mod layers;
mod manual;
mod moving;
mod secrecy;
mod server_errors;
mod store_down;

mod log;
#[cfg(feature = "metrics")]
mod metrics;

mod bad_cookies;
mod bad_files;
mod bad_records;
mod full_disk;
