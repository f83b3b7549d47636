//! The settings and the store, looked at.

use std::fs;

use cloakroom::Setting;
use serde_json::Value;

use crate::support::{Place, SECRET, finish};

/// What a good configuration has beside store and secret.
fn good(place: Place) -> Place {
    place
        .with(Setting::IdleTimeout, "30m")
        .with(Setting::AbsoluteTimeout, "12h")
        .with(Setting::MaxPerUser, "5")
}

fn texts(found: &Value, list: &str, field: &str) -> Vec<String> {
    let list = found[list].as_array().unwrap().iter();
    list.map(|it| it[field].as_str().unwrap().to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_good_configuration_is_good_and_no_secret_shows() {
    for place in [Place::sqlite(), Place::postgres()] {
        drop(place.store().await);
        let place = good(place);
        let found = place.json(0, &["check"]);
        assert_eq!(found["risks"], Value::Array(Vec::new()), "{}", place.name);
        assert!(texts(&found, "store", "what").iter().any(|what| what.contains("written")));
        assert_eq!(found["secrets"][0]["bytes"], SECRET.len());
        let people = place.run(&["check"]);
        assert!(!people.out.contains(SECRET) && !found.to_string().contains(SECRET));
        assert!(people.out.contains("SESSION_IDLE_TIMEOUT"), "{people:?}");
        assert_eq!(place.json(0, &["stats"])["visitors"], 0, "nothing was left behind");
        let looked = place.json(0, &["check", "--read-only"]);
        assert!(!texts(&looked, "store", "what").iter().any(|what| what.contains("written")));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn redis_is_asked_how_it_keeps_things() {
    let place = good(Place::redis());
    let found = place.json(0, &["check"]);
    let what = texts(&found, "risks", "what").join("; ");
    assert!(what.contains("no maxmemory"), "{what}");
    let server = servers::Redis::start().unwrap();
    server.ask("CONFIG SET maxmemory-policy allkeys-lru").unwrap();
    let place = good(Place::new("redis", server.url(), None));
    let what = texts(&place.json(4, &["check"]), "risks", "what").join("; ");
    assert!(what.contains("allkeys-lru"), "{what}");
}

#[test]
fn mistakes_risks_and_a_store_that_is_down_have_codes_of_their_own() {
    let wrong = Place::sqlite().with(Setting::IdleTimeout, "soon").json(2, &["check"]);
    assert!(wrong["mistakes"][0].as_str().unwrap().contains("SESSION_IDLE_TIMEOUT is \"soon\""));
    assert_eq!(wrong["store"], Value::Array(Vec::new()), "nothing was opened");
    let down = Place::new("redis", "redis://127.0.0.1:1".to_owned(), None).json(1, &["check"]);
    assert_eq!(down["store"].as_array().unwrap().last().unwrap()["ok"], false);
    let risky = good(Place::sqlite()).with(Setting::InsecureHttp, "true").json(4, &["check"]);
    assert_eq!(risky["risks"][0]["level"], "risk");
}

#[test]
fn each_value_tells_where_it_came_from() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("application.toml");
    let text = "port = 80\n[session]\nidle_timeout = \"45m\"\nmax_payload = \"1MiB\"\n";
    fs::write(&file, text).unwrap();
    let place = Place::sqlite().with(Setting::IdleTimeout, "30m");
    let store = format!("sqlite:{}", folder.path().join("other.db").display());
    let file = file.to_str().unwrap();
    let found = place.json(0, &["check", "--config", file, "--store", &store]);
    let line = |setting: Setting| {
        let lines = found["settings"].as_array().unwrap().iter();
        let line = { lines }.find(|line| line["setting"] == setting.variable()).unwrap();
        (line["value"].as_str().unwrap().to_owned(), line["origin"].as_str().unwrap().to_owned())
    };
    let pair = |value: &str, origin: &str| (value.to_owned(), origin.to_owned());
    assert_eq!(line(Setting::Store), pair(&store, "command-line"));
    assert_eq!(line(Setting::IdleTimeout), pair("30m", "environment"));
    assert_eq!(line(Setting::MaxPayload), pair("1MiB", "file"));
    assert_eq!(line(Setting::CookieName), pair("session", "default"));
    assert_eq!(line(Setting::Secret), pair("1 given", "environment"));
}

#[cfg(unix)]
#[test]
fn a_secret_file_that_others_can_read_is_a_risk() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("secret");
    fs::write(&file, SECRET).unwrap();
    let place = good(Place::sqlite()).without(Setting::Secret);
    let place = place.with(Setting::SecretFile, file.to_str().unwrap());
    for (mode, code) in [(0o644, 4), (0o600, 0)] {
        fs::set_permissions(&file, fs::Permissions::from_mode(mode)).unwrap();
        let done = finish(place.command(&["check"]).spawn().unwrap());
        assert_eq!(done.code, code, "{done:?}");
    }
}
