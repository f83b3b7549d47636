//! How many commands the server gets, by its own count.

use cloakroom_core::{Operation, Outcome, Record, Store as _, UserId, UserIndex as _, Version};
use servers::Redis;

use crate::support::{
    created, fresh_id, next, read, record, renewal, sessions, store, touch, visitor,
};

/// Returns how often each command was called since the last time, but for those that the count itself takes.
fn calls(server: &Redis) -> Vec<(String, u32)> {
    let stats = server.ask("INFO commandstats").unwrap();
    server.ask("CONFIG RESETSTAT").unwrap();
    let calls = stats.lines().filter_map(|line| {
        let (name, rest) = line.strip_prefix("cmdstat_")?.split_once(":calls=")?;
        let count = rest.split(',').next()?.parse().ok()?;
        Some((name.to_owned(), count))
    });
    let own = ["info", "config", "client", "hello", "ping"];
    let mut calls: Vec<_> =
        calls.filter(|(name, _)| !own.iter().any(|own| name.starts_with(own))).collect();
    calls.sort();
    calls
}

/// What clients sent: scripts call the rest.
fn sent(server: &Redis) -> Vec<(String, u32)> {
    let clients = ["get", "mget", "evalsha", "eval", "set"];
    let mut calls = calls(server);
    let scripts = calls.iter().any(|(name, _)| name.starts_with("eval"));
    calls.retain(|(name, _)| {
        if scripts {
            name.starts_with("eval") || name == "mget"
        } else {
            clients.contains(&&**name)
        }
    });
    calls
}

fn one(name: &str) -> Vec<(String, u32)> {
    vec![(name.to_owned(), 1)]
}

#[tokio::test]
async fn each_operation_is_one_command() {
    let server = Redis::start().unwrap();
    let store = store(&server);
    // The server learns the scripts, each at its first use.
    let first = created(&store).await;
    let (renew, renewed) = renewal(&first);
    for operation in [touch(&first), renew, next(&renewed), Operation::Delete(renewed.id)] {
        let _ = store.write(&operation).await.unwrap();
    }
    let _ = calls(&server);

    let record = record();
    let _ = store.write(&Operation::Create(record.clone())).await.unwrap();
    assert_eq!(sent(&server), one("set"));
    assert!(store.load(&record.id).await.unwrap().is_some());
    assert_eq!(sent(&server), one("get"));
    let replace = next(&record);
    assert_eq!(store.write(&replace).await.unwrap(), Outcome::Applied);
    assert_eq!(sent(&server), one("evalsha"));
    assert!(matches!(store.write(&replace).await.unwrap(), Outcome::Stale(Some(_))));
    assert_eq!(sent(&server), one("evalsha"), "what is there comes along");
    let Operation::Replace { next: record, .. } = replace else { unreachable!() };
    assert_eq!(store.write(&touch(&record)).await.unwrap(), Outcome::Applied);
    assert_eq!(sent(&server), one("evalsha"));
    let (renew, renewed) = renewal(&record);
    assert_eq!(store.write(&renew).await.unwrap(), Outcome::Applied);
    assert_eq!(sent(&server), one("evalsha"));
    let removed = store.write(&Operation::Delete(renewed.id)).await.unwrap();
    assert!(matches!(removed, Outcome::Removed(_)));
    assert_eq!(sent(&server), one("evalsha"));
}

#[tokio::test]
async fn a_batch_is_one_trip() {
    let server = Redis::start().unwrap();
    let store = store(&server);
    let mut records = Vec::new();
    for _ in 0..20 {
        records.push(created(&store).await);
    }
    let _ = store.write(&next(&created(&store).await)).await.unwrap();
    let _ = calls(&server);
    let ids: Vec<_> = records.iter().map(|record| record.id).collect();
    assert!(store.load_many(&ids).await.unwrap().iter().all(Option::is_some));
    assert_eq!(sent(&server), one("mget"));
    let writes: Vec<_> = records.iter().map(next).collect();
    let outcomes = store.write_many(&writes).await.unwrap();
    assert!(outcomes.iter().all(|outcome| *outcome == Outcome::Applied));
    assert_eq!(sent(&server), [("evalsha".to_owned(), 20)]);
    // What seems missing is asked for once more, as it may be a key of another type.
    assert_eq!(store.load_many(&[ids[0], fresh_id()]).await.unwrap()[1], None);
    assert_eq!(sent(&server), [("get".to_owned(), 1), ("mget".to_owned(), 1)]);
}

#[tokio::test]
async fn a_request_pays_for_what_it_uses() {
    let server = Redis::start().unwrap();
    let sessions = sessions(store(&server));
    let mut browser = visitor(&sessions).await;
    browser.visit(|session| session.set("n", &2)).await.unwrap().unwrap();
    let _ = calls(&server);

    assert_eq!(read(&mut browser).await.unwrap(), Some(2));
    assert_eq!(sent(&server), one("get"));
    browser.visit(|session| session.set("n", &3)).await.unwrap().unwrap();
    let all = calls(&server);
    assert_eq!(all.iter().find(|(name, _)| name == "evalsha").map(|call| call.1), Some(1));
    assert_eq!(all.iter().find(|(name, _)| name == "get").map(|call| call.1), Some(1));
    let _ = visitor(&sessions).await;
    assert_eq!(sent(&server), one("set"), "a first write is one command");
    drop(browser.pending().finish(http::StatusCode::OK));
    let mut forger = browser.clone();
    forger.set_cookie("A".repeat(44));
    assert_eq!(read(&mut forger).await.unwrap(), None);
    assert_eq!(sent(&server), [], "what is not used and what is forged cost nothing");
}

#[tokio::test]
async fn ordinary_writes_do_not_pay_for_the_users_index() {
    let server = Redis::start().unwrap();
    let store = store(&server);
    let ann = UserId::from(7_u64);
    let first = Record { user: Some(ann.clone()), ..record() };
    let _ = store.write(&Operation::Create(first.clone())).await.unwrap();
    for operation in [touch(&first), next(&first)] {
        assert_eq!(store.write(&operation).await.unwrap(), Outcome::Applied);
    }
    let _ = calls(&server);
    let Operation::Replace { next: second, .. } = next(&first) else { unreachable!() };
    assert_eq!(store.write(&next(&second)).await.unwrap(), Outcome::Applied);
    assert_eq!(sent(&server), one("evalsha"));
    // About an idle time later the index hears of it again.
    let later = Record { active_at: first.expires_at, ..second };
    let version = Version::new(later.version.get() + 1);
    let far = later.active_at.plus(std::time::Duration::from_secs(3601));
    let touch =
        Operation::Touch { id: later.id, version, active_at: later.active_at, expires_at: far };
    assert_eq!(store.write(&touch).await.unwrap(), Outcome::Applied);
    let calls = calls(&server);
    assert!(calls.contains(&("zadd".to_owned(), 1)), "{calls:?}");
    let listed = store.of_user(&ann, std::num::NonZeroU32::MAX).await.unwrap();
    assert_eq!(listed.iter().map(|record| record.expires_at).collect::<Vec<_>>(), [far]);
}
