//! The names of the settings.

use std::fmt;

macro_rules! settings {
    ($($(#[$doc:meta])* $name:ident = $key:literal, $takes:literal;)*) => {
        /// A setting of [`Settings`](super::Settings); what each means stands in the table there.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum Setting {
            $(#[doc = concat!("`SESSION_", $key, "`: ", $takes, ".")] $name,)*
        }

        impl Setting {
            /// All of them, in the order of the table.
            pub const ALL: &[Self] = &[$(Self::$name),*];

            /// Returns the environment variable.
            ///
            /// ```
            /// assert_eq!(cloakroom::Setting::IdleTimeout.variable(), "SESSION_IDLE_TIMEOUT");
            /// ```
            #[must_use]
            pub const fn variable(self) -> &'static str {
                match self { $(Self::$name => concat!("SESSION_", $key),)* }
            }

            /// Returns what it takes, as the table and messages say it.
            #[must_use]
            pub const fn takes(self) -> &'static str {
                match self { $(Self::$name => $takes,)* }
            }

        }
    };
}

settings! {
    Env = "ENV", "`production` or `development`";
    Store = "STORE", "`memory:`, `sqlite:PATH`, `postgres://…`, `redis://…`, `rediss://…`, `redis-cluster://HOST,HOST`, `redis-sentinel://HOST,HOST/SERVICE`, `cookie:` or `cookie:signed`";
    StoreTable = "STORE_TABLE", "the name of a table in PostgreSQL";
    StorePrefix = "STORE_PREFIX", "how keys in Redis begin";
    StoreTimeout = "STORE_TIMEOUT", "how long PostgreSQL or Redis may take to answer, such as `2s`";
    Secret = "SECRET", "secrets of at least 32 bytes, with commas between them; the first signs";
    SecretFile = "SECRET_FILE", "the path of a file with secrets, one a line; the first signs";
    CookieName = "COOKIE_NAME", "1 to 64 letters, digits and any of ``!#$%&'*+-.^_`|~``, without `__Host-` or `__Secure-`";
    CookieSameSite = "COOKIE_SAME_SITE", "`lax`, `strict` or `none`";
    CookieDomain = "COOKIE_DOMAIN", "a domain that shares the cookie with its subdomains";
    CookiePath = "COOKIE_PATH", "a path that begins with `/`";
    CookieHostPrefix = "COOKIE_HOST_PREFIX", "`true`, or `false` for a cookie with a domain or a path";
    CookiePersistent = "COOKIE_PERSISTENT", "`true` or `false`";
    CookiePartitioned = "COOKIE_PARTITIONED", "`true` or `false`";
    CookieSplit = "COOKIE_SPLIT", "1 to 9 cookies, for `cookie:`";
    CookieDenyList = "COOKIE_DENY_LIST", "where ended sessions are noted for `cookie:`: as `SESSION_STORE`, but a store";
    CookieCache = "COOKIE_CACHE", "the life of the copy in the cookie, such as `10s`, or `off`";
    InsecureHttp = "INSECURE_HTTP", "`true` or `false`";
    IdleTimeout = "IDLE_TIMEOUT", "a time of at least `1s`, such as `30m` or `12h`";
    AbsoluteTimeout = "ABSOLUTE_TIMEOUT", "a time of at least the idle timeout, such as `30d`, or `off`";
    RenewalTimeout = "RENEWAL_TIMEOUT", "a time longer than the renewal grace, such as `1h`, or `off`";
    RenewalGrace = "RENEWAL_GRACE", "a time of at most `10m`";
    TouchAfter = "TOUCH_AFTER", "a part of the idle timeout, from 0.0 to 0.5";
    MaxPayload = "MAX_PAYLOAD", "a number of bytes, such as `65536`, `256KiB` or `1MiB`";
    OnStoreError = "ON_STORE_ERROR", "`fail` or `read-only-anonymous`";
    OnCorrupt = "ON_CORRUPT", "`fail` or `discard`";
    OnServerError = "ON_SERVER_ERROR", "`discard` or `commit`";
    MaxPerUser = "MAX_PER_USER", "1 to 1000 sessions, or `off`";
    OnTooMany = "ON_TOO_MANY", "`end-oldest` or `refuse`";
}

const PREFIX: &str = "SESSION_";

impl Setting {
    /// Returns the key in files: the variable without `SESSION_`, in lower case.
    #[must_use]
    pub fn key(self) -> String {
        self.variable()[PREFIX.len()..].to_ascii_lowercase()
    }

    /// Returns what holds where it is not set, as the table says it, without marks.
    ///
    /// ```
    /// assert_eq!(cloakroom::Setting::IdleTimeout.default_text(), "120m");
    /// ```
    #[must_use]
    pub fn default_text(self) -> String {
        let row = format!("| `{}` |", self.variable());
        let table = include_str!("settings.md").lines();
        let row = table.into_iter().find(|line| line.starts_with(&row)).unwrap_or_default();
        row.split(" | ").nth(2).unwrap_or_default().replace('`', "")
    }

    /// Finds a setting by its key in a file.
    pub(super) fn of_key(key: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|setting| setting.key() == key)
    }

    /// Finds the setting that somebody meant who wrote this variable: the same letters in another order, or with other
    /// underscores.
    pub(super) fn meant_by(variable: &str) -> Option<Self> {
        let letters = |text: &str| {
            let mut letters: Vec<_> = text.bytes().filter(|&byte| byte != b'_').collect();
            letters.sort_unstable();
            letters
        };
        variable.strip_prefix(PREFIX)?;
        let wrong = |setting: &Self| setting.variable() != variable;
        let wanted = letters(variable);
        let known = Self::ALL.iter().copied();
        if known.clone().any(|setting| !wrong(&setting)) {
            return None;
        }
        { known }.find(|setting| letters(setting.variable()) == wanted)
    }
}

impl fmt::Display for Setting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.variable())
    }
}
