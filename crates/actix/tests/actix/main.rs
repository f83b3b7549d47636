//! What is peculiar to actix-web: its errors, extractors, workers and streams.

mod requests;
mod support;
