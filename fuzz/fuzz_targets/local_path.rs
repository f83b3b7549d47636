//! Any text as a path to send a visitor to: none leaves the site.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| cloakroom_core::fuzzing::local_path(data));
