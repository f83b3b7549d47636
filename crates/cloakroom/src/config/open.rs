//! Opens what the settings name.

use std::time::Duration;

use super::address::{Address, Cookie};
use super::checked::{Checked, Place};
use super::{AnyStore, SettingsError, invalid};
use crate::{CookieDriver, MemoryStore, Sessions, SessionsBuilder, Setting};

/// Opens the store and tells the builder everything.
pub(super) async fn open(checked: Checked) -> Result<SessionsBuilder, SettingsError> {
    let cookie = match &checked.store.address {
        Address::Cookie(cookie) => *cookie,
        _ => {
            let builder = checked.opening.connect(&checked.store).await?.builder();
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
        driver = checked.opening.connect(place).await?.deny_list(driver);
    }
    Ok(checked.tell(Sessions::in_cookie(driver)))
}

/// What is said of the stores beside their addresses.
#[derive(Clone, Debug)]
pub(super) struct Opening {
    #[cfg_attr(not(feature = "postgres"), expect(dead_code, reason = "there is no such store"))]
    pub(super) table: Option<String>,
    #[cfg_attr(not(feature = "redis"), expect(dead_code, reason = "there is no such store"))]
    pub(super) prefix: Option<String>,
    #[cfg_attr(
        not(any(feature = "postgres", feature = "redis")),
        expect(dead_code, reason = "there is no such store")
    )]
    pub(super) timeout: Option<Duration>,
}

/// A store's table.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Schema {
    /// The version that is there; `None` if there is no table yet.
    pub found: Option<u32>,
    /// The version that this version of cloakroom makes and works with.
    pub known: u32,
    /// The SQL that makes the table, for those who do it themselves, where the store tells it.
    pub sql: Option<String>,
}

impl Place {
    fn failed(&self, source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> SettingsError {
        SettingsError::Store { address: self.shown.clone(), source: source.into() }
    }
}

impl Opening {
    /// Looks at the store's table and changes nothing; `None` for a store that has none.
    pub(super) async fn schema(&self, place: &Place) -> Result<Option<Schema>, SettingsError> {
        match &place.address {
            #[cfg(feature = "sqlite")]
            Address::Sqlite(path) => {
                sqlite_schema(path).map(Some).map_err(|error| place.failed(error))
            }
            #[cfg(feature = "postgres")]
            Address::Postgres(url) => {
                let schema = self.postgres_schema(url).await;
                schema.map(Some).map_err(|error| place.failed(error))
            }
            Address::Memory | Address::Redis(..) | Address::Cookie(_) => Ok(None),
            #[cfg(not(all(feature = "sqlite", feature = "postgres")))]
            _ => Err(invalid(Setting::Store, "cannot be opened here")),
        }
    }

    #[cfg(feature = "postgres")]
    async fn postgres_schema(&self, url: &str) -> Result<Schema, crate::postgres::PostgresError> {
        let options = self.postgres_options(url)?;
        Ok(Schema {
            found: options.schema_version().await?,
            known: crate::postgres::PostgresStore::SCHEMA,
            sql: Some(options.schema_sql()?),
        })
    }

    pub(super) async fn connect(&self, place: &Place) -> Result<AnyStore, SettingsError> {
        let opened: Result<AnyStore, Box<dyn std::error::Error + Send + Sync>> =
            match &place.address {
                Address::Memory => Ok(AnyStore::Memory(MemoryStore::new())),
                #[cfg(feature = "sqlite")]
                Address::Sqlite(path) => {
                    crate::sqlite::SqliteStore::open(path).map(AnyStore::Sqlite).map_err(Into::into)
                }
                #[cfg(feature = "postgres")]
                Address::Postgres(url) => {
                    self.postgres(url).await.map(AnyStore::Postgres).map_err(Into::into)
                }
                #[cfg(feature = "redis")]
                Address::Redis(urls, how) => {
                    self.redis(urls, how).await.map(AnyStore::Redis).map_err(Into::into)
                }
                _ => return Err(invalid(Setting::Store, "cannot be opened here")),
            };
        opened.map_err(|error| place.failed(error))
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

#[cfg(feature = "sqlite")]
fn sqlite_schema(path: &std::path::Path) -> Result<Schema, crate::sqlite::SqliteError> {
    Ok(Schema {
        found: crate::sqlite::SqliteOptions::new(path).schema_version()?,
        known: crate::sqlite::SqliteStore::SCHEMA,
        sql: None,
    })
}
