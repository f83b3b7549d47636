//! What is peculiar to actix-web: its errors, extractors, scopes, workers and streams.

mod abandoned;
mod csrf;
mod errors;
mod extractors;
mod layers;
mod streams;
mod support;
mod users;
mod workers;
