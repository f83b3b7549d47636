//! The extension of a [`Store`](crate::Store) that tells what other processes end.

use std::fmt;

use crate::watch::Ears;

/// Tells which sessions were ended or renewed, by whatever process: for [`Session::ended`](crate::Session::ended).
///
/// A store that can do this implements it and says so in [`Store::signals`](crate::Store::signals). It sends a signal
/// with every [`Delete`](crate::Operation::Delete) and every [`Renew`](crate::Operation::Renew) that takes effect, in the
/// same trip, and passes on what it receives. A signal that is lost must be followed by [`Ears::missed`].
pub trait Signals: Send + Sync {
    /// Begins to listen, in its own time, and goes on until what is returned is dropped.
    ///
    /// `None` if it cannot, such as without a connection of its own; then sessions are looked at instead. `ears` are told of every session ([`Ears::heard`]), and [`Ears::missed`] whenever listening begins, at first and after
    /// each gap. Called at most once for each [`Sessions`](crate::Sessions).
    fn listen(&self, ears: Ears) -> Option<Listening>;
}

/// Listening goes on for as long as this is there.
#[must_use = "dropped, nobody listens"]
pub struct Listening(Option<Box<dyn FnOnce() + Send + Sync>>);

impl Listening {
    /// Calls `stop` when it is dropped.
    pub fn new(stop: impl FnOnce() + Send + Sync + 'static) -> Self {
        Self(Some(Box::new(stop)))
    }
}

impl Drop for Listening {
    fn drop(&mut self) {
        if let Some(stop) = self.0.take() {
            stop();
        }
    }
}

impl fmt::Debug for Listening {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Listening")
    }
}
