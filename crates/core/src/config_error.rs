//! What can be wrong with a configuration.

/// A mistake in the configuration; the application should not start.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// A `__Host-` cookie belongs to exactly one host.
    #[error(
        "a cookie with the __Host- prefix cannot have a domain; remove the domain {0:?}, or call \
         `without_host_prefix`"
    )]
    HostPrefixWithDomain(String),
    /// A `__Host-` cookie belongs to the whole host.
    #[error(
        "a cookie with the __Host- prefix must have the path \"/\", not {0:?}; call `without_host_prefix` to \
         limit it to a path"
    )]
    HostPrefixWithPath(String),
    /// A session that travels in the cookie needs no copy of itself.
    #[error("`cookie_cache` is for sessions in a store; these travel in the cookie already")]
    CacheWithoutStore,
    /// What was given as a trusted proxy is neither an address nor a network, or everybody.
    #[error(
        "{0:?} is no network of trusted proxies: write an address such as 10.0.0.1, or a network such as 10.0.0.0/8, and not \
         everybody"
    )]
    InvalidNetwork(String),
    /// What was given as a trusted origin is none.
    #[error(
        "{0:?} is no origin: write it as browsers do in the Origin header, scheme://host or scheme://host:port, without a \
         path and without a wildcard"
    )]
    InvalidOrigin(String),
    /// What was given as a path, or a pattern of paths, is none.
    #[error("{path:?} cannot be used as a path here: {why}")]
    InvalidPath {
        /// What was given.
        path: String,
        /// What is wrong with it.
        why: String,
    },
    /// The cookie's domain or path cannot stand in a header.
    #[error("{0:?} cannot be the {1} of a cookie")]
    InvalidAttribute(String, &'static str),
    /// The cookie's name has characters that RFC 6265 does not allow, or none, or too many.
    #[error(
        "{0:?} cannot be a cookie's name: use 1 to 64 letters, digits and any of !#$%&'*+-.^_`|~, without the \
         prefix __Host- or __Secure-, which is added where it may be"
    )]
    InvalidName(String),
    /// No secret was given.
    #[error("no secret: give `secret` at least one of 32 bytes or more; it signs the cookie")]
    NoSecret,
    /// The operating system gave no randomness.
    #[error("the operating system gave no randomness for a secret")]
    NoRandomness,
    /// `Partitioned` cookies must be `Secure`.
    #[error("a Partitioned cookie must be Secure, so it cannot be used with `insecure_http`")]
    PartitionedWithoutSecure,
    /// Browsers refuse `SameSite=None` without `Secure`.
    #[error("SameSite=None needs Secure, so it cannot be used with `insecure_http`")]
    SameSiteNoneWithoutSecure,
    /// The limit on a user's sessions cannot be kept.
    #[error("`max_sessions_per_user` of {most} {why}")]
    SessionLimit {
        /// The limit that was given.
        most: usize,
        /// Why it cannot be kept.
        why: &'static str,
    },
    /// A secret is shorter than 32 bytes.
    #[error(
        "the secret has {got} bytes and needs {needed}; make one with `openssl rand -base64 48`"
    )]
    SecretTooShort {
        /// Length of the secret that was given, in bytes.
        got: usize,
        /// Least length, in bytes.
        needed: usize,
    },
    /// A secret repeats a few bytes, or is an example from some documentation.
    #[error("the secret is an example or repeats itself; make one with `openssl rand -base64 48`")]
    SecretTooSimple,
    /// A timeout makes no sense.
    #[error("{setting} is {got_ms} ms: it must be {rule}")]
    Timeout {
        /// The setting.
        setting: &'static str,
        /// The value that was given, in milliseconds.
        got_ms: u128,
        /// What it may be.
        rule: &'static str,
    },
}
