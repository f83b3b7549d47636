//! Any bytes as what was sealed: it is read or refused, and what is written reads the same again.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| cloakroom_core::fuzzing::sealed_text(data));
