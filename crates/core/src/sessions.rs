//! The service object: everything that the sessions of one application share.

use std::fmt;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::{Arc, OnceLock};

use futures_util::lock::Mutex;
use http::HeaderMap;

use crate::arrival::{Arrival, Line};
use crate::builder::Home;
use crate::cookie::CookieWriter;
use crate::events::Observers;
use crate::lifetime::Limits;
use crate::place::Place;
use crate::purpose::PurposeKeys;
use crate::queue::Queue;
use crate::store::Backend;
use crate::token::KeyRing;
use crate::watch::Watches;
use crate::{Clock, CookieDriver, Id, Listening, Pending, Secret, SessionsBuilder, Store, UserId};

/// The sessions of an application: its store, secrets, cookie and limits. Cheap to clone.
///
/// Give it to the layer of your framework's adapter. What is not configured is safe.
///
/// ```
/// use cloakroom_core::{MemoryStore, Secret, Sessions};
/// use std::time::Duration;
///
/// let sessions = Sessions::builder(MemoryStore::new())
///     .secret(Secret::generate()?)
///     .idle_timeout(Duration::from_secs(30 * 60))
///     .build()?;
/// # Ok::<(), cloakroom_core::ConfigError>(())
/// ```
#[derive(Clone)]
pub struct Sessions(Arc<Inner>);

pub(crate) struct Inner {
    pub(crate) place: Place,
    pub(crate) keys: KeyRing,
    /// For authentication hashes.
    pub(crate) auth: PurposeKeys,
    /// For CSRF tokens.
    pub(crate) csrf: PurposeKeys,
    pub(crate) cookie: CookieWriter,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) settings: Settings,
    pub(crate) observers: Observers,
    /// Who waits for the end of a session.
    pub(crate) watches: Arc<Watches>,
    /// Some once somebody waits, if the store sends signals.
    pub(crate) listening: OnceLock<Option<Listening>>,
    queues: [Queue; QUEUES],
    sign_ins: [Mutex<()>; QUEUES],
}

/// Number of queues for commits that met; sessions share them by chance.
const QUEUES: usize = 64;

#[derive(Clone, Debug)]
pub(crate) struct Settings {
    pub(crate) limits: Limits,
    pub(crate) max_payload: usize,
    pub(crate) on_store_error: OnStoreError,
    pub(crate) on_corrupt: OnCorrupt,
    pub(crate) on_server_error: OnServerError,
    pub(crate) session_limit: Option<SessionLimit>,
}

/// How many sessions a user may have.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SessionLimit {
    pub(crate) most: usize,
    pub(crate) on_too_many: OnTooMany,
}

/// What happens to a sign-in of a user who has as many sessions as they may: see
/// [`SessionsBuilder::max_sessions_per_user`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum OnTooMany {
    /// The sessions with the oldest sign-ins end, once the new one is saved.
    EndOldest,
    /// The new one is refused, as a value: [`Session::sign_in_now`](crate::Session::sign_in_now).
    Refuse,
}

/// What a request gets whose session cannot be loaded, because the store fails.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum OnStoreError {
    /// An error: adapters answer 503 with `Retry-After`. The default.
    #[default]
    Fail,
    /// An empty session that refuses every change. Signed-in visitors look signed out while the store is down.
    ReadOnlyAnonymous,
}

/// What a request gets whose stored record cannot be read: not ours, damaged, or of a newer version.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum OnCorrupt {
    /// An error that names the session's id; the record stays for you to look at. The default.
    #[default]
    Fail,
    /// A new session, as if the record were gone.
    Discard,
}

/// What happens to the changes of a request that is answered with a server error (5xx), or with the 408 that timeout
/// layers answer for a handler that they cut off.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum OnServerError {
    /// They are saved all the same.
    Commit,
    /// They are dropped, so that an error is not half a change; but a `destroy` happens. The default.
    #[default]
    Discard,
}

impl Sessions {
    /// Begins to configure sessions that are kept in `store`.
    pub fn builder(store: impl Store) -> SessionsBuilder {
        SessionsBuilder::new(Home::Store(Backend::new(store)))
    }

    /// Begins to configure sessions that travel in the cookie, without a store. See [`CookieDriver`] for what that can
    /// and cannot do.
    pub fn in_cookie(driver: CookieDriver) -> SessionsBuilder {
        SessionsBuilder::new(Home::Cookie(driver))
    }

    pub(crate) fn new(
        place: Place,
        secrets: &[Secret],
        cookie: CookieWriter,
        clock: Arc<dyn Clock>,
        settings: Settings,
        observers: Observers,
    ) -> Self {
        let queues = std::array::from_fn(|_| Queue::default());
        let name = cookie.name();
        Self(Arc::new(Inner {
            keys: KeyRing::derive(secrets, name),
            auth: PurposeKeys::derive(secrets, "auth", name),
            csrf: PurposeKeys::derive(secrets, "csrf", name),
            watches: Watches::new(clock.clone()),
            listening: OnceLock::new(),
            place,
            cookie,
            clock,
            settings,
            observers,
            queues,
            sign_ins: std::array::from_fn(|_| Mutex::default()),
        }))
    }

    pub(crate) fn inner(&self) -> &Inner {
        &self.0
    }

    /// Returns the session of a request with these headers, not loaded yet. For adapters; costs no I/O.
    #[must_use]
    pub fn pending(&self, headers: &HeaderMap) -> Pending {
        Pending::new(self.clone(), Arrival::new(headers))
    }

    /// Returns the session of a request whose headers are not of `http`'s types, as [`pending`](Self::pending) does: `cookies`
    /// are the values of `Cookie`, and `user_agent` is kept only of requests that sign somebody in. Nothing is copied if
    /// they are shared. For adapters.
    ///
    /// ```
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use cloakroom_core::{MemoryStore, Secret, Sessions};
    ///
    /// let sessions = Sessions::builder(MemoryStore::new()).secret(Secret::generate()?).build()?;
    /// let pending = sessions.pending_of(["__Host-session=of another server"], Some("curl/8"));
    /// assert!(pending.loaded().is_none());
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn pending_of<V: AsRef<[u8]> + Send + Sync + 'static>(
        &self,
        cookies: impl IntoIterator<Item = V>,
        user_agent: Option<V>,
    ) -> Pending {
        let cookies = cookies.into_iter().map(Line::other);
        Pending::new(self.clone(), Arrival::of(cookies, user_agent.map(Line::other)))
    }

    /// Tells whether both are the same object, so that nested layers can see that they are.
    #[must_use]
    pub fn is_same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    /// Returns the cookie's name as it stands on the wire, with its prefix.
    #[must_use]
    pub fn cookie_name(&self) -> &str {
        self.0.cookie.name()
    }
}

impl Inner {
    /// Returns where commits wait that were overtaken on the session `id`.
    pub(crate) fn queue(&self, id: Id) -> &Queue {
        // Ids are evenly spread, so any byte does.
        &self.queues[usize::from(id.as_bytes()[15]) % QUEUES]
    }
}

impl Inner {
    /// Waits until no other sign-in of this user is at work in this process.
    pub(crate) async fn sign_in_turn(&self, user: &UserId) -> impl Drop + '_ {
        let mut hasher = DefaultHasher::new();
        user.hash(&mut hasher);
        let place = usize::try_from(hasher.finish() % QUEUES as u64).unwrap_or_default();
        self.sign_ins[place].lock().await
    }
}

impl fmt::Debug for Sessions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sessions")
            .field("place", &self.0.place)
            .field("keys", &self.0.keys)
            .field("cookie", &self.0.cookie)
            .field("settings", &self.0.settings)
            .finish_non_exhaustive()
    }
}
