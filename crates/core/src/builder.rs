//! Configures [`Sessions`]; refuses what contradicts itself.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::carried::{Carrier, CookieCache, CookieDriver, Copy};
use crate::cookie::{CookieSettings, CookieWriter};
use crate::events::Observers;
use crate::lifetime::Limits;
use crate::place::{Place, Stored};
use crate::sessions::{
    OnCorrupt, OnServerError, OnStoreError, OnTooMany, SessionLimit, Sessions, Settings,
};
use crate::store::Backend;
use crate::{Clock, ConfigError, Observer, Secret, SystemClock};

/// Configures [`Sessions`]; made by [`Sessions::builder`].
///
/// Only [`secret`](Self::secret) must be called.
#[must_use = "nothing happens before `build`"]
pub struct SessionsBuilder {
    home: Home,
    cache: Option<CookieCache>,
    secrets: Vec<Secret>,
    cookie: CookieSettings,
    secure: bool,
    clock: Arc<dyn Clock>,
    settings: Settings,
    observers: Vec<Box<dyn Observer>>,
}

/// Where sessions are to be kept.
pub(crate) enum Home {
    Store(Backend),
    Cookie(CookieDriver),
}

impl SessionsBuilder {
    pub(crate) fn new(home: Home) -> Self {
        Self {
            home,
            cache: None,
            secrets: Vec::new(),
            cookie: CookieSettings::default(),
            secure: true,
            clock: Arc::new(SystemClock),
            settings: Settings {
                limits: Limits::DEFAULT,
                max_payload: 256 * 1024,
                on_store_error: OnStoreError::default(),
                on_corrupt: OnCorrupt::default(),
                on_server_error: OnServerError::default(),
                session_limit: None,
            },
            observers: Vec::new(),
        }
    }

    /// Adds a secret. The first one signs (and seals cookies), all verify; a cookie says which one it needs, so more
    /// secrets cost nothing. To change the secret while visitors are there:
    ///
    /// 1. *Add* the new one behind the old one, and deploy. Every process now knows it, none signs with it yet. (A
    ///    service of one process may skip this.)
    /// 2. Put the new one first, and *deploy*. From now on it signs; who comes with a cookie under the old one gets a
    ///    new cookie, with the same session.
    /// 3. *Wait* for as long as a session may live without a visit: the idle timeout, or the longest that
    ///    [`set_lifetime`](crate::Session::set_lifetime) gives out. Who comes later has no session any more anyway.
    ///    (Only an authentication hash is made anew no sooner than it is compared: users who do not pass by a
    ///    `CurrentUser` meanwhile sign in once more.)
    /// 4. *Remove* the old one, and deploy. Cookies under it are worth nothing now. After a leak do that at once: it
    ///    signs everybody out.
    pub fn secret(mut self, secret: Secret) -> Self {
        self.secrets.push(secret);
        self
    }

    /// Sets the cookie's name and attributes. Default: `__Host-session`, `SameSite=Lax`, `HttpOnly`, `Secure`,
    /// `Path=/`, gone when the browser closes.
    pub fn cookie(mut self, cookie: CookieSettings) -> Self {
        self.cookie = cookie;
        self
    }

    /// For development without TLS: drops `Secure` and the `__Host-` prefix, which browsers refuse over plain http.
    /// Never in production, where anybody on the way could read the cookie.
    pub fn insecure_http(mut self) -> Self {
        self.secure = false;
        self
    }

    /// Ends sessions after this time without activity (ASVS 7.3.1, "inactivity timeout"). Default 120 minutes, at
    /// least a second. The server judges it, whatever the browser keeps.
    pub fn idle_timeout(mut self, timeout: Duration) -> Self {
        self.settings.limits.idle = timeout;
        self
    }

    /// Ends sessions this long after they began, active or not (ASVS 7.3.2, "absolute maximum session lifetime").
    /// Default 30 days. Neither activity nor renewal moves it.
    pub fn absolute_timeout(mut self, timeout: impl Into<Option<Duration>>) -> Self {
        self.settings.limits.absolute = timeout.into();
        self
    }

    /// Gives sessions in use a new id this often, so that a stolen token is of use for a limited time (OWASP,
    /// "renewal timeout"). Default off. The old id stays good for [`renewal_grace`](Self::renewal_grace).
    pub fn renewal_timeout(mut self, timeout: impl Into<Option<Duration>>) -> Self {
        self.settings.limits.renewal = timeout.into();
        self
    }

    /// Sets for how long after a *periodic* renewal the old token still finds the session, so that the parallel
    /// requests of one page do not sign the visitor out. Default 60 s, at most 10 minutes. A
    /// [`renew`](crate::Session::renew) that a handler asks for has no grace.
    pub fn renewal_grace(mut self, grace: Duration) -> Self {
        self.settings.limits.renewal_grace = grace;
        self
    }

    /// Sets which part of the idle timeout may pass before activity is written down again, from 0.0 (on every
    /// request) to 0.5. Default 0.1: a session that is only read costs one write every twelve minutes.
    pub fn touch_after(mut self, part: f64) -> Self {
        // Also what is not a number.
        self.settings.limits.touch_after = if part >= 0.0 { part.min(0.5) } else { 0.0 };
        self
    }

    /// Limits the size of a session's content, in bytes of JSON. Default 256 KiB. What would be larger is an error
    /// of the request that would make it so.
    pub fn max_payload(mut self, bytes: usize) -> Self {
        self.settings.max_payload = bytes;
        self
    }

    /// Sets what a request gets while the store is down. Default [`OnStoreError::Fail`].
    pub fn on_store_error(mut self, policy: OnStoreError) -> Self {
        self.settings.on_store_error = policy;
        self
    }

    /// Sets what a request gets whose record cannot be read. Default [`OnCorrupt::Fail`].
    pub fn on_corrupt(mut self, policy: OnCorrupt) -> Self {
        self.settings.on_corrupt = policy;
        self
    }

    /// Sets whether requests that end in a server error save their changes. Default [`OnServerError::Discard`].
    pub fn on_server_error(mut self, policy: OnServerError) -> Self {
        self.settings.on_server_error = policy;
        self
    }

    /// Limits how many sessions a user has at once, 1 to 1,000 (ASVS 7.1.2). Default: no limit. Part of each sign-in, and
    /// exact however many run at once, in however many processes. Needs a store with a [`UserIndex`](crate::UserIndex).
    ///
    /// ```
    /// # use cloakroom_core::{MemoryStore, OnTooMany, Secret, Sessions};
    /// let sessions = Sessions::builder(MemoryStore::new())
    ///     .secret(Secret::generate()?)
    ///     .max_sessions_per_user(3, OnTooMany::EndOldest)
    ///     .build()?;
    /// # Ok::<(), cloakroom_core::ConfigError>(())
    /// ```
    pub fn max_sessions_per_user(mut self, most: usize, on_too_many: OnTooMany) -> Self {
        self.settings.session_limit = Some(SessionLimit { most, on_too_many });
        self
    }

    /// Lets a short-lived copy of the session travel in a second cookie, so that reads need no store call while it is
    /// fresh. Default off; a life of 5 to 60 s suits most. See [`CookieCache`] for what it costs.
    pub fn cookie_cache(mut self, cache: CookieCache) -> Self {
        self.cache = Some(cache);
        self
    }

    /// Tells somebody what happens to sessions, such as [`LogEvents`](crate::LogEvents). May be called several times.
    /// Default nobody.
    pub fn observer(mut self, observer: impl Observer) -> Self {
        self.observers.push(Box::new(observer));
        self
    }

    /// Tells the time; for tests. Default [`SystemClock`].
    pub fn clock(mut self, clock: impl Clock) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    /// Checks the configuration.
    ///
    /// # Errors
    ///
    /// [`ConfigError`] says what contradicts what, and what to do.
    pub fn build(self) -> Result<Sessions, ConfigError> {
        let Self { home, cache, secrets, cookie, secure, clock, settings, observers } = self;
        if secrets.is_empty() {
            return Err(ConfigError::NoSecret);
        }
        settings.limits.check()?;
        if let Some(life) = cache.map(CookieCache::life).filter(|life| life.as_secs() < 1) {
            let (setting, got_ms) = ("cookie_cache", life.as_millis());
            return Err(ConfigError::Timeout { setting, got_ms, rule: "at least 1000 ms" });
        }
        let cookie = CookieWriter::new(&cookie, secure)?;
        let observers = Observers::new(observers);
        if let Some(SessionLimit { most, .. }) = settings.session_limit {
            let why = match &home {
                _ if !(1..=1_000).contains(&most) => Some("must be 1 to 1000"),
                Home::Cookie(_) => Some("needs a store; these sessions travel in the cookie"),
                Home::Store(store) if !store.has_user_index() => {
                    Some("needs a store that can find a user's sessions (`UserIndex`)")
                }
                Home::Store(_) => None,
            };
            if let Some(why) = why {
                return Err(ConfigError::SessionLimit { most, why });
            }
        }
        let place = match home {
            Home::Store(store) => {
                let copy = cache.map(|cache| Copy::new(cache, &secrets, &cookie));
                let store = store.observed(&observers);
                Place::Store(Stored { store, copy })
            }
            Home::Cookie(_) if cache.is_some() => return Err(ConfigError::CacheWithoutStore),
            Home::Cookie(mut driver) => {
                driver.denied = driver.denied.map(|store| store.observed(&observers));
                Place::Cookie(Carrier::new(driver, &secrets, &cookie, settings.max_payload))
            }
        };
        Ok(Sessions::new(place, &secrets, cookie, clock, settings, observers))
    }
}

impl fmt::Debug for SessionsBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SessionsBuilder")
            .field("secrets", &self.secrets.len())
            .field("cookie", &self.cookie)
            .field("secure", &self.secure)
            .field("cache", &self.cache)
            .field("settings", &self.settings)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::MemoryStore;

    fn builder() -> SessionsBuilder {
        Sessions::builder(MemoryStore::new())
    }

    fn secret() -> Secret {
        Secret::generate().unwrap()
    }

    #[test]
    fn without_a_secret_nothing_is_built() {
        assert_eq!(builder().build().unwrap_err(), ConfigError::NoSecret);
    }

    #[test]
    fn timeouts_that_contradict_are_refused() {
        let day = Duration::from_secs(86_400);
        for (builder, setting) in [
            (builder().idle_timeout(Duration::ZERO), "idle_timeout"),
            (builder().idle_timeout(2 * day).absolute_timeout(day), "absolute_timeout"),
            (builder().renewal_timeout(Duration::from_secs(60)), "renewal_timeout"),
            (builder().renewal_grace(day), "renewal_grace"),
        ] {
            let message = builder.secret(secret()).build().unwrap_err().to_string();
            assert!(message.contains(setting), "{message}");
        }
    }

    #[test]
    fn a_limit_that_cannot_be_kept_is_refused() {
        let limited = |builder: SessionsBuilder, most| {
            let builder = builder.max_sessions_per_user(most, OnTooMany::EndOldest);
            builder.secret(secret()).build().err().map(|error| error.to_string())
        };
        assert_eq!(limited(builder(), 1), None);
        for (builder, most, why) in [
            (builder(), 0, "of 0 must be 1 to 1000"),
            (builder(), 1_001, "1 to 1000"),
            (Sessions::in_cookie(CookieDriver::signed()), 3, "needs a store"),
        ] {
            let message = limited(builder, most).unwrap();
            assert!(message.contains(why), "{message}");
        }
    }

    #[test]
    fn nothing_secret_shows() {
        let sessions = builder().secret(secret()).build().unwrap();
        assert!(format!("{sessions:?}").contains("KeyRing(1 keys, REDACTED)"));
    }
}
