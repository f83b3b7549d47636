//! What ends or renews a session is told to those who listen, also after a gap.

use std::time::Duration;

use cloakroom_core::conformance::Browser;
use cloakroom_core::{
    Clock as _, End, FrozenClock, Id, Secret, Session, Sessions, SessionsBuilder, SystemClock,
};
use cloakroom_redis::RedisOptions;
use http::StatusCode;
use servers::{Redis, RedisSentinel};
use tokio::task::JoinHandle;

/// Two processes with one store.
fn pair(options: &RedisOptions) -> (Sessions, Sessions) {
    let secret = Secret::generate().unwrap();
    let open = || {
        let store = options.clone().open().unwrap();
        Sessions::builder(store).secret(secret.clone()).build().unwrap()
    };
    (open(), open())
}

async fn wait_at(sessions: &Sessions) -> (Id, JoinHandle<End>) {
    let mut browser = Browser::new(sessions);
    browser.visit(|session| session.sign_in("ann")).await.unwrap().unwrap();
    let visit = browser.begin().await.unwrap();
    let wait = tokio::spawn(visit.session().ended());
    let id = visit.session().id().unwrap();
    visit.end(StatusCode::OK).await.unwrap();
    (id, wait)
}

async fn comes(wait: JoinHandle<End>) {
    let ended = tokio::time::timeout(Duration::from_secs(20), wait).await;
    assert_eq!(ended.expect("found without waiting for the next look").unwrap(), End::Over);
}

/// Waits until somebody listens.
fn heard(server: &Redis) {
    server.wait_for("CLIENT LIST TYPE pubsub", |list| list.contains("sub=1")).unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn what_happens_while_nobody_can_listen_is_found_afterwards() {
    let server = Redis::start().unwrap();
    let (here, there) = pair(&RedisOptions::new(server.url()));
    for round in 0..6 {
        let (id, wait) = wait_at(&here).await;
        heard(&server);
        if round % 2 == 0 {
            server.ask("CLIENT KILL TYPE pubsub").unwrap();
            assert!(there.revoke(id).await.unwrap());
        } else {
            assert!(there.revoke(id).await.unwrap());
            server.ask("CLIENT KILL TYPE pubsub").unwrap();
        }
        comes(wait).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn sentinels_tell_where_to_listen() {
    let group = RedisSentinel::start().unwrap();
    let options = RedisOptions::sentinel([group.sentinel().url()], group.name());
    let (here, there) = pair(&options);
    let (id, wait) = wait_at(&here).await;
    heard(group.master());
    assert!(there.revoke(id).await.unwrap());
    comes(wait).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_older_protocol_and_documented_rights_are_enough() {
    let server = Redis::start().unwrap();
    let rights = "&cloakroom:* +publish +subscribe +get +mget +set +del +exists +eval +evalsha +time \
                  +zadd +zcard +zrange +zrangebyscore +zrem +zscore +pttl +pexpire +ping";
    server
        .ask(&format!("ACL SETUSER shop on >secret resetchannels ~cloakroom:* {rights}"))
        .unwrap();
    for protocol in ["", "?protocol=resp2"] {
        let url = format!("redis://shop:secret@127.0.0.1:{}/{protocol}", server.port());
        let (here, there) = pair(&RedisOptions::new(url));
        let (id, wait) = wait_at(&here).await;
        heard(&server);
        assert!(there.revoke(id).await.unwrap());
        comes(wait).await;
    }
}

#[tokio::test]
async fn who_may_not_publish_still_ends_sessions() {
    let server = Redis::start().unwrap();
    let rights = "+get +mget +set +del +exists +eval +evalsha +time +zadd +zcard +zrange \
                  +zrangebyscore +zrem +zscore +pttl +pexpire +ping";
    server
        .ask(&format!("ACL SETUSER shop on >secret resetchannels ~cloakroom:* {rights}"))
        .unwrap();
    let url = format!("redis://shop:secret@127.0.0.1:{}", server.port());
    let (here, there) = pair(&RedisOptions::new(url));
    let mut browser = Browser::new(&here);
    browser.visit(|session| session.sign_in("ann")).await.unwrap().unwrap();
    browser.at(&there).visit(Session::sign_out).await.unwrap().unwrap();
    assert!(browser.visit(Session::user).await.unwrap().is_none());
}

/// Lets another process renew a session in its time and end it under its new id, while this one waits.
async fn is_followed(here: &Sessions, there: &Sessions, clock: &FrozenClock) {
    let mut browser = Browser::new(here);
    browser.visit(|session| session.sign_in("ann")).await.unwrap().unwrap();
    let visit = browser.begin().await.unwrap();
    let (before, wait) = (visit.session().id(), tokio::spawn(visit.session().ended()));
    visit.end(StatusCode::OK).await.unwrap();
    clock.advance(Duration::from_secs(11 * 60));
    // By now it has looked because time has passed; what it hears from here on is a signal.
    tokio::time::sleep(Duration::from_millis(1500)).await;
    let mut elsewhere = browser.at(there);
    elsewhere.visit(|_| ()).await.unwrap();
    browser = elsewhere.at(here);
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert!(!wait.is_finished());
    let id = browser.visit(Session::id).await.unwrap();
    assert_ne!(id, before);
    assert!(there.revoke(id.unwrap()).await.unwrap());
    let ended = tokio::time::timeout(Duration::from_secs(20), wait).await;
    assert_eq!(ended.expect("the clock stands still, so only a signal tells").unwrap(), End::Over);
}

/// Renewed every ten minutes of a clock that the test holds.
fn periodic(builder: SessionsBuilder, secret: &Secret, clock: &FrozenClock) -> Sessions {
    let minute = Duration::from_secs(60);
    let builder = builder.secret(secret.clone()).clock(clock.clone());
    builder.renewal_timeout(10 * minute).build().unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_renewal_by_another_process_is_followed() {
    let server = RedisOptions::new(servers::shared_redis());
    let cluster = RedisOptions::cluster(servers::shared_cluster().urls());
    for options in [server, cluster] {
        let options = options.prefix(crate::support::fresh_prefix());
        let (secret, clock) = (Secret::generate().unwrap(), FrozenClock::at(SystemClock.now()));
        let open = || periodic(Sessions::builder(options.clone().open().unwrap()), &secret, &clock);
        is_followed(&open(), &open(), &clock).await;
    }
}
