//! Any bytes as a form with a CSRF token: none verifies that we did not make.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| cloakroom_core::fuzzing::csrf_form(data));
