//! Any bytes as a token: none verifies but those that we signed.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| cloakroom_core::fuzzing::token(data));
