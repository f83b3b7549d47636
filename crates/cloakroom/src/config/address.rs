//! The address of a store: what it leads to, and how it is shown without its password.

use std::path::PathBuf;

/// What a store's address leads to.
#[derive(Clone, PartialEq, Eq)]
pub(super) enum Address {
    Memory,
    Sqlite(PathBuf),
    Postgres(String),
    Redis(Vec<String>, Redis),
    Cookie(Cookie),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cookie {
    Encrypted,
    Signed,
}

/// How Redis is set up.
#[derive(Clone, PartialEq, Eq)]
pub(super) enum Redis {
    One,
    Cluster,
    /// With the URL that has the master's user and password, and its database.
    Sentinel {
        service: String,
        login: String,
        database: Option<u32>,
    },
}

impl Address {
    /// Reads an address; `None` if it is none.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (scheme, rest) = text.split_once(':')?;
        let host = rest.strip_prefix("//").filter(|host| !host.is_empty());
        Some(match scheme {
            "memory" if rest.is_empty() => Self::Memory,
            "cookie" => Self::Cookie(match rest {
                "" | "encrypted" => Cookie::Encrypted,
                "signed" => Cookie::Signed,
                _ => return None,
            }),
            // `sqlite:///x` and `sqlite://x` as other programs write it.
            "sqlite" => Self::Sqlite(host.or(Some(rest)).filter(|path| !path.is_empty())?.into()),
            "postgres" | "postgresql" => host.map(|_| Self::Postgres(text.to_owned()))?,
            "redis" | "rediss" | "valkey" | "valkeys" | "redis+unix" => {
                host.map(|_| Self::Redis(vec![text.to_owned()], Redis::One))?
            }
            "redis-cluster" | "rediss-cluster" => {
                let (login, hosts) = login(host?);
                let hosts = hosts.trim_end_matches('/');
                Self::Redis(nodes(&scheme[..scheme.len() - 8], login, hosts)?, Redis::Cluster)
            }
            "redis-sentinel" | "rediss-sentinel" => {
                let (login, rest) = login(host?);
                let mut parts = rest.split('/');
                let sentinels = nodes(&scheme[..scheme.len() - 9], "", parts.next()?)?;
                let service = parts.next().filter(|service| !service.is_empty())?.to_owned();
                let database = parts.next().map(str::parse).transpose().ok()?;
                if parts.next().is_some() {
                    return None;
                }
                let login = format!("redis://{login}localhost");
                Self::Redis(sentinels, Redis::Sentinel { service, login, database })
            }
            _ => return None,
        })
    }

    pub(super) fn is_cookie(&self) -> bool {
        matches!(self, Self::Cookie(_))
    }

    /// Returns the Cargo feature that it needs and that is not switched on.
    pub(super) fn lacks(&self) -> Option<&'static str> {
        let (feature, is_on) = match self {
            Self::Memory | Self::Cookie(_) => return None,
            Self::Sqlite(_) => ("sqlite", cfg!(feature = "sqlite")),
            Self::Postgres(_) => ("postgres", cfg!(feature = "postgres")),
            Self::Redis(..) => ("redis", cfg!(feature = "redis")),
        };
        (!is_on).then_some(feature)
    }
}

/// Splits `user:password@hosts` behind the last `@`, as passwords are often not encoded as they should be.
fn login(text: &str) -> (&str, &str) {
    text.split_at(text.rfind('@').map_or(0, |place| place + 1))
}

fn nodes(scheme: &str, login: &str, hosts: &str) -> Option<Vec<String>> {
    let hosts: Vec<_> = hosts.split(',').map(str::trim).collect();
    let right = hosts.iter().all(|host| !host.is_empty());
    right.then(|| hosts.iter().map(|host| format!("{scheme}://{login}{host}")).collect())
}

/// Returns an address as far as it may be shown: without user, password and parameters. Of what is no address only so much
/// as cannot be a secret.
pub(super) fn shown(text: &str) -> String {
    let is_scheme = |scheme: &&str| {
        let name = |byte: u8| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte);
        (1..=20).contains(&scheme.len()) && scheme.bytes().all(name)
    };
    let scheme = text.split_once(':').map(|(scheme, _)| scheme).filter(is_scheme);
    let Some(scheme) = scheme else {
        return format!("a text of {} bytes without a scheme", text.len());
    };
    if matches!(scheme, "sqlite" | "memory" | "cookie") {
        return text.to_owned();
    }
    let (login, hosts) = login(&text[scheme.len() + 1..]);
    let hosts = hosts.split(['?', '#']).next().unwrap_or_default();
    match (login, hosts.strip_prefix("//")) {
        ("", Some(hosts)) => format!("{scheme}://{hosts}"),
        (_, None) if login.is_empty() => format!("{scheme}:…"),
        _ => format!("{scheme}://…@{hosts}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_form_leads_somewhere() {
        let redis = |text: &str| match Address::parse(text) {
            Some(Address::Redis(urls, how)) => (urls, how),
            _ => panic!("{text}"),
        };
        assert!(Address::parse("memory:") == Some(Address::Memory));
        for text in ["sqlite:a.db", "sqlite://a.db"] {
            assert!(Address::parse(text) == Some(Address::Sqlite("a.db".into())), "{text}");
        }
        assert!(Address::parse("sqlite:///a.db") == Some(Address::Sqlite("/a.db".into())));
        assert!(Address::parse("cookie:") == Some(Address::Cookie(Cookie::Encrypted)));
        assert!(Address::parse("cookie:signed") == Some(Address::Cookie(Cookie::Signed)));
        assert!(matches!(Address::parse("postgresql://h/d"), Some(Address::Postgres(_))));
        assert!(redis("rediss://u:p@h:1/2").0 == ["rediss://u:p@h:1/2"]);
        let (nodes, how) = redis("redis-cluster://u:p@a:1,b:2");
        assert!(nodes == ["redis://u:p@a:1", "redis://u:p@b:2"] && how == Redis::Cluster);
        let (nodes, how) = redis("rediss-sentinel://:p@a:1,b:2/main/3");
        assert!(nodes == ["rediss://a:1", "rediss://b:2"]);
        let login = "redis://:p@localhost".to_owned();
        assert!(how == Redis::Sentinel { service: "main".to_owned(), login, database: Some(3) });
    }

    #[test]
    fn what_is_no_address_leads_nowhere() {
        for text in [
            "",
            "memory",
            "memory:x",
            "sqlite:",
            "cookie:clear",
            "postgres:",
            "postgres://",
            "redis:h",
            "redis-cluster://",
            "redis-cluster://a,,b",
            "redis-sentinel://a",
            "redis-sentinel://a/",
            "redis-sentinel://a/m/x",
            "redis-sentinel://a/m/1/2",
            "papyrus:scroll",
        ] {
            assert!(Address::parse(text).is_none(), "{text}");
        }
    }

    #[test]
    fn no_password_shows() {
        for text in [
            "postgres://u:hunter2@h/d",
            "postgres://u:hun/ter2@hunter2@h/d",
            "redis://:hunter2@h",
            "postgres://h/d?password=hunter2",
            "postgres://u:a?hunter2@h/d?password=hunter2",
            "postgres:u:hunter2@h",
            "postgres:hunter2",
            "hunter2",
            "host=h password=hunter2",
            "u hunter2:x",
            "redis-sentinel://u:hunter2@a,b/m",
            "postgres://h/d#hunter2",
        ] {
            assert!(!shown(text).contains("hunter2"), "{text}: {}", shown(text));
        }
        proptest::proptest!(|(scheme in "postgres|redis|rediss-sentinel|x", password in "[!-~]{0,12}hunter2[!-~]{0,12}", end in "|/d|/d\\?x=y")| {
            let text = format!("{scheme}://u:{password}@h:1{end}");
            proptest::prop_assert!(!shown(&text).contains("hunter2"), "{}", shown(&text));
            let _ = Address::parse(&text);
        });
        assert_eq!(shown("postgres://u:p@h:5/d?x=y"), "postgres://…@h:5/d");
        assert_eq!(shown("redis://h:1"), "redis://h:1");
        assert_eq!(shown("papyrus:x"), "papyrus:…");
        assert_eq!(shown("sqlite:/var/a@b.db"), "sqlite:/var/a@b.db");
    }
}
