//! The loaded session of one request: what handlers read and change.

mod csrf;
mod flash;
mod identity;
mod limited;
mod save;
mod typed;
mod user;
mod values;

use std::fmt;
use std::ops::{Deref, DerefMut};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde::Serialize;
use serde::de::DeserializeOwned;

pub use self::limited::SignInOutcome;
pub use self::save::Saved;
use crate::arrival::Arrival;
use crate::draft::Draft;
use crate::plan::Asked;
use crate::sessions::{Inner, Sessions};
use crate::state::State;
use crate::{Error, Record};

/// The session of the request at hand. Cheap to clone; clones are the same session.
///
/// Every method but [`save`](Self::save) is synchronous: the session was loaded before the handler began, and
/// is saved when the response goes out, in one store call, if anything changed at all.
///
/// ```
/// # use cloakroom_core::{Error, Key, Session};
/// const CART: Key<Vec<String>> = Key::new("cart");
///
/// fn add(session: &Session, item: String) -> Result<usize, Error> {
///     session.update(CART, move |cart: &mut Vec<String>| cart.push(item.clone()))?;
///     session.flash("success", "Added to your cart")?;
///     Ok(session.get(CART)?.unwrap_or_default().len())
/// }
/// ```
#[derive(Clone)]
pub struct Session(Arc<Work>);

/// What the clones of a session share, and the [`Pending`](crate::Pending) that it was loaded by: one allocation for
/// both.
pub(crate) struct Work {
    pub(crate) sessions: Sessions,
    pub(crate) arrival: Arrival,
    /// `None` until the session is loaded, and it is handed out only then. No `OnceLock`, which takes its value by
    /// way of three copies.
    state: Mutex<Option<State>>,
    /// Held by the commit that is under way.
    committing: futures_util::lock::Mutex<()>,
}

impl Work {
    pub(crate) async fn committing(&self) -> impl Drop + '_ {
        self.committing.lock().await
    }

    pub(crate) fn committing_now(&self) -> Option<impl Drop + '_> {
        self.committing.try_lock()
    }

    /// Makes the changes again on the record that somebody else wrote first. Closures run outside the lock.
    pub(crate) fn rebase(&self, fresh: Record) -> Result<(), Error> {
        let (shown, log) = {
            let mut state = self.lock();
            // What is set after a destroy belongs to another session, which nobody else can know.
            if state.asked == Asked::Destroy {
                return Ok(());
            }
            if state.asked == Asked::Nothing && !state.draft.differs() {
                // What came to nothing is nothing, also where the others have been.
                state.log.clear();
            }
            (state.draft.shown().clone(), std::mem::take(&mut state.log))
        };
        let draft = Draft::rebase(shown, fresh.payload.clone(), &log);
        let mut state = self.lock();
        state.log = log;
        state.rebased(fresh, draft?);
        Ok(())
    }

    pub(crate) fn sessions(&self) -> &Inner {
        self.sessions.inner()
    }

    /// Notes what was loaded, unless something was already.
    pub(crate) fn begin(&self, state: impl FnOnce() -> State) {
        self.slot().get_or_insert_with(state);
    }

    pub(crate) fn lock(&self) -> Locked<'_> {
        self.lock_if_loaded().expect("a session is loaded before it is handed out")
    }

    pub(crate) fn lock_if_loaded(&self) -> Option<Locked<'_>> {
        Some(self.slot()).filter(|slot| slot.is_some()).map(Locked)
    }

    fn slot(&self) -> MutexGuard<'_, Option<State>> {
        // No code of ours panics half-way through a change, and a panicking handler commits nothing.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The state of a loaded session, locked.
pub(crate) struct Locked<'a>(MutexGuard<'a, Option<State>>);

const LOADED: &str = "only the state of a loaded session is locked";

impl Deref for Locked<'_> {
    type Target = State;

    fn deref(&self) -> &State {
        self.0.as_ref().expect(LOADED)
    }
}

impl DerefMut for Locked<'_> {
    fn deref_mut(&mut self) -> &mut State {
        self.0.as_mut().expect(LOADED)
    }
}

impl Session {
    /// Makes a session that is still to be loaded.
    pub(crate) fn unloaded(sessions: Sessions, arrival: Arrival) -> Self {
        let committing = futures_util::lock::Mutex::new(());
        Self(Arc::new(Work { sessions, arrival, state: Mutex::new(None), committing }))
    }

    pub(crate) fn work(&self) -> &Arc<Work> {
        &self.0
    }
}

impl fmt::Debug for Session {
    /// Shows the id and the keys, and no value.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session").field("id", &self.id()).field("keys", &self.keys()).finish()
    }
}

fn read<T: DeserializeOwned>(key: &str, text: Option<&str>) -> Result<Option<T>, Error> {
    let value = text.map(serde_json::from_str).transpose();
    value.map_err(|error| Error::read(key, &error))
}

fn write<T: Serialize + ?Sized>(key: &str, value: &T) -> Result<Arc<str>, Error> {
    serde_json::to_string(value).map(Arc::from).map_err(|error| Error::write(key, error))
}
