//! The loaded session of one request: what handlers read and change.

mod flash;
mod identity;
mod save;
mod user;
mod values;

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use serde::Serialize;
use serde::de::DeserializeOwned;

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
    /// Empty until the session is loaded, and it is handed out only then.
    state: OnceLock<Mutex<State>>,
    /// Held by the commit that is under way.
    committing: futures_util::lock::Mutex<()>,
}

impl Work {
    pub(crate) async fn committing(&self) -> impl Drop + '_ {
        self.committing.lock().await
    }

    /// Makes the changes again on the record that somebody else wrote first. Closures run outside the lock.
    pub(crate) fn rebase(&self, fresh: Record) -> Result<(), Error> {
        let (shown, log) = {
            let mut state = self.lock();
            // What is set after a destroy belongs to another session, which nobody else can know.
            if state.asked == Asked::Destroy {
                return Ok(());
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
        self.state.get_or_init(|| Mutex::new(state()));
    }

    pub(crate) fn is_loaded(&self) -> bool {
        self.state.get().is_some()
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, State> {
        let state = self.state.get().expect("a session is loaded before it is handed out");
        // No code of ours panics half-way through a change, and a panicking handler commits nothing.
        state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Session {
    /// Makes a session that is still to be loaded.
    pub(crate) fn unloaded(sessions: Sessions, arrival: Arrival) -> Self {
        let committing = futures_util::lock::Mutex::new(());
        Self(Arc::new(Work { sessions, arrival, state: OnceLock::new(), committing }))
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
