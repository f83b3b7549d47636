//! Any bytes as the value of a `Cookie` header: the parser neither panics nor dawdles.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| cloakroom_core::fuzzing::cookie_header(data));
