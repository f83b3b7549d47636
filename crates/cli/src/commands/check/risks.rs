//! What is risky about a configuration: decided from facts alone.
//!
//! ASVS is OWASP's Application Security Verification Standard 5.0, NIST is Special Publication 800-63B-4.

use std::net::IpAddr;
use std::time::Duration;

use cloakroom::Setting as S;
use serde::Serialize;

use super::facts::Facts;
use crate::moment::span;

/// Something to look at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Risk {
    /// How much it matters.
    pub level: Level,
    /// What is so.
    pub what: String,
    /// Why that matters, and what to do.
    pub why: String,
}

/// How much something matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Level {
    /// It should not be so in production; the exit code says so.
    Risk,
    /// It may be meant.
    Note,
}

const HOUR: Duration = Duration::from_secs(3_600);
const DAY: Duration = Duration::from_secs(86_400);

/// Fewest bits that a secret should hold. What is random and holds 128 may look like a few less.
const BITS: u32 = 100;

/// Returns what is risky, the gravest first.
pub(super) fn of(facts: &Facts) -> Vec<Risk> {
    let mut risks = Vec::new();
    let mut add = |level, what: String, why: &str| {
        risks.push(Risk { level, what, why: why.to_owned() });
    };
    secrets(facts, &mut add);
    cookie(facts, &mut add);
    lifetimes(facts, &mut add);
    store(facts, &mut add);
    risks.sort_by_key(|risk| risk.level);
    risks
}

type Add<'a> = &'a mut dyn FnMut(Level, String, &str);

fn secrets(facts: &Facts, add: Add<'_>) {
    if facts.is(S::Env, "development") {
        add(
            Level::Risk,
            format!("{} is development", S::Env),
            "a secret that is missing is made up, and cookies go without TLS; leave it out in production",
        );
    }
    for (place, secret) in facts.secrets.iter().enumerate() {
        if secret.most_bits < BITS {
            let (key, bits) = (secret.key, secret.most_bits);
            let what = format!("secret {} (key {key:02x}) holds at most {bits} bits", place + 1);
            add(
                Level::Risk,
                what,
                "who guesses it signs in as anybody: 128 bits are asked for (ASVS 7.2.3); make one with `cloakroom keygen`",
            );
        }
    }
    for path in &facts.open_files {
        add(
            Level::Risk,
            format!("others than its owner can read {path}"),
            "it holds secrets or visitors' data: `chmod 600` it",
        );
    }
}

fn cookie(facts: &Facts, add: Add<'_>) {
    if facts.is_on(S::InsecureHttp) {
        add(
            Level::Risk,
            format!("{} is on: the cookie is not Secure", S::InsecureHttp),
            "anybody on the way can read the cookie and be the visitor (ASVS 3.3.1)",
        );
    }
    if facts.is(S::CookieSameSite, "none") {
        add(
            Level::Risk,
            format!("{} is none: other sites' requests carry the cookie", S::CookieSameSite),
            "without `CrossOriginLayer` or CSRF tokens they act for the visitor (ASVS 3.3.2, 3.5.1)",
        );
    }
    if facts.is_off(S::CookieHostPrefix) {
        add(
            Level::Risk,
            format!("{} is false: the cookie's name has no __Host-", S::CookieHostPrefix),
            "sibling hosts, and who sits before TLS, can plant a cookie of that name (ASVS 3.3.3)",
        );
    }
    if facts.get(S::CookieDomain).contains('.') {
        add(
            Level::Note,
            format!("{} shares the cookie with all subdomains", S::CookieDomain),
            "each of them gets the token of each visitor",
        );
    }
    if facts.is_on(S::CookiePersistent) {
        add(
            Level::Note,
            format!("{} keeps the cookie when the browser closes", S::CookiePersistent),
            "on a shared computer the next one is signed in",
        );
    }
    if let Some(life) = facts.time(S::CookieCache) {
        add(
            Level::Note,
            format!("{} answers from a copy in the cookie", S::CookieCache),
            &format!("what ends a session elsewhere is seen after {} at the latest", span(life)),
        );
    }
    if !facts.get(S::Store).starts_with("cookie:") {
        return;
    }
    if facts.is(S::Store, "cookie:signed") {
        add(
            Level::Note,
            "sessions travel in a cookie that their owner can read".to_owned(),
            "keep nothing in them that the visitor may not know, or take cookie:encrypted",
        );
    }
    if facts.is(S::CookieDenyList, "none") {
        add(
            Level::Risk,
            format!("sessions travel in the cookie, and there is no {}", S::CookieDenyList),
            "a copy of the cookie outlives the sign-out (ASVS 7.4.1), and nobody can end a user's sessions (ASVS 7.4.2)",
        );
    }
}

fn lifetimes(facts: &Facts, add: Add<'_>) {
    let idle = facts.time(S::IdleTimeout);
    match idle {
        Some(idle) if idle > DAY => add(
            Level::Risk,
            format!("sessions end only after {} without activity", span(idle)),
            "who finds an open browser is signed in for that long (ASVS 7.3.1); NIST asks for 1h where a password alone is \
             not enough",
        ),
        Some(idle) if idle > HOUR => add(
            Level::Note,
            format!("sessions end after {} without activity", span(idle)),
            "NIST asks for 1h where a password alone is not enough, and for 15min where it matters most",
        ),
        _ => {}
    }
    match facts.time(S::AbsoluteTimeout) {
        None => add(
            Level::Risk,
            format!("{} is off: a session that is used never ends", S::AbsoluteTimeout),
            "and so does one that was stolen (ASVS 7.3.2); NIST asks for 30 days at the most",
        ),
        Some(absolute) if absolute > 30 * DAY => add(
            Level::Risk,
            format!("sessions live for up to {}", span(absolute)),
            "NIST asks for a new sign-in after 30 days at the most (ASVS 7.3.2)",
        ),
        Some(absolute) if absolute > DAY => add(
            Level::Note,
            format!("sessions live for up to {}", span(absolute)),
            "NIST asks for 24h where a password alone is not enough",
        ),
        Some(_) => {}
    }
    if facts.is(S::MaxPerUser, "off") {
        add(
            Level::Note,
            format!("{} is off: a user may be signed in at any number of places", S::MaxPerUser),
            "say what the rule is (ASVS 7.1.2)",
        );
    }
    if facts.is(S::OnStoreError, "read-only-anonymous") {
        add(
            Level::Note,
            format!("{} is read-only-anonymous", S::OnStoreError),
            "while the store is down, users look signed out",
        );
    }
}

fn store(facts: &Facts, add: Add<'_>) {
    let place = facts.get(S::Store);
    if place == "memory:" || facts.is(S::CookieDenyList, "memory:") {
        add(
            Level::Risk,
            "a store in memory".to_owned(),
            "it ends with the process, and no other process sees it: neither this one nor a second server",
        );
    }
    let is_near = is_loopback(place);
    if place.starts_with("postgres") && !is_near && !facts.is_verified {
        add(
            Level::Risk,
            "PostgreSQL over a network without sslmode=verify-full".to_owned(),
            "who sits between can read and change sessions",
        );
    }
    let is_plain = place.starts_with("redis:")
        || place.starts_with("valkey:")
        || place.starts_with("redis-cluster:")
        || place.starts_with("redis-sentinel:");
    if is_plain && !is_near {
        add(
            Level::Risk,
            "Redis over a network without TLS".to_owned(),
            "who sits between can read and change sessions; take rediss:",
        );
    }
    let server = |name: &str| facts.server.get(name).map(String::as_str);
    if let Some(policy) = server("maxmemory_policy").filter(|policy| *policy != "noeviction") {
        add(
            Level::Risk,
            format!("Redis has the maxmemory-policy {policy}"),
            "a full server ends sessions at will; set noeviction",
        );
    }
    if server("maxmemory") == Some("0") {
        add(
            Level::Note,
            "Redis has no maxmemory".to_owned(),
            "it grows until the operating system ends it",
        );
    }
    if server("aof_enabled") == Some("0") {
        add(
            Level::Note,
            "Redis keeps no append-only file".to_owned(),
            "a restart ends the sessions since the last snapshot, or all of them; set appendonly yes",
        );
    }
    if server("rdb_last_bgsave_status").is_some_and(|status| status != "ok") {
        add(
            Level::Risk,
            "the last snapshot of Redis failed".to_owned(),
            "it may refuse writes, and a restart loses sessions",
        );
    }
}

/// Tells whether an address leads to this machine, as far as it tells.
fn is_loopback(place: &str) -> bool {
    let hosts = place.split_once("://").map_or("", |(_, rest)| rest);
    let hosts = hosts.rsplit_once('@').map_or(hosts, |(_, hosts)| hosts);
    let hosts = hosts.split('/').next().unwrap_or_default();
    hosts.split(',').all(|host| {
        let name = match host.strip_prefix('[') {
            Some(address) => address.split(']').next().unwrap_or_default(),
            None => host.split(':').next().unwrap_or_default(),
        };
        let is_local = |address: IpAddr| address.is_loopback();
        // What begins with % is a socket.
        matches!(name, "" | "localhost")
            || name.starts_with('%')
            || name.parse().is_ok_and(is_local)
    })
}

#[cfg(test)]
mod tests {
    use super::super::facts::SecretFacts;
    use super::*;

    /// What a good application has set, and what each risk changes.
    fn good() -> Facts {
        let mut facts = Facts {
            secrets: vec![SecretFacts { key: 7, most_bits: 300 }],
            is_verified: true,
            ..Facts::default()
        };
        for &setting in S::ALL {
            facts.values.insert(setting, setting.default_text());
        }
        for (setting, value) in [
            (S::Store, "postgres://…@db.example.com/shop"),
            (S::IdleTimeout, "30m"),
            (S::AbsoluteTimeout, "12h"),
            (S::MaxPerUser, "5"),
            (S::InsecureHttp, "false"),
        ] {
            facts.values.insert(setting, value.to_owned());
        }
        facts
    }

    #[test]
    fn a_good_configuration_has_no_risk() {
        assert_eq!(of(&good()), []);
    }

    #[test]
    fn each_risk_is_found_by_itself() {
        use Level::{Note, Risk};
        for (setting, value, level) in [
            (S::Env, "development", Risk),
            (S::InsecureHttp, "true", Risk),
            (S::InsecureHttp, "1", Risk),
            (S::CookieSameSite, "none", Risk),
            (S::CookieHostPrefix, "0", Risk),
            (S::CookieDomain, "example.com", Note),
            (S::CookiePersistent, "true", Note),
            (S::CookieCache, "10s", Note),
            (S::IdleTimeout, "61m", Note),
            (S::IdleTimeout, "2d", Risk),
            (S::AbsoluteTimeout, "off", Risk),
            (S::AbsoluteTimeout, "31d", Risk),
            (S::AbsoluteTimeout, "30d", Note),
            (S::MaxPerUser, "off", Note),
            (S::OnStoreError, "read-only-anonymous", Note),
            (S::Store, "memory:", Risk),
            (S::Store, "redis://10.0.0.7/1", Risk),
            (S::Store, "redis-cluster://…@10.0.0.7:1,127.0.0.1:2", Risk),
            (S::Store, "redis://localhost.example.com", Risk),
            (S::Store, "redis://127.0.0.1.example.com:7", Risk),
            (S::Store, "cookie:", Risk),
            (S::CookieDenyList, "memory:", Risk),
        ] {
            let mut facts = good();
            facts.values.insert(setting, value.to_owned());
            let found: Vec<_> = of(&facts).iter().map(|risk| risk.level).collect();
            assert_eq!(found, [level], "{setting}={value}");
        }
        for value in [
            "rediss://10.0.0.7",
            "redis://127.0.0.1",
            "redis://…@localhost:7/1",
            "redis://[::1]:7",
            "redis://[::1]",
            "sqlite:a",
        ] {
            let mut facts = good();
            facts.values.insert(S::Store, value.to_owned());
            assert_eq!(of(&facts), [], "{value}");
        }
    }

    #[test]
    fn a_weak_secret_an_open_file_and_a_doubtful_server_are_risks() {
        let weak = Facts { secrets: vec![SecretFacts { key: 7, most_bits: 99 }], ..good() };
        assert!(of(&weak)[0].what.contains("secret 1 (key 07) holds at most 99 bits"));
        assert_eq!(of(&Facts { is_verified: false, ..good() })[0].level, Level::Risk);
        let open = Facts { open_files: vec!["/run/secret".to_owned()], ..good() };
        assert_eq!(of(&open)[0].level, Level::Risk);
        for (name, value, level) in [
            ("maxmemory_policy", "allkeys-lru", Level::Risk),
            ("maxmemory", "0", Level::Note),
            ("aof_enabled", "0", Level::Note),
            ("rdb_last_bgsave_status", "err", Level::Risk),
        ] {
            let mut facts = good();
            facts.server.insert(name.to_owned(), value.to_owned());
            assert_eq!(of(&facts)[0].level, level, "{name}");
        }
        let mut facts = good();
        facts.server.insert("maxmemory_policy".to_owned(), "noeviction".to_owned());
        assert_eq!(of(&facts), []);
    }
}
