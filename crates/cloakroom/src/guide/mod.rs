//! The guide: how to use cloakroom, chapter by chapter. Every example is compiled.
//!
//! 1. [`start`]: a first application
//! 2. [`stores`]: where sessions are kept
//! 3. [`cookies`]: what the browser holds
//! 4. [`front_doors`]: extractors, structs, by hand, without a request
//! 5. [`testing`]: tests of your application
//! 6. [`moving_house`]: from one store to another
//! 7. [`coming_from`]: tower-sessions, actix-session, `axum_session`

macro_rules! chapter {
    ($name:ident, $file:literal) => {
        #[doc = include_str!($file)]
        pub mod $name {}
    };
}

chapter!(start, "start.md");
chapter!(stores, "stores.md");
chapter!(cookies, "cookies.md");
chapter!(front_doors, "front_doors.md");
chapter!(testing, "testing.md");
chapter!(moving_house, "moving_house.md");
chapter!(coming_from, "coming_from.md");
