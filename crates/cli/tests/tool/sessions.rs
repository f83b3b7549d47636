//! The commands on sessions, on each store.

use std::process::Stdio;

use cloakroom::{Sessions, Setting, testing};
use http::{HeaderMap, HeaderValue, header};
use serde_json::Value;

use crate::support::{Place, create, finish, random_id, record, wait_until};

async fn is_live(sessions: &Sessions, cookie: &HeaderValue) -> bool {
    let mut headers = HeaderMap::new();
    headers.insert(header::COOKIE, cookie.clone());
    sessions.from_request(&headers).await.unwrap().is_some()
}

async fn ann(sessions: &Sessions) -> HeaderValue {
    testing::cookie(sessions, |session| {
        session.sign_in("ann")?;
        session.set("diary", "hunter2")
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_users_sessions_are_listed_shown_and_ended() {
    for place in Place::all() {
        let sessions = place.sessions().await;
        let (first, second) = (ann(&sessions).await, ann(&sessions).await);
        let bob = testing::signed_in(&sessions, "bob").await;
        let listed = place.json(0, &["list", "--user", "ann"]);
        let ids: Vec<_> = listed["sessions"].as_array().unwrap().iter().map(id).collect();
        assert_eq!(ids.len(), 2, "{}: {listed}", place.name);

        let shown = place.json(0, &["show", &ids[0]]);
        assert_eq!(shown["session"]["user"], "ann");
        assert_eq!(shown["session"]["status"], "live");
        assert!(!shown.to_string().contains("hunter2"), "{shown}");
        let shown = place.json(0, &["show", "--data", &ids[0]]);
        assert_eq!(shown["data"]["diary"], "hunter2");
        let people = place.run(&["list", "--user", "ann"]);
        assert!(people.out.contains(&ids[0]) && people.out.contains(&ids[1]), "{people:?}");
        let people = place.run(&["show", &ids[0]]);
        assert!(people.out.contains("ann") && !people.out.contains("hunter2"), "{people:?}");

        assert_eq!(place.json(0, &["revoke", &ids[0]])["ended"], 1);
        assert_eq!(place.json(3, &["revoke", &ids[0]])["ended"], 0);
        assert_eq!(place.json(3, &["show", &ids[0]])["session"], Value::Null);
        assert_ne!(is_live(&sessions, &first).await, is_live(&sessions, &second).await);
        assert_eq!(place.json(0, &["revoke", "--user", "ann"])["ended"], 1);
        assert!(!is_live(&sessions, &first).await && !is_live(&sessions, &second).await);
        assert!(is_live(&sessions, &bob).await, "{}: nobody else is touched", place.name);
        let nobody = place.json(0, &["list", "--user", "ann"]);
        assert_eq!(nobody["sessions"].as_array().unwrap().len(), 0);
        assert_eq!(place.json(3, &["show", &random_id().to_string()])["session"], Value::Null);
    }
}

fn id(session: &Value) -> String {
    session["id"].as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_renewed_session_is_shown_where_it_is() {
    for place in Place::all() {
        let sessions = place.sessions().await;
        let cookie = ann(&sessions).await;
        let before = id(&place.json(0, &["list", "--user", "ann"])["sessions"][0]);
        let mut headers = HeaderMap::new();
        headers.insert(header::COOKIE, cookie);
        let ticket = sessions.from_request(&headers).await.unwrap().unwrap();
        ticket.renew().unwrap();
        ticket.set_cookie(&mut HeaderMap::new()).await.unwrap();
        let after = id(&place.json(0, &["list", "--user", "ann"])["sessions"][0]);
        assert_ne!(before, after);
        assert_eq!(id(&place.json(0, &["show", &before])["session"]), after);
        let stats = place.json(0, &["stats"]);
        assert_eq!((&stats["signed_in"], &stats["pointers"]), (&1.into(), &1.into()), "{stats}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn all_is_counted_and_all_can_end() {
    for place in Place::all() {
        let sessions = place.sessions().await;
        let mut cookies = Vec::new();
        for n in 0..30 {
            cookies.push(match n % 3 {
                0 => ann(&sessions).await,
                _ => testing::cookie(&sessions, |session| session.set("n", &n)).await,
            });
        }
        create(&place.store().await, record("[1]", 60_000)).await;
        let stats = place.json(0, &["stats"]);
        let count = |name: &str| stats[name].as_u64().unwrap();
        assert_eq!((count("signed_in"), count("visitors"), count("unreadable")), (10, 20, 1));
        assert_eq!(stats["by_age"][0], serde_json::json!({"up_to": "1h", "sessions": 30}));
        assert!(count("largest") * 30 >= count("bytes") && count("largest") > 0);
        assert!(place.run(&["stats"]).out.starts_with("30 sessions\n"));

        let unsure = place.run(&["revoke", "--all"]);
        assert_eq!(unsure.code, 2, "{unsure:?}");
        assert!(unsure.err.contains("--yes") && is_live(&sessions, &cookies[0]).await);
        let ended = place.json(3, &["revoke", "--all", "--yes"]);
        assert_eq!((&ended["ended"], &ended["unreadable"]), (&30.into(), &1.into()));
        for cookie in &cookies {
            assert!(!is_live(&sessions, cookie).await, "{}", place.name);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_has_expired_is_swept_once() {
    for place in [Place::sqlite(), Place::postgres()] {
        let store = place.store().await;
        for n in 0..250 {
            create(&store, record(r#"{"format":1}"#, if n < 240 { -1 } else { 60_000 })).await;
        }
        assert_eq!(place.json(0, &["stats"])["expired"], 240);
        assert_eq!(place.json(0, &["sweep"])["deleted"], 240);
        assert_eq!(place.json(0, &["sweep"])["deleted"], 0);
        assert_eq!(place.json(0, &["stats"])["visitors"], 10);
    }
    let redis = Place::redis();
    for arguments in [&["sweep"][..], &["sweep", "--every", "1h"]] {
        let done = redis.run(arguments);
        assert_eq!((done.code, done.out.as_str()), (0, "nothing to sweep\n"), "{done:?}");
        assert!(done.err.contains("by itself"), "{done:?}");
    }
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn sweeping_again_and_again_ends_when_it_is_told_to() {
    use rustix::process::{Pid, Signal, kill_process};
    for signal in [Signal::INT, Signal::TERM] {
        let place = Place::sqlite();
        let store = place.store().await;
        let child = place.command(&["--json", "sweep", "--every", "10ms"]).spawn().unwrap();
        for _ in 0..3 {
            create(&store, record(r#"{"format":1}"#, -1)).await;
            wait_until(async || place.json(0, &["stats"])["expired"] == 0).await;
        }
        let id = Pid::from_raw(i32::try_from(child.id()).unwrap()).unwrap();
        kill_process(id, signal).unwrap();
        let done = finish(child);
        assert_eq!((done.code, done.err.as_str()), (0, ""), "{done:?}");
        let rounds = done.out.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        let deleted: u64 = rounds.map(|round| round["deleted"].as_u64().unwrap()).sum();
        assert_eq!(deleted, 3, "every line is a report");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_looks_after_the_store_need_not_know_the_secret() {
    let place = Place::sqlite();
    let cookie = ann(&place.sessions().await).await;
    let place = place.without(Setting::Secret);
    assert_eq!(place.json(0, &["stats"])["signed_in"], 1);
    assert_eq!(place.run(&["inspect", cookie.to_str().unwrap()]).code, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn while_the_application_moves_both_stores_are_looked_at() {
    let (old, new) = (Place::sqlite(), Place::sqlite());
    let (in_old, in_new) = (old.sessions().await, new.sessions().await);
    let cookies = [ann(&in_old).await, ann(&in_new).await];
    let both = ["--moving-from", old.get(Setting::Store)];
    let listed = new.json(0, &[&both[..], &["list", "--user", "ann"]].concat());
    assert_eq!(listed["sessions"].as_array().unwrap().len(), 2, "{listed}");
    assert_eq!(new.json(0, &[&both[..], &["stats"]].concat())["signed_in"], 2);
    assert_eq!(new.json(0, &[&both[..], &["revoke", "--all", "--yes"]].concat())["ended"], 2);
    assert!(!is_live(&in_old, &cookies[0]).await && !is_live(&in_new, &cookies[1]).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn sessions_in_the_cookie_say_what_cannot_be_done() {
    let place = Place::new("cookie", "cookie:".to_owned(), None);
    for arguments in [&["stats"][..], &["list", "--user", "ann"], &["revoke", "--user", "ann"]] {
        let done = place.run(arguments);
        assert_eq!(done.code, 1, "{arguments:?}: {done:?}");
    }
    let mut command = place.command(&["sweep"]);
    assert_eq!(finish(command.stdin(Stdio::null()).spawn().unwrap()).code, 0);
}
