//! Reads the values of all settings. Opens nothing but the file with the secrets.

#[cfg(feature = "redis")]
use super::address::Redis;
use super::address::{Address, shown};
use super::engine::Engine;
use super::open::Opening;
use super::reader::{Reader, duration};
use super::{Setting, Settings, SettingsError, secrets};
use crate::{
    ConfigError, CookieSettings, OnCorrupt, OnServerError, OnStoreError, OnTooMany, SameSite,
    Secret, SessionsBuilder,
};

/// Where the application runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Env {
    Development,
    Production,
}

/// Settings that were found to be right.
pub(super) struct Checked {
    pub(super) store: Place,
    pub(super) deny_list: Option<Place>,
    pub(super) opening: Opening,
    pub(super) split: Option<u8>,
    pub(super) secrets: Vec<Secret>,
    engine: Engine,
}

/// A store's address, and how it may be shown.
pub(super) struct Place {
    pub(super) address: Address,
    pub(super) shown: String,
}

impl Checked {
    pub(super) fn new(settings: &Settings) -> Result<Self, SettingsError> {
        let mut reader = Reader { settings, mistakes: settings.slips.clone() };
        let checked = reader.checked();
        match checked {
            Some(checked) if reader.mistakes.is_empty() => Ok(checked),
            _ => {
                reader.mistakes.sort_by_key(|mistake| mistake.setting);
                Err(SettingsError::Invalid(reader.mistakes))
            }
        }
    }

    /// Looks at nothing but the store: where it is, and how it is opened.
    pub(super) fn store(settings: &Settings) -> Result<(Place, Opening), SettingsError> {
        let mut reader = Reader { settings, mistakes: Vec::new() };
        if settings.get(Setting::Store).is_none() {
            let takes = Setting::Store.takes();
            reader.wrong(Setting::Store, format!("is not set, and it takes {takes}"));
        }
        let (place, opening) = (reader.place(Setting::Store), reader.opening());
        match place {
            Some(place) if reader.mistakes.is_empty() => Ok((place, opening)),
            _ => Err(SettingsError::Invalid(reader.mistakes)),
        }
    }

    /// Tells a builder all but its store.
    pub(super) fn tell(self, builder: SessionsBuilder) -> SessionsBuilder {
        let builder = self.secrets.into_iter().fold(builder, SessionsBuilder::secret);
        self.engine.tell(builder)
    }
}

impl Reader<'_> {
    fn checked(&mut self) -> Option<Checked> {
        use Setting as S;
        let env = self
            .one_of(S::Env, &[("production", Env::Production), ("development", Env::Development)]);
        let is_development = env == Some(Env::Development);
        let env = env.unwrap_or(Env::Production);
        let store = match self.settings.get(S::Store) {
            Some(_) => self.place(S::Store),
            None if is_development => {
                Some(Place { address: Address::Memory, shown: "memory:".to_owned() })
            }
            None => {
                self.wrong(S::Store, format!("is not set, and it takes {}", S::Store.takes()));
                None
            }
        };
        let deny_list = self.place(S::CookieDenyList);
        if deny_list.as_ref().is_some_and(|place| place.address.is_cookie()) {
            self.unfit(S::CookieDenyList);
        }
        let checked = Checked {
            opening: self.opening(),
            split: self.number(S::CookieSplit, |cookies: &u8| (1..=9).contains(cookies)),
            secrets: secrets::read(self.settings, env).unwrap_or_else(|mistakes| {
                self.mistakes.extend(mistakes);
                Vec::new()
            }),
            engine: self.engine(is_development),
            store: store.unwrap_or(Place { address: Address::Memory, shown: String::new() }),
            deny_list,
        };
        self.misplaced(&checked);
        Some(checked)
    }

    fn opening(&mut self) -> Opening {
        use Setting as S;
        Opening {
            table: self.text(S::StoreTable),
            prefix: self.text(S::StorePrefix),
            timeout: self
                .read(S::StoreTimeout, |text| duration(text).filter(|time| !time.is_zero())),
        }
    }

    fn engine(&mut self, is_development: bool) -> Engine {
        use Setting as S;
        let mut cookie = match self.text(S::CookieName) {
            Some(name) => CookieSettings::new(name),
            None => CookieSettings::default(),
        };
        let same_site =
            [("lax", SameSite::Lax), ("strict", SameSite::Strict), ("none", SameSite::None)];
        if let Some(same_site) = self.one_of(S::CookieSameSite, &same_site) {
            cookie = cookie.same_site(same_site);
        }
        if let Some(domain) = self.text(S::CookieDomain) {
            cookie = cookie.domain(domain);
        }
        if let Some(path) = self.text(S::CookiePath) {
            cookie = cookie.path(path);
        }
        if self.truth(S::CookieHostPrefix) == Some(false) {
            cookie = cookie.without_host_prefix();
        }
        if self.truth(S::CookiePersistent) == Some(true) {
            cookie = cookie.persistent();
        }
        if self.truth(S::CookiePartitioned) == Some(true) {
            cookie = cookie.partitioned();
        }
        let engine = Engine {
            cookie,
            insecure_http: self.truth(S::InsecureHttp).unwrap_or(is_development),
            cache: self.duration_or_off(S::CookieCache).flatten(),
            idle: self.duration(S::IdleTimeout),
            absolute: self.duration_or_off(S::AbsoluteTimeout),
            renewal: self.duration_or_off(S::RenewalTimeout),
            grace: self.duration(S::RenewalGrace),
            touch_after: self.number(S::TouchAfter, |part: &f64| (0.0..=0.5).contains(part)),
            max_payload: self.size(S::MaxPayload),
            on_store_error: self.one_of(
                S::OnStoreError,
                &[
                    ("fail", OnStoreError::Fail),
                    ("read-only-anonymous", OnStoreError::ReadOnlyAnonymous),
                ],
            ),
            on_corrupt: self.one_of(
                S::OnCorrupt,
                &[("fail", OnCorrupt::Fail), ("discard", OnCorrupt::Discard)],
            ),
            on_server_error: self.one_of(
                S::OnServerError,
                &[("discard", OnServerError::Discard), ("commit", OnServerError::Commit)],
            ),
            sessions_per_user: self.number_or_off(S::MaxPerUser, |most| (1..=1_000).contains(most)),
            on_too_many: self.one_of(
                S::OnTooMany,
                &[("end-oldest", OnTooMany::EndOldest), ("refuse", OnTooMany::Refuse)],
            ),
        };
        for error in engine.contradictions() {
            self.contradiction(&error);
        }
        engine
    }

    /// Notes what the engine refuses, under the setting that can put it right.
    fn contradiction(&mut self, error: &ConfigError) {
        use Setting as S;
        let setting = match error {
            ConfigError::HostPrefixWithDomain(_) => S::CookieDomain,
            ConfigError::HostPrefixWithPath(_) => S::CookiePath,
            ConfigError::InvalidAttribute(_, "domain") => S::CookieDomain,
            ConfigError::InvalidAttribute(..) => S::CookiePath,
            ConfigError::InvalidName(_) => S::CookieName,
            ConfigError::PartitionedWithoutSecure => S::CookiePartitioned,
            ConfigError::SameSiteNoneWithoutSecure => S::CookieSameSite,
            ConfigError::Timeout { setting, .. } => {
                let is_it = |known: &&Setting| known.key().ends_with(setting);
                *Setting::ALL.iter().find(is_it).unwrap_or(&S::IdleTimeout)
            }
            _ => S::Secret,
        };
        let got = self.settings.get(setting).unwrap_or("not set").to_owned();
        let why = match error {
            ConfigError::HostPrefixWithDomain(_) | ConfigError::HostPrefixWithPath(_) => {
                format!(", which needs {}=false", S::CookieHostPrefix)
            }
            ConfigError::PartitionedWithoutSecure | ConfigError::SameSiteNoneWithoutSecure => {
                format!(", which needs https; but {} is on", S::InsecureHttp)
            }
            ConfigError::Timeout { rule, .. } => format!("; it must be {rule}"),
            _ => String::new(),
        };
        let got = format!("is {got:?}{why}, and it takes {}", setting.takes());
        self.wrong(setting, got);
    }

    /// Refuses what means nothing for the store.
    fn misplaced(&mut self, checked: &Checked) {
        use Setting as S;
        let places = [Some(&checked.store), checked.deny_list.as_ref()];
        let places = || places.iter().flatten().map(|place| &place.address);
        let has = |wanted: fn(&Address) -> bool| places().any(wanted);
        let is_postgres = has(|address| matches!(address, Address::Postgres(_)));
        let is_redis = has(|address| matches!(address, Address::Redis(..)));
        let is_cookie = checked.store.address.is_cookie();
        let cache = checked.engine.cache.is_some();
        for (setting, fits, whose) in [
            (S::StoreTable, is_postgres, "is only for postgres:"),
            (S::StorePrefix, is_redis, "is only for redis:"),
            (S::StoreTimeout, is_postgres || is_redis, "is only for postgres: and redis:"),
            (S::CookieSplit, is_cookie, "is only for cookie:"),
            (S::CookieDenyList, is_cookie, "is only for cookie:"),
            (S::MaxPerUser, !is_cookie, "needs a store that can find a user's sessions"),
            (S::CookieCache, !is_cookie || !cache, "is not for cookie:, which needs no copy"),
        ] {
            // Without a store nobody knows.
            let known = !checked.store.shown.is_empty();
            if self.settings.get(setting).is_some() && known && !fits {
                let message = format!("{whose}, and {} is {:?}", S::Store, checked.store.shown);
                self.wrong(setting, message);
            }
        }
    }

    fn place(&mut self, setting: Setting) -> Option<Place> {
        let text = self.settings.get(setting)?;
        let shown = shown(text);
        let Some(address) = Address::parse(text) else {
            let message = format!("is {shown:?}, and it takes {}", setting.takes());
            self.wrong(setting, message);
            return None;
        };
        #[cfg(feature = "redis")]
        if let Address::Redis(urls, how) = &address {
            let login = match how {
                Redis::Sentinel { login, .. } => Some(login),
                Redis::One | Redis::Cluster => None,
            };
            let is_url = |url: &String| crate::redis::RedisOptions::new(url).open().is_ok();
            if !urls.iter().chain(login).all(is_url) {
                self.wrong(setting, format!("is {shown:?}, and the driver takes no such URL"));
                return None;
            }
        }
        #[cfg(feature = "postgres")]
        if let Address::Postgres(url) = &address
            && let Err(error) = crate::postgres::PostgresOptions::new(url)
        {
            self.wrong(setting, format!("is {shown:?}: {error}"));
            return None;
        }
        if let Some(feature) = address.lacks() {
            let message = format!(
                "is {shown:?}, which needs the feature `{feature}` of cloakroom: \
                 `cargo add cloakroom --features {feature}`"
            );
            self.wrong(setting, message);
        }
        Some(Place { address, shown })
    }
}

#[cfg(test)]
mod tests;
