//! What the environment says about this shop. Reads and checks; opens nothing.

use std::{
    env, fmt,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    path::PathBuf,
};

use cloakroom::TrustedProxies;

/// The shop's settings.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Where to listen (`SHOP_ADDR`, default `127.0.0.1:8080`).
    pub address: SocketAddr,
    /// Where sessions are kept (`SESSION_STORE`, default `sqlite:shop.db`).
    pub store: Store,
    /// The file that users and orders are kept in (`SHOP_DATABASE`, default the sessions' own or `shop.db`); none with
    /// `memory:`.
    pub database: Option<PathBuf>,
    /// What signs the session cookie (`SESSION_SECRET`; without it the shop makes its own).
    pub secret: Option<SecretText>,
    /// Whether visitors come over https (`SHOP_HTTPS=1`), through a proxy in front of the shop.
    pub https: bool,
    /// The proxies that are believed in `X-Forwarded-For` (`SHOP_PROXIES`, addresses or networks with commas between).
    pub proxies: Option<TrustedProxies>,
    /// Whether each form carries a CSRF token as well (`SHOP_CSRF_TOKENS=1`). Then each page with a form begins a session.
    pub csrf_tokens: bool,
}

/// Where the shop keeps its sessions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Store {
    /// `memory:`, gone when the shop closes: sessions, users and orders.
    Memory,
    /// `sqlite:PATH`, one file.
    Sqlite(PathBuf),
    /// `cookie:`, in the visitor's own encrypted cookie; only who has signed out is noted in the database. Or
    /// `cookie:signed`, which its owner can read.
    Cookie {
        /// Whether its owner can read it.
        signed: bool,
    },
}

/// The text of `SESSION_SECRET`. Its `Debug` does not show it.
#[derive(Clone)]
pub struct SecretText(pub(crate) String);

impl fmt::Debug for SecretText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretText")
    }
}

impl Settings {
    /// Reads the settings from the environment.
    ///
    /// # Errors
    ///
    /// With a message for whoever starts the shop.
    pub fn from_env() -> Result<Self, String> {
        Self::parse(|name| env::var(name).ok())
    }

    /// Reads the settings from `variable`, which answers as the environment would.
    ///
    /// # Errors
    ///
    /// With a message for whoever starts the shop.
    pub fn parse(variable: impl Fn(&str) -> Option<String>) -> Result<Self, String> {
        let address = match variable("SHOP_ADDR") {
            None => SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 8080),
            Some(text) => text
                .parse()
                .map_err(|_| format!("SHOP_ADDR is not an address with a port: {text:?}"))?,
        };
        let store = match variable("SESSION_STORE") {
            None => Store::Sqlite("shop.db".into()),
            Some(text) => Store::parse(&text)?,
        };
        let database = match (variable("SHOP_DATABASE"), &store) {
            (Some(path), _) => Some(path.into()),
            (None, Store::Memory) => None,
            (None, Store::Sqlite(path)) => Some(path.clone()),
            (None, Store::Cookie { .. }) => Some("shop.db".into()),
        };
        let secret = variable("SESSION_SECRET").map(SecretText);
        let https = variable("SHOP_HTTPS").is_some_and(|text| text == "1");

        if !https && !address.ip().is_loopback() {
            return Err(format!(
                "{address} can be reached by others, and without https they would read the session cookies: \
                 put a TLS proxy in front and set SHOP_HTTPS=1, or listen on 127.0.0.1"
            ));
        }
        let proxies = match variable("SHOP_PROXIES") {
            None => None,
            Some(text) => Some(
                TrustedProxies::new(text.split(',').map(str::trim))
                    .map_err(|error| format!("SHOP_PROXIES: {error}"))?,
            ),
        };
        let csrf_tokens = variable("SHOP_CSRF_TOKENS").is_some_and(|text| text == "1");
        Ok(Self { address, store, database, secret, https, proxies, csrf_tokens })
    }
}

impl Store {
    fn parse(text: &str) -> Result<Self, String> {
        match text.split_once(':') {
            Some(("memory", "")) => Ok(Self::Memory),
            Some(("sqlite", path)) if !path.is_empty() => Ok(Self::Sqlite(path.into())),
            Some(("cookie", "" | "encrypted")) => Ok(Self::Cookie { signed: false }),
            Some(("cookie", "signed")) => Ok(Self::Cookie { signed: true }),
            _ => Err(format!(
                "SESSION_STORE is {text:?}, and it takes sqlite:PATH, memory:, cookie: or cookie:signed"
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(variables: &[(&str, &str)]) -> Result<Settings, String> {
        Settings::parse(|name| {
            let found = variables.iter().find(|(key, _)| *key == name);
            found.map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn an_empty_environment_gives_a_shop_for_this_machine_only() {
        let settings = parse(&[]).expect("defaults");
        assert_eq!(settings.address.to_string(), "127.0.0.1:8080");
        assert_eq!(settings.store, Store::Sqlite("shop.db".into()));
        assert!(!settings.https);
    }

    #[test]
    fn a_public_address_needs_https() {
        assert!(parse(&[("SHOP_ADDR", "0.0.0.0:80")]).unwrap_err().contains("SHOP_HTTPS=1"));
        assert!(parse(&[("SHOP_ADDR", "0.0.0.0:80"), ("SHOP_HTTPS", "1")]).is_ok());
    }

    #[test]
    fn proxies_are_addresses_or_networks() {
        assert!(
            parse(&[("SHOP_PROXIES", "127.0.0.1, 10.0.0.0/8")]).expect("two").proxies.is_some()
        );
        assert!(parse(&[("SHOP_PROXIES", "everybody")]).unwrap_err().contains("SHOP_PROXIES"));
    }

    #[test]
    fn a_store_is_a_file_memory_or_the_cookie_and_nothing_else() {
        let store = |text| parse(&[("SESSION_STORE", text)]).map(|settings| settings.store);
        assert_eq!(store("memory:"), Ok(Store::Memory));
        assert_eq!(store("sqlite:/var/lib/shop.db"), Ok(Store::Sqlite("/var/lib/shop.db".into())));
        assert_eq!(store("cookie:"), Ok(Store::Cookie { signed: false }));
        assert_eq!(store("cookie:signed"), Ok(Store::Cookie { signed: true }));
        assert!(store("sqlite:").is_err());
        assert!(store("papyrus:scroll").unwrap_err().contains("papyrus"));
    }

    #[test]
    fn users_are_kept_beside_the_sessions_or_in_a_file_of_their_own() {
        let database = |variables: &[_]| parse(variables).map(|settings| settings.database);
        assert_eq!(database(&[("SESSION_STORE", "sqlite:a.db")]), Ok(Some("a.db".into())));
        assert_eq!(database(&[("SESSION_STORE", "memory:")]), Ok(None));
        assert_eq!(database(&[("SESSION_STORE", "cookie:")]), Ok(Some("shop.db".into())));
        let own = [("SESSION_STORE", "cookie:"), ("SHOP_DATABASE", "b.db")];
        assert_eq!(database(&own), Ok(Some("b.db".into())));
    }

    #[test]
    fn a_secret_does_not_show_in_the_settings() {
        let settings = parse(&[("SESSION_SECRET", "nobody should read this")]).expect("settings");
        assert!(!format!("{settings:?}").contains("nobody"));
    }
}
