//! Passwords, users and TLS.

use cloakroom_core::{Operation, Outcome, Record, Store as _, UserId, UserIndex as _};
use cloakroom_redis::RedisOptions;
use cloakroom_redis::redis;
use servers::{Redis, RedisOptions as ServerOptions};

use crate::support::{created, next, record, renewal, touch};

#[tokio::test]
async fn a_user_with_no_more_rights_than_documented_can_do_everything() {
    let server = Redis::start().unwrap();
    let rights = "+get +mget +set +del +exists +eval +evalsha +time +zadd +zcard +zrange \
                  +zrangebyscore +zrem +zscore +pttl +pexpire +ping";
    server.ask(&format!("ACL SETUSER shop on >secret ~cloakroom:* {rights}")).unwrap();
    server.ask("ACL SETUSER default off").unwrap();
    let url = format!("redis://shop:secret@127.0.0.1:{}", server.port());
    let by_url = RedisOptions::new(url).connect().await.unwrap();
    let by_name = RedisOptions::new(server.url()).credentials("shop", "secret");
    for store in [by_url, by_name.connect().await.unwrap()] {
        let user = UserId::from(7_u64);
        let first = Record { user: Some(user.clone()), ..record() };
        let (renew, renewed) = renewal(&first);
        for operation in [Operation::Create(first.clone()), touch(&first), renew, next(&renewed)] {
            assert_eq!(store.write(&operation).await.unwrap(), Outcome::Applied);
        }
        let listed = store.of_user(&user, std::num::NonZeroU32::MAX).await.unwrap();
        assert_eq!(listed.len(), 1);
        let removed = store.write(&Operation::Delete(renewed.id)).await.unwrap();
        assert!(matches!(removed, Outcome::Removed(_)));
        assert_eq!(store.load_many(&[renewed.id, first.id]).await.unwrap()[0], None);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_older_protocol_does_too() {
    let url = format!("{}/?protocol=resp2", servers::shared_redis());
    let options = RedisOptions::new(url).prefix(crate::support::fresh_prefix());
    cloakroom_core::conformance::prove(|| options.clone().open().unwrap()).await;
}

#[tokio::test]
async fn a_wrong_password_is_an_error_that_does_not_show_it() {
    let server = ServerOptions::default().set("requirepass", "right").start().unwrap();
    let options = RedisOptions::new(server.url()).credentials("default", "hunter2");
    assert!(!format!("{options:?}").contains("hunter2"));
    let store = options.clone().open().unwrap();
    assert!(!format!("{store:?}").contains("hunter2"));
    let error = options.connect().await.unwrap_err();
    assert!(!format!("{error} {error:?}").contains("hunter2"), "{error:?}");
    assert!(store.load(&record().id).await.is_err());
}

#[tokio::test]
async fn tls_needs_the_certificate_that_it_was_told_of() {
    let server = ServerOptions::default().tls().start().unwrap();
    let pem = std::fs::read(server.certificate()).unwrap();
    let trusting = RedisOptions::new(server.tls_url()).root_certificate(pem);
    let store = trusting.connect().await.unwrap();
    let record = created(&store).await;
    assert_eq!(store.load(&record.id).await.unwrap().as_ref(), Some(&record));
    assert!(RedisOptions::new(server.tls_url()).connect().await.is_err());
}

#[tokio::test]
async fn databases_are_apart() {
    let server = Redis::start().unwrap();
    let [first, second] =
        [0, 1].map(|n| RedisOptions::new(server.url()).database(n).open().unwrap());
    let record = created(&second).await;
    assert_eq!(first.load(&record.id).await.unwrap(), None);
    let url = RedisOptions::new(format!("{}/1", server.url())).open().unwrap();
    assert_eq!(url.load(&record.id).await.unwrap().as_ref(), Some(&record));
}

#[tokio::test]
async fn connections_that_are_there_already_can_be_shared() {
    let server = Redis::start().unwrap();
    let client = redis::Client::open(server.url()).unwrap();
    let plain = client.get_multiplexed_async_connection().await.unwrap();
    let manager = client.get_connection_manager().await.unwrap();
    let [plain, manager] = [plain.into(), manager.into()]
        .map(|it: cloakroom_redis::Connection| cloakroom_redis::RedisStore::over(it));
    let record = created(&plain).await;
    assert_eq!(manager.load(&record.id).await.unwrap().as_ref(), Some(&record));
    assert_eq!(manager.write(&next(&record)).await.unwrap(), Outcome::Applied);
}
