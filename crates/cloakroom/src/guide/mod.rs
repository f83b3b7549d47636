//! The guide: how to use cloakroom, chapter by chapter. Every example is compiled.
//!
//! 1. [`start`]: a first application
//! 2. [`stores`]: where sessions are kept
//! 3. [`cookies`]: what the browser holds
//! 4. [`front_doors`]: extractors, structs, any tower service, by hand, without a request
//! 5. [`sign_in`]: who the visitor is, and what they may see
//! 6. [`csrf`]: forms that other sites send
//! 7. [`devices`]: where a user is signed in, and the end of it
//! 8. [`configuration`]: settings, and secrets that change
//! 9. [`behind_a_proxy`]: addresses, https, several hosts
//! 10. [`watching`]: events, metrics, sweeping
//! 11. [`testing`]: tests of your application
//! 12. [`moving_house`]: from one store to another
//! 13. [`in_actix_web`]: what is different there
//! 14. [`administration`]: the command-line tool, and your own
//! 15. [`coming_from`]: tower-sessions, actix-session, `axum_session`

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
chapter!(sign_in, "sign_in.md");
chapter!(csrf, "csrf.md");
chapter!(devices, "devices.md");
chapter!(configuration, "configuration.md");
chapter!(behind_a_proxy, "behind_a_proxy.md");
chapter!(watching, "watching.md");
chapter!(testing, "testing.md");
chapter!(moving_house, "moving_house.md");
chapter!(in_actix_web, "in_actix_web.md");
chapter!(administration, "administration.md");
chapter!(coming_from, "coming_from.md");
