//! The loaded session of one request: what handlers read and change.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

use crate::change::Change;
use crate::commit::commit;
use crate::draft::Draft;
use crate::plan::{Asked, Ending};
use crate::sessions::{Inner, Sessions};
use crate::state::{Phase, Standing, State};
use crate::{AsKey, Error, Id, KeyName, Lifetime, Record, Timestamp};

const SECOND: Duration = Duration::from_secs(1);

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

/// What the clones of a session share.
pub(crate) struct Work {
    sessions: Sessions,
    state: Mutex<State>,
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

    pub(crate) fn lock(&self) -> MutexGuard<'_, State> {
        // No code of ours panics half-way through a change, and a panicking handler commits nothing.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What became of [`Session::save`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use = "a session that has ended was not saved"]
pub enum Saved {
    /// All changes are in the store; or there were none, and the store was not asked.
    Done,
    /// The session was ended elsewhere (signed out, revoked, expired); the changes are dropped.
    Ended,
}

impl Session {
    pub(crate) fn new(sessions: Sessions, state: State) -> Self {
        let committing = futures_util::lock::Mutex::new(());
        Self(Arc::new(Work { sessions, state: Mutex::new(state), committing }))
    }

    pub(crate) fn work(&self) -> &Arc<Work> {
        &self.0
    }

    /// Returns the value under `key`, or `None` if there is none.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Value`](crate::ErrorKind::Value) if the value has another type; the message names the key.
    pub fn get<T: DeserializeOwned>(&self, key: impl AsKey<T>) -> Result<Option<T>, Error> {
        read(key.name(), self.0.lock().draft.value(key.name()))
    }

    /// Returns the value under `key`, or `default`.
    ///
    /// # Errors
    ///
    /// As [`get`](Self::get): a value of another type is not replaced by the default.
    pub fn get_or<T: DeserializeOwned>(&self, key: impl AsKey<T>, default: T) -> Result<T, Error> {
        Ok(self.get(key)?.unwrap_or(default))
    }

    /// Sets the value under `key`. Of two requests that set the same key the later one wins, and only that key is
    /// touched. Setting what is there already is no change and costs no store call.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Value`](crate::ErrorKind::Value) if `value` cannot be written as JSON, and
    /// [`ErrorKind::Closed`](crate::ErrorKind::Closed) once the response has gone, as for all changes.
    pub fn set<T: Serialize + ?Sized>(&self, key: impl AsKey<T>, value: &T) -> Result<(), Error> {
        let (name, value) = (key.name(), write(key.name(), value)?);
        let mut state = self.0.lock();
        if state.phase == Phase::Open && state.draft.value(name) == Some(&value) {
            return Ok(());
        }
        state.change(Change::Set(name.into(), value))
    }

    /// Changes the value under `key`, which starts as `T::default()` if there is none.
    ///
    /// No update is lost: when another request saved first, `change` runs again on its result. So it may run
    /// several times, and should do nothing but change the value.
    ///
    /// # Errors
    ///
    /// As [`get`](Self::get) and [`set`](Self::set).
    pub fn update<T>(
        &self,
        key: impl AsKey<T>,
        change: impl Fn(&mut T) + Send + Sync + 'static,
    ) -> Result<(), Error>
    where
        T: Serialize + DeserializeOwned + Default,
    {
        self.revise(key.name(), move |value: &mut T| {
            change(value);
            Ok(())
        })
    }

    /// Adds `by` to the counter under `key`, which starts at 0; returns the sum as this request sees it.
    ///
    /// # Errors
    ///
    /// As [`update`](Self::update), and [`ErrorKind::Value`](crate::ErrorKind::Value) on overflow.
    pub fn increment(&self, key: impl AsKey<i64>, by: i64) -> Result<i64, Error> {
        let name = key.name().to_owned();
        self.revise(key.name(), move |n: &mut i64| {
            *n = n.checked_add(by).ok_or_else(|| Error::overflow(&name))?;
            Ok(())
        })?;
        self.get::<i64>(key.name()).map(Option::unwrap_or_default)
    }

    /// Appends `item` to the list under `key`, which starts empty. Replayed like [`update`](Self::update).
    ///
    /// # Errors
    ///
    /// As [`update`](Self::update).
    pub fn push<T: Serialize>(&self, key: impl AsKey<Vec<T>>, item: &T) -> Result<(), Error> {
        let item = serde_json::value::to_raw_value(item)
            .map_err(|error| Error::write(key.name(), error))?;
        self.revise(key.name(), move |list: &mut Vec<Box<RawValue>>| {
            list.push(item.clone());
            Ok(())
        })
    }

    fn revise<T: Serialize + DeserializeOwned + Default>(
        &self,
        key: &str,
        change: impl Fn(&mut T) -> Result<(), Error> + Send + Sync + 'static,
    ) -> Result<(), Error> {
        let name: Arc<str> = key.into();
        let revise = {
            let name = name.clone();
            move |text: Option<&str>| {
                let mut value: T = read(&name, text)?.unwrap_or_default();
                change(&mut value)?;
                write(&name, &value)
            }
        };
        // Outside the lock, so that a closure may use the session; again, if another thread was first.
        loop {
            let before = {
                let state = self.0.lock();
                state.check_open()?;
                state.draft.value(&name).map(str::to_owned)
            };
            let value = revise(before.as_deref())?;
            let mut state = self.0.lock();
            state.check_open()?;
            if state.draft.value(&name) == before.as_deref() {
                state.draft.set(&name, value);
                state.log.push(Change::Update(name, Box::new(revise)));
                return Ok(());
            }
        }
    }

    /// Returns the value under `key` and removes it: for what may be used once. Of two requests that pull the same
    /// value one is saved; the other fails at its end with [`ErrorKind::Conflict`](crate::ErrorKind::Conflict).
    ///
    /// # Errors
    ///
    /// As [`get`](Self::get), and then the value stays.
    pub fn pull<T: DeserializeOwned>(&self, key: impl AsKey<T>) -> Result<Option<T>, Error> {
        let name = key.name();
        let mut state = self.0.lock();
        let Some(text) = state.draft.value(name).map(Arc::from) else { return Ok(None) };
        let value = read(name, Some(&text))?;
        state.change(Change::Pull(name.into(), text))?;
        Ok(value)
    }

    /// Tells whether there is a value under `key`, of any type.
    #[must_use]
    pub fn contains(&self, key: impl KeyName) -> bool {
        self.0.lock().draft.value(key.name()).is_some()
    }

    /// Removes the value under `key`, if any.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Closed`](crate::ErrorKind::Closed) once the response has gone.
    pub fn remove(&self, key: impl KeyName) -> Result<(), Error> {
        self.0.lock().change(Change::Remove(key.name().into()))
    }

    /// Removes all values. The session itself goes on, with its id; see [`destroy`](Self::destroy) to end it.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Closed`](crate::ErrorKind::Closed) once the response has gone.
    pub fn clear(&self) -> Result<(), Error> {
        self.0.lock().change(Change::Clear)
    }

    /// Returns all keys, sorted.
    #[must_use]
    pub fn keys(&self) -> Vec<String> {
        self.0.lock().draft.data().into_iter().map(|(key, _)| key.to_string()).collect()
    }

    /// Returns all values, without flash.
    #[must_use]
    pub fn all(&self) -> serde_json::Map<String, serde_json::Value> {
        let state = self.0.lock();
        let data = state.draft.data().into_iter();
        data.filter_map(|(key, text)| Some((key.to_string(), serde_json::from_str(text).ok()?)))
            .collect()
    }

    /// Tells whether there are no values; flash does not count.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.lock().draft.data().is_empty()
    }
}

/// Flash: said once, after a redirect.
impl Session {
    /// Sets a value that the next request which uses the session can read with [`flashed`](Self::flashed), and
    /// none after it.
    ///
    /// # Errors
    ///
    /// As [`set`](Self::set).
    pub fn flash<T: Serialize + ?Sized>(&self, key: &str, value: &T) -> Result<(), Error> {
        let value = write(key, value)?;
        self.0.lock().change(Change::Flash(key.into(), value))
    }

    /// Sets a value that only this request can read with [`flashed`](Self::flashed): for a page that is rendered
    /// without a redirect. Saves nothing.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Value`](crate::ErrorKind::Value) if `value` cannot be written as JSON.
    pub fn flash_now<T: Serialize + ?Sized>(&self, key: &str, value: &T) -> Result<(), Error> {
        let value = write(key, value)?;
        self.0.lock().draft.flash_now(key, value);
        Ok(())
    }

    /// Returns what the request before flashed under `key`, or this one by [`flash_now`](Self::flash_now).
    ///
    /// # Errors
    ///
    /// As [`get`](Self::get).
    pub fn flashed<T: DeserializeOwned>(&self, key: &str) -> Result<Option<T>, Error> {
        read(key, self.0.lock().draft.flashed(key))
    }

    /// Tells whether [`flashed`](Self::flashed) has something under `key`.
    #[must_use]
    pub fn has_flash(&self, key: &str) -> bool {
        self.0.lock().draft.flashed(key).is_some()
    }

    /// Keeps what this request could read for one request more; for a page that redirects once again.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Closed`](crate::ErrorKind::Closed) once the response has gone.
    pub fn keep_flash(&self) -> Result<(), Error> {
        self.0.lock().change(Change::KeepFlash)
    }
}

/// Identity and lifetime.
impl Session {
    /// Returns what stores, logs and device lists call this session; `None` until it is first saved. Not a
    /// secret: the token in the cookie cannot be computed from it.
    #[must_use]
    pub fn id(&self) -> Option<Id> {
        self.0.lock().record().map(|record| record.id)
    }

    /// Tells whether the visitor came without a live session.
    #[must_use]
    pub fn is_new(&self) -> bool {
        self.0.lock().record().is_none()
    }

    /// Gives the session a new id and the browser a new token when the response goes out; the data stays, and the
    /// old token is dead at once. Call it at every sign-in and whenever rights change (OWASP, ASVS 7.2.4).
    ///
    /// One atomic step of the store: either the old id or the new one is valid, never neither, never both. What
    /// requests with the old token that are still running change after it is dropped, as after a sign-out.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Closed`](crate::ErrorKind::Closed) once the response has gone, and for a
    /// [`detach`](Self::detach)ed session, which has no response to carry the new token.
    pub fn renew(&self) -> Result<(), Error> {
        let mut state = self.0.lock();
        state.check_open()?;
        if state.detached {
            return Err(Error::no_cookie());
        }
        if state.asked == Asked::Nothing {
            state.asked = Asked::Renew;
        }
        Ok(())
    }

    /// Ends the session when the response goes out, also if that is an error: the record is deleted, the cookie
    /// removed, and no request that is under way can bring it back. What is set after this, such as a flash,
    /// starts another session under a new id.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Closed`](crate::ErrorKind::Closed) once the response has gone.
    pub fn destroy(&self) -> Result<(), Error> {
        let mut state = self.0.lock();
        state.check_open()?;
        state.destroy();
        Ok(())
    }

    /// Returns when the session began; now, for a new one.
    #[must_use]
    pub fn created_at(&self) -> Timestamp {
        let now = self.0.sessions().clock.now();
        self.0.lock().record().map_or(now, |record| record.created_at)
    }

    /// Returns when the session was last active before this request. Sliding is throttled, so this may be early by
    /// a tenth of the idle timeout.
    #[must_use]
    pub fn last_active_at(&self) -> Timestamp {
        let now = self.0.sessions().clock.now();
        self.0.lock().record().map_or(now, |record| record.active_at)
    }

    /// Returns when the session ends if nothing happens after this request.
    #[must_use]
    pub fn expires_at(&self) -> Timestamp {
        let sessions = self.0.sessions();
        let (now, state) = (sessions.clock.now(), self.0.lock());
        let created = state.record().map_or(now, |record| record.created_at);
        sessions.settings.limits.deadline(created, now, state.draft.extras.lifetime)
    }

    /// Gives this session limits of its own, kept in its record: "remember me". Both count from where the
    /// application's count: idle from the last activity, absolute from the beginning of the session.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Value`](crate::ErrorKind::Value) for a limit of less than a second,
    /// [`ErrorKind::Closed`](crate::ErrorKind::Closed) once the response has gone.
    pub fn set_lifetime(&self, lifetime: Lifetime) -> Result<(), Error> {
        let too_short = |limit: Option<Duration>| limit.is_some_and(|limit| limit < SECOND);
        for (name, limit) in [("idle", lifetime.idle), ("absolute", lifetime.absolute)] {
            if too_short(limit) {
                return Err(Error::too_short(name));
            }
        }
        self.0.lock().change(Change::Lifetime(lifetime))
    }
}

/// Work that outlives the response.
impl Session {
    /// Saves now, instead of when the response goes out. A cookie that this calls for still goes out with the
    /// response. For event streams and WebSockets see [`detach`](Self::detach). Where nothing has changed the store
    /// is not asked.
    ///
    /// Await it to its end. A `save` that is dropped half-way, or that the store does not answer, leaves it unknown
    /// what was saved; changes are refused from then on, so that nothing happens twice. And a `save` that is held
    /// without being polled holds up other requests' writes, like a lock's guard: in a `select!` with slow branches,
    /// spawn it.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Unavailable`](crate::ErrorKind::Unavailable) if the store fails,
    /// [`ErrorKind::Closed`](crate::ErrorKind::Closed) once the response has gone.
    pub async fn save(&self) -> Result<Saved, Error> {
        {
            let mut state = self.0.lock();
            state.check_open()?;
            state.phase = Phase::Saving;
        }
        let unsure = Unsure(&self.0);
        let result = commit(&self.0, Ending::Success).await;
        if !result.as_ref().is_err_and(Error::is_unavailable) {
            unsure.resolve();
        }
        result?;
        let ended = matches!(self.0.lock().standing, Standing::Ended);
        Ok(if ended { Saved::Ended } else { Saved::Done })
    }

    /// Begins a second piece of work on the same session, which goes on after the response: for event streams and
    /// WebSockets. It is saved by [`save`](Self::save) alone, as often as needed; the two pieces of work meet
    /// like two requests, and no update is lost.
    ///
    /// ```
    /// # use cloakroom_core::{Error, Saved, Session};
    /// async fn on_message(session: &Session) -> Result<(), Error> {
    ///     session.increment("messages", 1)?;
    ///     if session.save().await? == Saved::Ended {
    ///         // signed out elsewhere: close the socket
    ///     }
    ///     Ok(())
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Closed`](crate::ErrorKind::Closed) if the visitor has no session yet: nothing could carry its
    /// cookie later. Set something and [`save`](Self::save) first.
    pub fn detach(&self) -> Result<Self, Error> {
        let state = self.0.lock().detach()?;
        Ok(Self::new(self.0.sessions.clone(), state))
    }
}

/// A save under way. Dropped before it is resolved, it leaves open what was saved.
struct Unsure<'a>(&'a Work);

impl Unsure<'_> {
    fn resolve(self) {
        self.leave(Phase::Open);
    }

    /// The response may have gone meanwhile; then the session stays closed.
    fn leave(&self, phase: Phase) {
        let mut state = self.0.lock();
        if state.phase == Phase::Saving {
            state.phase = phase;
        }
    }
}

impl Drop for Unsure<'_> {
    fn drop(&mut self) {
        self.leave(Phase::Unsure);
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
