//! Any bytes as a forwarding header: what our proxy adds counts.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| cloakroom_core::fuzzing::forwarded(data));
