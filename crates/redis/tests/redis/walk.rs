//! A walk meets what stands under the store's prefix, and nothing else.

use std::collections::BTreeSet;
use std::num::NonZeroU32;

use cloakroom_core::{LostPlace, Operation, Outcome, Payload, Store as _, Walk as _, WalkCursor};
use cloakroom_redis::{RedisOptions, RedisStore};
use servers::Redis;

use crate::support::{created, fresh_id, record};

const SOME: NonZeroU32 = NonZeroU32::new(10).unwrap();

async fn all(store: &RedisStore) -> Vec<cloakroom_core::Record> {
    let (mut records, mut next) = (Vec::new(), None);
    loop {
        let page = store.page(next.as_ref(), SOME).await.unwrap();
        records.extend(page.records);
        next = page.next;
        if next.is_none() {
            return records;
        }
    }
}

#[tokio::test]
async fn what_others_keep_is_passed_over_and_what_is_broken_is_told() {
    let server = Redis::start().unwrap();
    // All of it means something in a pattern.
    let prefix = "a*[b-c]?^\\:";
    let store = RedisOptions::new(server.url()).prefix(prefix).open().unwrap();
    let mut expected = BTreeSet::new();
    for _ in 0..50 {
        expected.insert(created(&store).await.id);
    }
    let near = RedisOptions::new(server.url()).prefix("axxbx^:").open().unwrap();
    let _ = created(&near).await;
    let user = cloakroom_core::Record { user: Some("ann".try_into().unwrap()), ..record() };
    assert_eq!(store.write(&Operation::Create(user.clone())).await.unwrap(), Outcome::Applied);
    expected.insert(user.id);
    let client = cloakroom_redis::redis::Client::open(server.url()).unwrap();
    let mut connection = client.get_multiplexed_async_connection().await.unwrap();
    let broken = fresh_id();
    for (command, key, value) in [
        ("SET", format!("{prefix}settings"), "x"),
        ("SET", format!("{prefix}{}", fresh_id().to_string().to_uppercase()), "x"),
        ("LPUSH", format!("{prefix}{broken}"), "x"),
    ] {
        let mut command = cloakroom_redis::redis::cmd(command);
        command.arg(key).arg(value).exec_async(&mut connection).await.unwrap();
    }
    expected.insert(broken);
    let found = all(&store).await;
    let ids: BTreeSet<_> = found.iter().map(|record| record.id).collect();
    assert_eq!(ids, expected);
    let told = found.iter().find(|record| record.id == broken).unwrap();
    assert_eq!(told.payload, Payload::unreadable());
}

#[tokio::test]
async fn a_place_on_a_node_that_is_gone_is_lost() {
    let cluster = servers::shared_cluster();
    let store = RedisOptions::cluster(cluster.urls()).prefix(crate::support::fresh_prefix());
    let store = store.open().unwrap();
    for place in ["07c37dfeb235213a872192d90877d0cd55635b91 0", " 0", "nonsense"] {
        let place = WalkCursor::new(place);
        let error = store.page(Some(&place), SOME).await.unwrap_err();
        let source = std::error::Error::source(&error).unwrap_or(&error);
        assert_eq!(source.to_string(), LostPlace::new(&place).to_string());
    }
}
