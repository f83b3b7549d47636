//! The scripts, each known to the server by the hash of its text.

use std::sync::LazyLock;

/// A script's text and the SHA-1 of it.
#[derive(Debug)]
pub(crate) struct Script {
    pub(crate) text: &'static str,
    pub(crate) hash: String,
}

macro_rules! script {
    ($name:ident, $($file:literal),+) => {
        pub(crate) static $name: LazyLock<Script> = LazyLock::new(|| {
            let text = concat!($(include_str!($file)),+);
            Script { text, hash: redis::Script::new(text).get_hash().to_owned() }
        });
    };
}

script!(CONFIRM, "lua/value.lua", "lua/confirm.lua");
script!(DELETE, "lua/value.lua", "lua/delete.lua");
script!(REMEMBER, "lua/remember.lua");
script!(RENEW, "lua/value.lua", "lua/renew.lua");
script!(REPLACE, "lua/value.lua", "lua/replace.lua");
script!(TIDY, "lua/tidy.lua");
script!(TOUCH, "lua/value.lua", "lua/touch.lua");
