//! The open shop: what handlers share. Puts the parts together; each part does its own work.

use std::error::Error;

use axum::extract::FromRef;
use cloakroom::{Sessions, Setting, TrustedProxies};

use crate::{
    closing::Closing, database::Database, orders::Orders, passwords::Passwords, secret,
    settings::Settings, users::Users,
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
    /// Whether the shop closes.
    pub closing: Closing,
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
    /// If a file cannot be opened or made, or the settings of the sessions are wrong.
    pub async fn open(settings: &Settings) -> Result<Self, Box<dyn Error>> {
        let database = match &settings.database {
            None => Database::in_memory()?,
            Some(path) => Database::open(path)
                .map_err(|error| format!("cannot keep users in {}: {error}", path.display()))?,
        };
        let sessions = sessions(settings)?.open().await?;
        Ok(Self {
            sessions,
            users: Users::new(database.clone()),
            orders: Orders::new(database),
            passwords: Passwords::new()?,
            https: settings.https,
            closing: Closing::default(),
            proxies: settings.proxies.clone(),
            csrf_tokens: settings.csrf_tokens,
        })
    }
}

/// The settings of the sessions, with the shop's own defaults: a secret beside the database, if none was given, and a note
/// there of cookies of which somebody has signed out. Behind https no secret is made up: a real shop's should be where its
/// owner put it.
fn sessions(settings: &Settings) -> Result<cloakroom::Settings, Box<dyn Error>> {
    let mut sessions = settings.sessions.clone();
    if sessions.get(Setting::Store).is_some_and(|store| store.starts_with("cookie:")) {
        let list = match &settings.database {
            None => "memory:".to_owned(),
            Some(path) => format!("sqlite:{}", path.display()),
        };
        sessions = sessions.or(Setting::CookieDenyList, list);
    }
    let given = [Setting::Secret, Setting::SecretFile];
    if settings.https || given.iter().any(|&setting| sessions.get(setting).is_some()) {
        return Ok(sessions);
    }
    let Some(path) = &settings.database else { return Ok(sessions) };
    let path = path.with_extension("secret");
    secret::keep(&path)
        .map_err(|error| format!("cannot keep a secret in {}: {error}", path.display()))?;
    println!(
        "SESSION_SECRET is not set: cookies are signed with {}, which the shop made for itself.",
        path.display()
    );
    Ok(sessions.or(Setting::SecretFile, path.to_string_lossy()))
}
