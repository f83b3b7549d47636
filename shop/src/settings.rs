//! What the environment says about this shop. Reads and checks; opens nothing.

use std::{
    env,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    path::PathBuf,
};

use cloakroom::{Setting, TrustedProxies};

/// The shop's settings.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Where to listen (`SHOP_ADDR`, default `127.0.0.1:8080`).
    pub address: SocketAddr,
    /// What the environment says about sessions (`SESSION_…`); their default store is `sqlite:shop.db`.
    pub sessions: cloakroom::Settings,
    /// The file that users and orders are kept in (`SHOP_DATABASE`, default the sessions' own or `shop.db`); none with
    /// `memory:`.
    pub database: Option<PathBuf>,
    /// Whether visitors come over https (`SHOP_HTTPS=1`), through a proxy in front of the shop.
    pub https: bool,
    /// The proxies that are believed in `X-Forwarded-For` (`SHOP_PROXIES`, addresses or networks with commas between).
    pub proxies: Option<TrustedProxies>,
    /// Whether each form carries a CSRF token as well (`SHOP_CSRF_TOKENS=1`). Then each page with a form begins a session.
    pub csrf_tokens: bool,
}

impl Settings {
    /// Reads the settings from the environment.
    ///
    /// # Errors
    ///
    /// With a message for whoever starts the shop.
    pub fn from_env() -> Result<Self, String> {
        Self::parse(env::vars())
    }

    /// Reads the settings from `variables`, as the environment would have them.
    ///
    /// # Errors
    ///
    /// With a message for whoever starts the shop.
    pub fn parse(variables: impl IntoIterator<Item = (String, String)>) -> Result<Self, String> {
        let variables: Vec<_> = variables.into_iter().collect();
        let variable = |name: &str| {
            let found = variables.iter().find(|(key, _)| key == name);
            found.map(|(_, value)| value.clone())
        };
        let address = match variable("SHOP_ADDR") {
            None => SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 8080),
            Some(text) => text
                .parse()
                .map_err(|_| format!("SHOP_ADDR is not an address with a port: {text:?}"))?,
        };
        let own = variable("SHOP_DATABASE").map(PathBuf::from);
        let https = variable("SHOP_HTTPS").is_some_and(|text| text == "1");
        let proxies = variable("SHOP_PROXIES");
        let csrf_tokens = variable("SHOP_CSRF_TOKENS").is_some_and(|text| text == "1");
        let sessions = cloakroom::Settings::from_variables(variables)
            .or(Setting::Store, "sqlite:shop.db")
            .or(Setting::Env, if https { "production" } else { "development" })
            .or(Setting::InsecureHttp, if https { "false" } else { "true" });
        let store = sessions.get(Setting::Store).unwrap_or_default();
        let database = match own {
            Some(path) => Some(path),
            None if store == "memory:" => None,
            None => Some(store.strip_prefix("sqlite:").unwrap_or("shop.db").into()),
        };

        if !https && !address.ip().is_loopback() {
            return Err(format!(
                "{address} can be reached by others, and without https they would read the session cookies: \
                 put a TLS proxy in front and set SHOP_HTTPS=1, or listen on 127.0.0.1"
            ));
        }
        let proxies = match proxies {
            None => None,
            Some(text) => Some(
                TrustedProxies::new(text.split(',').map(str::trim))
                    .map_err(|error| format!("SHOP_PROXIES: {error}"))?,
            ),
        };
        Ok(Self { address, sessions, database, https, proxies, csrf_tokens })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(variables: &[(&str, &str)]) -> Result<Settings, String> {
        let owned = variables.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned()));
        Settings::parse(owned)
    }

    #[test]
    fn an_empty_environment_gives_a_shop_for_this_machine_only() {
        let settings = parse(&[]).expect("defaults");
        assert_eq!(settings.address.to_string(), "127.0.0.1:8080");
        assert_eq!(settings.sessions.get(Setting::Store), Some("sqlite:shop.db"));
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
