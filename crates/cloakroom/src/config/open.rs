//! Opens what the settings name.

use super::address::{Address, Cookie};
use super::checked::{Checked, Place};
use super::{SettingsError, invalid};
use crate::{CookieDriver, MemoryStore, Sessions, SessionsBuilder, Setting};

/// Opens the store and tells the builder everything.
pub(super) async fn open(checked: Checked) -> Result<SessionsBuilder, SettingsError> {
    let cookie = match &checked.store.address {
        Address::Cookie(cookie) => *cookie,
        _ => {
            let builder = checked.connect(&checked.store).await?.builder();
            return Ok(checked.tell(builder));
        }
    };
    let mut driver = match cookie {
        Cookie::Encrypted => CookieDriver::encrypted(),
        Cookie::Signed => CookieDriver::signed(),
    };
    if let Some(cookies) = checked.split {
        driver = driver.split(cookies);
    }
    if let Some(place) = &checked.deny_list {
        driver = checked.connect(place).await?.deny_list(driver);
    }
    Ok(checked.tell(Sessions::in_cookie(driver)))
}

/// A store that is open.
enum Opened {
    Memory,
    #[cfg(feature = "sqlite")]
    Sqlite(crate::sqlite::SqliteStore),
    #[cfg(feature = "postgres")]
    Postgres(crate::postgres::PostgresStore),
    #[cfg(feature = "redis")]
    Redis(crate::redis::RedisStore),
}

impl Opened {
    fn builder(self) -> SessionsBuilder {
        match self {
            Self::Memory => Sessions::builder(MemoryStore::new()),
            #[cfg(feature = "sqlite")]
            Self::Sqlite(store) => Sessions::builder(store),
            #[cfg(feature = "postgres")]
            Self::Postgres(store) => Sessions::builder(store),
            #[cfg(feature = "redis")]
            Self::Redis(store) => Sessions::builder(store),
        }
    }

    fn deny_list(self, driver: CookieDriver) -> CookieDriver {
        match self {
            Self::Memory => driver.deny_list(MemoryStore::new()),
            #[cfg(feature = "sqlite")]
            Self::Sqlite(store) => driver.deny_list(store),
            #[cfg(feature = "postgres")]
            Self::Postgres(store) => driver.deny_list(store),
            #[cfg(feature = "redis")]
            Self::Redis(store) => driver.deny_list(store),
        }
    }
}

impl Checked {
    async fn connect(&self, place: &Place) -> Result<Opened, SettingsError> {
        let opened: Result<Opened, Box<dyn std::error::Error + Send + Sync>> = match &place.address
        {
            Address::Memory => Ok(Opened::Memory),
            #[cfg(feature = "sqlite")]
            Address::Sqlite(path) => {
                crate::sqlite::SqliteStore::open(path).map(Opened::Sqlite).map_err(Into::into)
            }
            #[cfg(feature = "postgres")]
            Address::Postgres(url) => {
                self.postgres(url).await.map(Opened::Postgres).map_err(Into::into)
            }
            #[cfg(feature = "redis")]
            Address::Redis(urls, how) => {
                self.redis(urls, how).await.map(Opened::Redis).map_err(Into::into)
            }
            _ => return Err(invalid(Setting::Store, "cannot be opened here")),
        };
        opened.map_err(|source| SettingsError::Store { address: place.shown.clone(), source })
    }

    #[cfg(feature = "postgres")]
    async fn postgres(
        &self,
        url: &str,
    ) -> Result<crate::postgres::PostgresStore, crate::postgres::PostgresError> {
        self.postgres_options(url)?.connect().await
    }

    #[cfg(feature = "postgres")]
    pub(super) fn postgres_options(
        &self,
        url: &str,
    ) -> Result<crate::postgres::PostgresOptions, crate::postgres::PostgresError> {
        let mut options = crate::postgres::PostgresOptions::new(url)?;
        if let Some(table) = &self.table {
            options = options.table(table);
        }
        if let Some(timeout) = self.timeout {
            options = options.response_timeout(timeout);
        }
        Ok(options)
    }

    #[cfg(feature = "redis")]
    async fn redis(
        &self,
        urls: &[String],
        how: &super::address::Redis,
    ) -> Result<crate::redis::RedisStore, crate::redis::RedisError> {
        self.redis_options(urls, how)?.connect().await
    }

    #[cfg(feature = "redis")]
    pub(super) fn redis_options(
        &self,
        urls: &[String],
        how: &super::address::Redis,
    ) -> Result<crate::redis::RedisOptions, crate::redis::RedisError> {
        use super::address::Redis;
        use crate::redis::RedisOptions;
        use crate::redis::redis::IntoConnectionInfo as _;
        let mut options = match how {
            Redis::One => RedisOptions::new(urls.first().cloned().unwrap_or_default()),
            Redis::Cluster => RedisOptions::cluster(urls),
            Redis::Sentinel { service, login, database } => {
                let mut options = RedisOptions::sentinel(urls, service);
                // The driver knows how user and password are encoded in a URL.
                let login = login.as_str().into_connection_info()?;
                let login = login.redis_settings();
                if let Some(password) = login.password() {
                    options = options.credentials(login.username().unwrap_or("default"), password);
                }
                match database {
                    Some(number) => options.database(*number),
                    None => options,
                }
            }
        };
        if let Some(prefix) = &self.prefix {
            options = options.prefix(prefix);
        }
        if let Some(timeout) = self.timeout {
            options = options.response_timeout(timeout);
        }
        Ok(options)
    }
}
