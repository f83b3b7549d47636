//! Defects that were found by review, each kept by the test that showed it.
#![cfg(feature = "conformance")]

mod bounds;
mod ends;
mod queues;
mod saves;
mod support;
mod updates;
