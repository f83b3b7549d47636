//! The open shop: what handlers share. Puts the parts together; each part does its own work.

use std::error::Error;

use axum::extract::FromRef;
use cloakroom::{CookieDriver, MemoryStore, Secret, Sessions, TrustedProxies, sqlite::SqliteStore};

use crate::{
    database::Database,
    orders::Orders,
    passwords::Passwords,
    secret,
    settings::{Settings, Store},
    users::Users,
};

/// Everything that an open shop holds. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Shop {
    /// The visitors' sessions.
    pub sessions: Sessions,
    /// Who has an account.
    pub users: Users,
    /// What was ordered.
    pub orders: Orders,
    /// Hashes passwords and checks them.
    pub passwords: Passwords,
    /// Whether visitors come over https.
    pub https: bool,
    /// The proxies that are believed about whose requests they pass on.
    pub proxies: Option<TrustedProxies>,
    /// Whether each form carries a CSRF token.
    pub csrf_tokens: bool,
}

impl FromRef<Shop> for Users {
    fn from_ref(shop: &Shop) -> Self {
        shop.users.clone()
    }
}

impl Shop {
    /// Opens the shop that `settings` describe.
    ///
    /// # Errors
    ///
    /// If a file cannot be opened or made, or the secret is too short.
    pub fn open(settings: &Settings) -> Result<Self, Box<dyn Error>> {
        let database = match &settings.database {
            None => Database::in_memory()?,
            Some(path) => Database::open(path)
                .map_err(|error| format!("cannot keep users in {}: {error}", path.display()))?,
        };
        let builder = match &settings.store {
            Store::Memory => Sessions::builder(MemoryStore::new()),
            Store::Sqlite(path) => Sessions::builder(SqliteStore::open(path)?),
            Store::Cookie { signed } => Sessions::in_cookie(driver(*signed, settings)?),
        };
        let mut builder = builder.secret(Secret::new(secret_for(settings)?)?);
        if !settings.https {
            builder = builder.insecure_http();
        }
        Ok(Self {
            sessions: builder.build()?,
            users: Users::new(database.clone()),
            orders: Orders::new(database),
            passwords: Passwords::new()?,
            https: settings.https,
            proxies: settings.proxies.clone(),
            csrf_tokens: settings.csrf_tokens,
        })
    }
}

/// The secret that was given, or the one beside the database. Behind https none is made up: a real shop's
/// secret should be where its owner put it.
fn secret_for(settings: &Settings) -> Result<String, Box<dyn Error>> {
    if let Some(text) = &settings.secret {
        return Ok(text.0.clone());
    }
    if settings.https {
        return Err(
            "SESSION_SECRET is not set: with SHOP_HTTPS=1 the shop wants 32 random bytes or more, \
                    for example from `openssl rand -hex 32`"
                .into(),
        );
    }
    let Some(path) = &settings.database else { return Ok(secret::random()) };
    let path = path.with_extension("secret");
    let text = secret::read_or_make(&path)
        .map_err(|error| format!("cannot keep a secret in {}: {error}", path.display()))?;
    println!(
        "SESSION_SECRET is not set: cookies are signed with {}, which the shop made for itself.",
        path.display()
    );
    Ok(text)
}

/// Sessions in the cookie. A cookie of which somebody has signed out is void from then on: that is noted in the database.
fn driver(signed: bool, settings: &Settings) -> Result<CookieDriver, Box<dyn Error>> {
    let driver = if signed { CookieDriver::signed() } else { CookieDriver::encrypted() };
    Ok(match &settings.database {
        None => driver.deny_list(MemoryStore::new()),
        Some(path) => driver.deny_list(SqliteStore::open(path)?),
    })
}
