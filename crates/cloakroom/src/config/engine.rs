//! What the builder is told, whatever the store.

use std::time::Duration;

use crate::{
    ConfigError, CookieCache, CookieSettings, MemoryStore, OnCorrupt, OnServerError, OnStoreError,
    OnTooMany, Secret, Sessions, SessionsBuilder,
};

/// What the builder is told.
#[derive(Clone, Debug)]
pub(super) struct Engine {
    pub(super) cookie: CookieSettings,
    pub(super) insecure_http: bool,
    pub(super) cache: Option<Duration>,
    pub(super) idle: Option<Duration>,
    pub(super) absolute: Option<Option<Duration>>,
    pub(super) renewal: Option<Option<Duration>>,
    pub(super) grace: Option<Duration>,
    pub(super) touch_after: Option<f64>,
    pub(super) max_payload: Option<usize>,
    pub(super) on_store_error: Option<OnStoreError>,
    pub(super) on_corrupt: Option<OnCorrupt>,
    pub(super) on_server_error: Option<OnServerError>,
    pub(super) sessions_per_user: Option<usize>,
    pub(super) on_too_many: Option<OnTooMany>,
}

impl Engine {
    pub(super) fn tell(self, mut builder: SessionsBuilder) -> SessionsBuilder {
        builder = builder.cookie(self.cookie);
        if self.insecure_http {
            builder = builder.insecure_http();
        }
        if let Some(life) = self.cache {
            builder = builder.cookie_cache(CookieCache::encrypted(life));
        }
        if let Some(idle) = self.idle {
            builder = builder.idle_timeout(idle);
        }
        if let Some(absolute) = self.absolute {
            builder = builder.absolute_timeout(absolute);
        }
        if let Some(renewal) = self.renewal {
            builder = builder.renewal_timeout(renewal);
        }
        if let Some(grace) = self.grace {
            builder = builder.renewal_grace(grace);
        }
        if let Some(part) = self.touch_after {
            builder = builder.touch_after(part);
        }
        if let Some(bytes) = self.max_payload {
            builder = builder.max_payload(bytes);
        }
        if let Some(policy) = self.on_store_error {
            builder = builder.on_store_error(policy);
        }
        if let Some(policy) = self.on_corrupt {
            builder = builder.on_corrupt(policy);
        }
        if let Some(policy) = self.on_server_error {
            builder = builder.on_server_error(policy);
        }
        if let Some(most) = self.sessions_per_user {
            let policy = self.on_too_many.unwrap_or(OnTooMany::EndOldest);
            builder = builder.max_sessions_per_user(most, policy);
        }
        builder
    }

    /// Has the engine itself look at the cookie and at the limits, each for itself, so that one mistake does not hide the
    /// others.
    pub(super) fn contradictions(&self) -> impl Iterator<Item = ConfigError> {
        let cookie = |builder: SessionsBuilder| {
            let builder = builder.cookie(self.cookie.clone());
            if self.insecure_http { builder.insecure_http() } else { builder }
        };
        let limits = Self {
            cookie: CookieSettings::default(),
            insecure_http: false,
            cache: None,
            ..self.clone()
        };
        let cache = self.cache.map(CookieCache::encrypted);
        let cache = |builder: SessionsBuilder| match cache {
            Some(cache) => builder.cookie_cache(cache),
            None => builder,
        };
        let grace = |builder: SessionsBuilder| match self.grace {
            Some(grace) => builder.renewal_grace(grace),
            None => builder,
        };
        let blank = || {
            Secret::generate().map(|secret| Sessions::builder(MemoryStore::new()).secret(secret))
        };
        let looks = [
            blank().and_then(|builder| cookie(builder).build()),
            blank().and_then(|builder| limits.tell(builder).build()),
            blank().and_then(|builder| cache(builder).build()),
            blank().and_then(|builder| grace(builder).build()),
        ];
        let mut found: Vec<_> = looks.into_iter().filter_map(Result::err).collect();
        found.dedup();
        found.into_iter()
    }
}
