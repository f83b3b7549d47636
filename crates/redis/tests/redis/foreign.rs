//! What this version never wrote harms nobody but whose it is.

use cloakroom_core::conformance::Browser;
use cloakroom_core::{ErrorKind, Operation, Outcome, Session, Store as _};
use cloakroom_redis::redis;
use cloakroom_redis::{RedisOptions, RedisStore};

use crate::support::{created, fresh_prefix, next, read, renewal, sessions, touch, visitor};

struct Shelf {
    store: RedisStore,
    prefix: String,
    direct: redis::aio::MultiplexedConnection,
}

impl Shelf {
    async fn new() -> Self {
        let (url, prefix) = (servers::shared_redis(), fresh_prefix());
        let client = redis::Client::open(url.as_str()).unwrap();
        let direct = client.get_multiplexed_async_connection().await.unwrap();
        let store = RedisOptions::new(url).prefix(&prefix).open().unwrap();
        Self { store, prefix, direct }
    }

    /// Puts something else in the place of a record; by its number.
    async fn spoil(&mut self, id: cloakroom_core::Id, how: usize) {
        let key = format!("{}{id}", self.prefix);
        let mut pipeline = redis::pipe();
        pipeline.cmd("DEL").arg(&key);
        let values: [&[u8]; 6] = [
            b"",
            b"rubbish",
            b"2 - 1 0 0 99999999999999 0 \n{}",
            b"1 - zz 0 0 99999999999999 0 \n{}",
            b"1 - 1 0 0 99999999999999 0 \n\xff",
            b"1 - 1 0 0 99999999999999 0 \n{\"format\":9}",
        ];
        match values.get(how) {
            Some(value) => pipeline.cmd("SET").arg(&key).arg(*value),
            None if how == values.len() => pipeline.cmd("LPUSH").arg(&key).arg("x"),
            None => pipeline.cmd("HSET").arg(&key).arg("x").arg("y"),
        };
        pipeline.exec_async(&mut self.direct).await.unwrap();
    }
}

const WAYS: usize = 8;

async fn id(browser: &mut Browser) -> cloakroom_core::Id {
    browser.visit(Session::id).await.unwrap().unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn it_is_an_error_that_names_the_session_and_others_are_well() {
    let mut shelf = Shelf::new().await;
    let sessions = sessions(shelf.store.clone());
    for how in 0..WAYS {
        let mut browsers = Vec::new();
        for _ in 0..20 {
            browsers.push(visitor(&sessions).await);
        }
        let spoilt = id(&mut browsers[7]).await;
        shelf.spoil(spoilt, how).await;
        let tasks = browsers
            .into_iter()
            .map(|mut browser| tokio::spawn(async move { read(&mut browser).await }));
        for (place, task) in tasks.collect::<Vec<_>>().into_iter().enumerate() {
            match task.await.unwrap() {
                Ok(n) => assert_eq!((n, place == 7), (Some(1), false)),
                Err(error) => {
                    assert_eq!((error.kind(), place), (ErrorKind::Corrupt, 7), "{error:?}");
                    assert!(format!("{error} {error:?}").contains(&spoilt.to_string()));
                }
            }
        }
    }
}

/// The note that stands beside the payload says where the value is, so nobody looks at it before.
#[tokio::test]
async fn a_value_that_is_damaged_is_an_error_to_who_asks_for_it() {
    let mut shelf = Shelf::new().await;
    let mut browser = visitor(&sessions(shelf.store.clone())).await;
    let key = format!("{}{}", shelf.prefix, id(&mut browser).await);
    let value: String = redis::cmd("GET").arg(&key).query_async(&mut shelf.direct).await.unwrap();
    let damaged = value.replace(r#""n":1"#, r#""n":x"#);
    assert_ne!(damaged, value);
    redis::cmd("SET").arg(&key).arg(damaged).exec_async(&mut shelf.direct).await.unwrap();
    let answers = browser.visit(|session| (session.get::<i64>("n"), session.get::<i64>("other")));
    let (n, other) = answers.await.unwrap();
    let error = n.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Value);
    assert!(error.to_string().contains(r#""n""#) && other.unwrap().is_none(), "{error}");
}

#[tokio::test]
async fn writes_are_stale_and_an_end_ends_it() {
    let mut shelf = Shelf::new().await;
    for how in 0..5 {
        let (spoilt, well) = (created(&shelf.store).await, created(&shelf.store).await);
        // The version that is read may be the one that was there.
        let replace =
            Operation::Replace { version: cloakroom_core::Version::new(77), next: spoilt.clone() };
        for how in [how, 6, 7] {
            shelf.spoil(spoilt.id, how).await;
            let operations = [
                replace.clone(),
                touch(&spoilt),
                renewal(&spoilt).0,
                Operation::Create(spoilt.clone()),
            ];
            for operation in &operations {
                let outcome = shelf.store.write(operation).await.unwrap();
                let applied = how == 4 && !matches!(operation, Operation::Create(_));
                assert!(matches!(outcome, Outcome::Stale(_)) || applied, "{how} {outcome:?}");
            }
        }
        let ends = [next(&well), Operation::Delete(spoilt.id), Operation::Delete(spoilt.id)];
        let ends = shelf.store.write_many(&ends).await.unwrap();
        assert_eq!(ends[0], Outcome::Applied);
        assert!(matches!(ends[1], Outcome::Removed(_)));
        assert_eq!(ends[2], Outcome::Stale(None));
    }
}
