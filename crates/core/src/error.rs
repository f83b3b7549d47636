//! What can go wrong: in use ([`Error`]), and in a store ([`StoreError`]).

use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;

use crate::{Id, InvalidUserId};

/// Why an operation on a session failed.
///
/// One opaque type with a [`kind`](Error::kind), so that a new cause is not a breaking change. Lost races,
/// unknown, expired and forged tokens are not errors but ordinary outcomes. Neither tokens nor session data
/// show in the message.
///
/// ```
/// # use cloakroom_core::{Error, ErrorKind};
/// fn status(error: &Error) -> u16 {
///     match error.kind() {
///         ErrorKind::Unavailable | ErrorKind::Conflict => 503,
///         _ => 500,
///     }
/// }
/// ```
#[derive(Clone)]
pub struct Error(Arc<Repr>);

struct Repr {
    kind: ErrorKind,
    message: String,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

/// Kinds of [`Error`], for code that must tell them apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ErrorKind {
    /// Code without a request asked for its session: outside a request, in one whose layer is not
    /// [`ambient`](crate::ambient), or before the session was loaded. The message says which.
    Ambient,
    /// The session takes no change now: the response has gone, a save is under way, or one was not answered. The
    /// message says which. For work that outlives the response see [`Session::detach`](crate::Session::detach).
    Closed,
    /// Others changed the session again and again, and the bound on retries was reached; or another request pulled
    /// the same value first. Try the request again.
    Conflict,
    /// The stored record cannot be read. The message names its id.
    Corrupt,
    /// The request has no session: no layer of the sessions stands round the service that asked for one.
    NoLayer,
    /// The operating system gave no randomness, so no token could be made.
    Random,
    /// The session would be larger than the limit set by
    /// [`max_payload`](crate::SessionsBuilder::max_payload).
    TooLarge,
    /// The store failed or cannot be reached.
    Unavailable,
    /// The store keeps no index of users, see [`UserIndex`](crate::UserIndex), or cannot be walked over, see
    /// [`Walk`](crate::Walk); or the session travels in the cookie,
    /// see [`CookieDriver`](crate::CookieDriver). Or `sign_in` was called where only
    /// [`sign_in_now`](crate::Session::sign_in_now) can tell that it was refused.
    Unsupported,
    /// A value does not have the asked-for type, or cannot be written as JSON. The message names the key.
    Value,
}

impl Error {
    /// Returns what kind of failure this is.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    pub(crate) fn is_unavailable(&self) -> bool {
        self.kind() == ErrorKind::Unavailable
    }

    fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self(Arc::new(Repr { kind, message: message.into(), source: None }))
    }

    fn because(
        kind: ErrorKind,
        message: impl Into<String>,
        source: impl Into<Box<dyn StdError + Send + Sync>>,
    ) -> Self {
        Self(Arc::new(Repr { kind, message: message.into(), source: Some(source.into()) }))
    }

    pub(crate) fn no_scope() -> Self {
        Self::new(
            ErrorKind::Ambient,
            "there is no request here whose session could be used: is `SessionLayer::new(sessions).ambient()` round the \
             route? a spawned task takes the scope along by `ambient::in_scope`",
        )
    }

    pub(crate) fn no_layer() -> Self {
        Self::new(
            ErrorKind::NoLayer,
            "this request has no session: put the service into `SessionLayer::new(sessions)`",
        )
    }

    pub(crate) fn not_loaded() -> Self {
        Self::new(
            ErrorKind::Ambient,
            "the session of this request is not loaded yet: call `ambient::load().await` first, or let the handler \
             extract it",
        )
    }

    pub(crate) fn closed() -> Self {
        Self::new(
            ErrorKind::Closed,
            "the response has gone, so this change to the session could not be saved; \
             call `detach` before the response and `save` after the change",
        )
    }

    pub(crate) fn no_cookie() -> Self {
        Self::new(
            ErrorKind::Closed,
            "a detached session cannot start or renew a session, because no response is left to carry the \
             cookie; do that before the response",
        )
    }

    pub(crate) fn anonymous_while_down() -> Self {
        Self::new(
            ErrorKind::Unavailable,
            "the session store was down when this request's session was loaded, so it can be read as an empty \
             one but not changed",
        )
    }

    pub(crate) fn conflict(id: Option<Id>) -> Self {
        let session = id.map_or_else(|| "a new session".to_owned(), |id| format!("session {id}"));
        let message = format!("{session} was changed by others at every attempt to save it");
        Self::new(ErrorKind::Conflict, message)
    }

    pub(crate) fn pulled(key: &str) -> Self {
        let message =
            format!("another request pulled or changed the session's value under {key:?} first");
        Self::new(ErrorKind::Conflict, message)
    }

    pub(crate) fn saving() -> Self {
        Self::new(
            ErrorKind::Closed,
            "the session is being saved; await `save` before the next change",
        )
    }

    pub(crate) fn unsure() -> Self {
        Self::new(
            ErrorKind::Closed,
            "an earlier `save` of this session was dropped or not answered, so it is not known what was saved; load \
             the session again",
        )
    }

    pub(crate) fn too_short(lifetime: &str) -> Self {
        Self::new(
            ErrorKind::Value,
            format!("a session's {lifetime} lifetime must be at least a second"),
        )
    }

    pub(crate) fn corrupt(id: Id, why: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self::because(ErrorKind::Corrupt, format!("the record of session {id} cannot be read"), why)
    }

    pub(crate) fn random(source: getrandom::Error) -> Self {
        let message = "the operating system gave no randomness for a session token";
        Self::because(ErrorKind::Random, message, source.to_string())
    }

    pub(crate) fn too_large(size: usize, limit: usize, largest: &str) -> Self {
        Self::new(
            ErrorKind::TooLarge,
            format!(
                "the session takes {size} bytes and may take {limit}; its largest key is {largest:?}; keep \
                 large things in the database and their id in the session, or raise `max_payload`"
            ),
        )
    }

    pub(crate) fn too_large_for_cookie(
        size: usize,
        limit: usize,
        cookies: u8,
        largest: &[(&str, usize)],
    ) -> Self {
        let keys: Vec<_> =
            largest.iter().map(|(key, bytes)| format!("{key:?} ({bytes} bytes)")).collect();
        Self::new(
            ErrorKind::TooLarge,
            format!(
                "the session takes {size} characters in the cookie, and {cookies} of at most 4096 bytes have room for \
                 {limit}; its largest keys are {}; keep large things in the database and their id in the session, \
                 or call `split`",
                keys.join(", ")
            ),
        )
    }

    pub(crate) fn in_cookie() -> Self {
        Self::new(
            ErrorKind::Closed,
            "a session that travels in the cookie cannot be saved without a response",
        )
    }

    pub(crate) fn not_by_id() -> Self {
        Self::new(
            ErrorKind::Unsupported,
            "a session that travels in the cookie cannot be found by its id, only by its request",
        )
    }

    pub(crate) fn no_deny_list() -> Self {
        Self::new(
            ErrorKind::Unsupported,
            "a session that travels in the cookie can be ended from elsewhere only with a `deny_list`",
        )
    }

    pub(crate) fn read(key: &str, source: &serde_json::Error) -> Self {
        // Only the category: serde's message would quote the value.
        let why = format!("{:?} error at column {}", source.classify(), source.column());
        let message = format!("the session's value under {key:?} does not have the asked-for type");
        Self::because(ErrorKind::Value, message, why)
    }

    /// A struct that the session's values do not make up.
    pub(crate) fn schema(name: &str, source: &serde_json::Error) -> Self {
        let why = source.to_string();
        // Of serde's messages this one quotes no value, only the struct's own field.
        if let Some(field) = why.strip_prefix("missing field ") {
            let message = format!(
                "the session has no value for the field {field} of {name}; give the struct `#[serde(default)]`"
            );
            return Self::new(ErrorKind::Value, message);
        }
        let message = format!(
            "the session's values cannot be read as {name}; it must be a struct with named fields, or a map"
        );
        Self::because(ErrorKind::Value, message, format!("{:?} error", source.classify()))
    }

    pub(crate) fn no_schema(name: &str) -> Self {
        Self::new(
            ErrorKind::Value,
            format!(
                "{name} cannot be the schema of a session; it must be a struct with named fields, or a map"
            ),
        )
    }

    pub(crate) fn write(key: &str, source: serde_json::Error) -> Self {
        let message = format!("the value for the session's key {key:?} cannot be written as JSON");
        Self::because(ErrorKind::Value, message, source)
    }

    pub(crate) fn user(source: InvalidUserId) -> Self {
        Self::new(ErrorKind::Value, source.to_string())
    }

    pub(crate) fn no_index() -> Self {
        Self::new(
            ErrorKind::Unsupported,
            "the session store cannot find the sessions of a user; it would have to implement `UserIndex`",
        )
    }

    pub(crate) fn no_walk() -> Self {
        Self::new(
            ErrorKind::Unsupported,
            "the session store cannot go over all its sessions; it would have to implement `Walk`",
        )
    }

    pub(crate) fn sign_in_must_wait() -> Self {
        Self::new(
            ErrorKind::Unsupported,
            "a sign-in that may be refused (`OnTooMany::Refuse`) has to be told at once: call `sign_in_now` in place of \
             `sign_in`",
        )
    }

    pub(crate) fn overflow(key: &str) -> Self {
        Self::new(ErrorKind::Value, format!("the counter under {key:?} does not fit into 64 bits"))
    }
}

impl From<StoreError> for Error {
    fn from(source: StoreError) -> Self {
        Self::because(ErrorKind::Unavailable, "the session store failed", source)
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Repr { kind, message, source } = &*self.0;
        f.debug_struct("Error")
            .field("kind", kind)
            .field("message", message)
            .field("source", source)
            .finish()
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.message)
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.source.as_deref().map(|source| source as _)
    }
}

/// A store's own error, whatever its type; shared by all callers of a batch that failed.
#[derive(Clone)]
pub struct StoreError(Arc<dyn StdError + Send + Sync>);

impl StoreError {
    /// Wraps a driver's error.
    #[must_use]
    pub fn new(source: impl StdError + Send + Sync + 'static) -> Self {
        Self(Arc::new(source))
    }
}

impl fmt::Debug for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl StdError for StoreError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.source()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_of_the_wrong_type_names_the_key_and_not_the_value() {
        let source = serde_json::from_str::<u8>("\"hunter2\"").unwrap_err();
        let error = Error::read("n", &source);
        assert!(error.to_string().contains("\"n\""));
        assert!(!format!("{error:?}").contains("hunter2"));
    }
}
