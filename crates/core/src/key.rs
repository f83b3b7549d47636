//! Keys of a session's values, typed or plain.

use std::fmt;
use std::marker::PhantomData;

/// A key that knows the type of its value, so that the compiler checks every use.
///
/// ```
/// # use cloakroom_core::{Error, Key, Session};
/// const VISITS: Key<u32> = Key::new("visits");
///
/// fn show(session: &Session) -> Result<String, Error> {
///     let visits = session.get(VISITS)?.unwrap_or_default(); // a u32, no annotation needed
///     Ok(format!("seen {visits} times"))
/// }
/// ```
pub struct Key<T> {
    name: &'static str,
    value: PhantomData<fn() -> T>,
}

impl<T> Key<T> {
    /// Makes the key named `name`.
    #[must_use]
    pub const fn new(name: &'static str) -> Self {
        Self { name, value: PhantomData }
    }

    /// Returns the name.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.name
    }
}

impl<T> Clone for Key<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Key<T> {}

impl<T> fmt::Debug for Key<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Key({:?})", self.name)
    }
}

/// What names a value of a session: a [`Key`], or a plain string.
pub trait KeyName {
    /// Returns the name.
    fn name(&self) -> &str;
}

/// What [`Session`](crate::Session)'s methods take as the key of a `T`: a [`Key<T>`], or a plain string for any `T`.
pub trait AsKey<T: ?Sized>: KeyName {}

impl<T> KeyName for Key<T> {
    fn name(&self) -> &str {
        self.name
    }
}

impl KeyName for &str {
    fn name(&self) -> &str {
        self
    }
}

impl KeyName for String {
    fn name(&self) -> &str {
        self
    }
}

impl KeyName for &String {
    fn name(&self) -> &str {
        self
    }
}

impl<T> AsKey<T> for Key<T> {}
impl<T: ?Sized> AsKey<T> for &str {}
impl<T: ?Sized> AsKey<T> for String {}
impl<T: ?Sized> AsKey<T> for &String {}
