//! Any bytes as a stored payload: refused, or read, changed and written so that it reads the same.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| cloakroom_core::fuzzing::payload(data));
