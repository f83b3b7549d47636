use super::*;
use crate::{MemoryStore, Sessions};

const RIGHT: &str = "Jq0vPpXw3sO9ZkYc7RtLb2NhUe5GmAfD8iVxKo4W";

fn settings(variables: &[(&str, &str)]) -> Settings {
    let owned = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    Settings::from_variables(owned)
}

/// What is wrong with these settings, with a store and a secret that are right unless others are given.
fn mistakes(variables: &[(&str, &str)]) -> Vec<String> {
    let settings = settings(variables);
    let secret = if settings.get(Setting::SecretFile).is_some() { "" } else { RIGHT };
    let mut settings = settings.or(Setting::Store, "memory:");
    if !secret.is_empty() {
        settings = settings.or(Setting::Secret, secret);
    }
    match Checked::new(&settings) {
        Ok(_) => Vec::new(),
        Err(SettingsError::Invalid(mistakes)) => mistakes.iter().map(ToString::to_string).collect(),
        Err(error) => panic!("{error}"),
    }
}

/// The rows of the table: variable, what it takes, default.
fn table() -> Vec<[String; 3]> {
    let rows = include_str!("../settings.md").lines().skip(2);
    let cells = |row: &str| {
        let row = row.replace("\\|", "\u{1}");
        let mut cells = row.split('|').map(|cell| cell.trim().replace('\u{1}', "|"));
        cells.next();
        std::array::from_fn(|_| cells.next().unwrap())
    };
    rows.map(cells).collect()
}

#[test]
fn the_table_names_each_setting_and_what_it_takes() {
    let rows = table();
    let names: Vec<_> = rows.iter().map(|row| row[0].trim_matches('`').to_owned()).collect();
    let known: Vec<_> = Setting::ALL.iter().map(|setting| setting.variable().to_owned()).collect();
    assert_eq!(names, known);
    for (row, setting) in rows.iter().zip(Setting::ALL) {
        assert_eq!(row[1], setting.takes(), "{setting}");
    }
}

/// Everything that the settings decide, as text.
fn effect(settings: &Settings) -> String {
    let settings = settings.clone().or(Setting::Secret, RIGHT);
    let checked = Checked::new(&settings).unwrap_or_else(|error| panic!("{error}"));
    let mut effect = String::new();
    #[cfg(feature = "postgres")]
    if let Address::Postgres(url) = &checked.store.address {
        effect += &format!("{:?}", checked.opening.postgres_options(url).unwrap());
    }
    #[cfg(feature = "redis")]
    if let Address::Redis(urls, how) = &checked.store.address {
        effect += &format!("{:?}", checked.opening.redis_options(urls, how).unwrap());
    }
    let split = checked.split.unwrap_or(1);
    effect += &format!("{split} {:?}", checked.engine.insecure_http);
    effect + &format!("{:?}", checked.tell(Sessions::builder(MemoryStore::new())))
}

#[test]
fn the_table_tells_the_true_defaults() {
    for row in table() {
        let [variable, _, default] = &row;
        let setting = *Setting::ALL.iter().find(|known| format!("`{known}`") == *variable).unwrap();
        let Some(default) = default.strip_prefix('`') else { continue };
        let default = default.split('`').next().unwrap();
        let store = match setting {
            Setting::StorePrefix => "redis://localhost",
            Setting::StoreTable | Setting::StoreTimeout => "postgres://localhost/x",
            Setting::CookieSplit => "cookie:",
            _ => "memory:",
        };
        let bare = settings(&[]).or(Setting::Store, store);
        let told = settings(&[(setting.variable(), default)]).or(Setting::Store, store);
        assert_eq!(effect(&bare), effect(&told), "{setting}={default}");
    }
    let development = settings(&[("SESSION_ENV", "development")]);
    let checked = Checked::new(&development).unwrap_or_else(|error| panic!("{error}"));
    assert!(checked.store.address == Address::Memory && checked.engine.insecure_http);
    assert_eq!(checked.secrets.len(), 1);
}

#[test]
fn each_setting_does_something() {
    let others = [
        ("SESSION_STORE_TABLE", "t", "postgres://h/d"),
        ("SESSION_STORE_PREFIX", "p:", "redis://h"),
        ("SESSION_STORE_TIMEOUT", "1s", "redis://h"),
        ("SESSION_COOKIE_NAME", "sid", "memory:"),
        ("SESSION_COOKIE_SAME_SITE", "strict", "memory:"),
        ("SESSION_COOKIE_HOST_PREFIX", "false", "memory:"),
        ("SESSION_COOKIE_PERSISTENT", "true", "memory:"),
        ("SESSION_COOKIE_PARTITIONED", "true", "memory:"),
        ("SESSION_COOKIE_SPLIT", "4", "cookie:"),
        ("SESSION_COOKIE_CACHE", "10s", "memory:"),
        ("SESSION_INSECURE_HTTP", "true", "memory:"),
        ("SESSION_IDLE_TIMEOUT", "30m", "memory:"),
        ("SESSION_ABSOLUTE_TIMEOUT", "off", "memory:"),
        ("SESSION_RENEWAL_TIMEOUT", "1h", "memory:"),
        ("SESSION_RENEWAL_GRACE", "5s", "memory:"),
        ("SESSION_TOUCH_AFTER", "0.5", "memory:"),
        ("SESSION_MAX_PAYLOAD", "1MiB", "memory:"),
        ("SESSION_ON_STORE_ERROR", "read-only-anonymous", "memory:"),
        ("SESSION_ON_CORRUPT", "discard", "memory:"),
        ("SESSION_ON_SERVER_ERROR", "commit", "memory:"),
        ("SESSION_MAX_PER_USER", "3", "memory:"),
    ];
    for (variable, value, store) in others {
        let bare = settings(&[]).or(Setting::Store, store);
        let told = settings(&[(variable, value)]).or(Setting::Store, store);
        assert_ne!(effect(&bare), effect(&told), "{variable}");
    }
    let shared =
        [("SESSION_COOKIE_HOST_PREFIX", "false"), ("SESSION_COOKIE_DOMAIN", "example.org")];
    let shared = settings(&shared).or(Setting::Store, "memory:");
    assert!(effect(&shared).contains("example.org"));
    let limited = |policy| {
        let variables = [("SESSION_MAX_PER_USER", "3"), ("SESSION_ON_TOO_MANY", policy)];
        effect(&settings(&variables).or(Setting::Store, "memory:"))
    };
    assert_ne!(limited("end-oldest"), limited("refuse"));
}

#[test]
fn a_wrong_value_names_the_variable_what_it_got_and_what_it_takes() {
    for (variable, value) in [
        ("SESSION_ENV", "staging"),
        ("SESSION_STORE", "papyrus:scroll"),
        ("SESSION_STORE_TIMEOUT", "5"),
        ("SESSION_STORE_TIMEOUT", "0s"),
        ("SESSION_MAX_PAYLOAD", "0"),
        ("SESSION_COOKIE_NAME", "a b"),
        ("SESSION_COOKIE_SAME_SITE", "sometimes"),
        ("SESSION_COOKIE_DOMAIN", "example.org"),
        ("SESSION_COOKIE_PATH", "shop"),
        ("SESSION_COOKIE_HOST_PREFIX", "maybe"),
        ("SESSION_COOKIE_PERSISTENT", "yes"),
        ("SESSION_COOKIE_PARTITIONED", "y"),
        ("SESSION_COOKIE_SPLIT", "10"),
        ("SESSION_COOKIE_DENY_LIST", "cookie:"),
        ("SESSION_COOKIE_CACHE", "never"),
        ("SESSION_COOKIE_CACHE", "10ms"),
        ("SESSION_INSECURE_HTTP", "on"),
        ("SESSION_IDLE_TIMEOUT", "30"),
        ("SESSION_IDLE_TIMEOUT", "60d"),
        ("SESSION_ABSOLUTE_TIMEOUT", "1h"),
        ("SESSION_RENEWAL_TIMEOUT", "1s"),
        ("SESSION_RENEWAL_GRACE", "1h"),
        ("SESSION_TOUCH_AFTER", "0.6"),
        ("SESSION_MAX_PAYLOAD", "1GB"),
        ("SESSION_MAX_PAYLOAD", "99999999999999999MiB"),
        ("SESSION_ON_STORE_ERROR", "panic"),
        ("SESSION_ON_CORRUPT", "x"),
        ("SESSION_ON_SERVER_ERROR", "x"),
        ("SESSION_MAX_PER_USER", "0"),
        ("SESSION_ON_TOO_MANY", "x"),
    ] {
        let found = mistakes(&[(variable, value)]).join("\n");
        assert!(
            found.contains(variable) || found.contains("ABSOLUTE_TIMEOUT"),
            "{variable}={value}: {found}"
        );
        let scheme = value.split(':').next().unwrap();
        assert!(
            found.contains(scheme) || found.contains("ABSOLUTE"),
            "{variable}={value}: {found}"
        );
        assert!(found.contains("and it takes"), "{variable}={value}: {found}");
    }
}

#[test]
fn all_mistakes_are_told_together() {
    let found = mistakes(&[
        ("SESSION_STORE", "papyrus:scroll"),
        ("SESSION_SECRET", "short"),
        ("SESSION_COOKIE_NAME", "a b"),
        ("SESSION_COOKIE_SAMESITE", "lax"),
        ("SESSION_IDLE_TIMEOUT", "0s"),
        ("SESSION_RENEWAL_GRACE", "1h"),
        ("SESSION_COOKIE_CACHE", "1ms"),
        ("SESSION_TOUCH_AFTER", "many"),
    ]);
    assert_eq!(found.len(), 8, "{found:#?}");
}

#[test]
fn what_means_nothing_for_the_store_is_a_mistake() {
    for (variable, value, store) in [
        ("SESSION_STORE_TABLE", "t", "memory:"),
        ("SESSION_STORE_PREFIX", "p", "sqlite:x.db"),
        ("SESSION_STORE_TIMEOUT", "1s", "memory:"),
        ("SESSION_COOKIE_SPLIT", "2", "memory:"),
        ("SESSION_COOKIE_DENY_LIST", "memory:", "memory:"),
        ("SESSION_COOKIE_CACHE", "10s", "cookie:"),
    ] {
        let found = mistakes(&[(variable, value), ("SESSION_STORE", store)]);
        assert!(matches!(&found[..], [one] if one.starts_with(variable)), "{found:?}");
    }
    assert!(mistakes(&[("SESSION_STORE", "cookie:"), ("SESSION_COOKIE_CACHE", "off")]).is_empty());
    // X11's; not ours.
    assert!(mistakes(&[("SESSION_MANAGER", "local/host:@/tmp/.ICE-unix/1")]).is_empty());
}

#[test]
fn outside_development_nothing_starts_without_a_good_secret() {
    let start = |env: &str, secret: &[(&str, &str)]| {
        let mut variables = vec![("SESSION_STORE", "memory:")];
        variables.extend(secret);
        if !env.is_empty() {
            variables.push(("SESSION_ENV", env));
        }
        Checked::new(&settings(&variables)).map(|checked| checked.secrets.len())
    };
    let bad: [&[(&str, &str)]; 5] = [
        &[],
        &[("SESSION_SECRET", "")],
        &[("SESSION_SECRET", "hunter2-hunter2")],
        &[("SESSION_SECRET", "change-me-to-at-least-32-random-bytes")],
        &[("SESSION_SECRET", &format!("{RIGHT},hunter2"))],
    ];
    for secret in bad {
        for env in ["", "production"] {
            let error = start(env, secret).unwrap_err();
            assert!(error.to_string().contains("SESSION_SECRET"), "{error}");
            for shown in [error.to_string(), format!("{error:?}")] {
                assert!(!shown.contains("hunter2") && !shown.contains("change-me"), "{shown}");
                assert!(!shown.contains(RIGHT), "{shown}");
            }
        }
        assert_eq!(start("development", secret).unwrap(), 1, "{secret:?}");
    }
    let two = format!("{RIGHT}, {}", RIGHT.to_lowercase());
    assert_eq!(start("", &[("SESSION_SECRET", &two)]).unwrap(), 2);
    let both = [("SESSION_SECRET", RIGHT), ("SESSION_SECRET_FILE", "/nowhere")];
    assert!(start("", &both).unwrap_err().to_string().contains("one of them"));
}

#[cfg(unix)]
#[test]
fn a_secret_file_has_one_secret_a_line_and_not_everybody_may_write_to_it() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("secrets");
    std::fs::write(&path, format!("{RIGHT}\n\n{}\n", RIGHT.to_lowercase())).unwrap();
    let with_mode = |mode| {
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
        mistakes(&[("SESSION_SECRET_FILE", path.to_str().unwrap())])
    };
    assert_eq!(with_mode(0o600), [""; 0]);
    assert_eq!(with_mode(0o444), [""; 0], "as containers have it");
    assert!(with_mode(0o666)[0].contains("everybody may write"));
    let missing = mistakes(&[("SESSION_SECRET_FILE", "/nowhere/secret")]);
    assert!(missing[0].contains("/nowhere/secret"), "{missing:?}");
}

#[test]
fn no_password_and_no_secret_shows() {
    let wrong = [("SESSION_STORE", "postgres://u:hunter2@h/d?sslmode=perhaps")];
    let found = mistakes(&wrong);
    assert!(found.iter().any(|mistake| mistake.starts_with("SESSION_STORE")), "{found:?}");
    assert!(!found.concat().contains("hunter2"), "{found:?}");
    let all = settings(&[wrong[0], ("SESSION_SECRET", "hunter2")]);
    assert!(!format!("{all:?}").contains("hunter2"), "{all:?}");
}

#[test]
fn a_file_takes_the_same_keys_and_no_others() {
    let text = r#"{"store": "cookie:", "secret": ["Jq0vPpXw3sO9ZkYc7RtLb2NhUe5GmAfD8iVxKo4W",
        "Jq0vPpXw3sO9ZkYc7RtLb2NhUe5GmAfD8iVxKo4X"], "cookie_split": 3, "touch_after": 0.25,
        "insecure_http": true, "idle_timeout": "30m"}"#;
    let settings: Settings = serde_json::from_str(text).unwrap();
    let checked = Checked::new(&settings).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!((checked.secrets.len(), checked.split), (2, Some(3)));
    assert_eq!(checked.engine.touch_after, Some(0.25));
    assert!(checked.engine.insecure_http);
    let unknown = serde_json::from_str::<Settings>(r#"{"stroe": "memory:"}"#).unwrap_err();
    assert!(unknown.to_string().contains("stroe"), "{unknown}");
    assert!(serde_json::from_str::<Settings>(r#"{"store": null}"#).is_err());
}
