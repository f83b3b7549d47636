//! Any bytes as a `Cookie` header: no session opens but those that we sealed.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| cloakroom_core::fuzzing::carried(data));
