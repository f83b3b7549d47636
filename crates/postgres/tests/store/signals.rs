//! What ends or renews a session is told to those who listen, also after a gap.

use std::time::Duration;

use cloakroom_core::conformance::Browser;
use cloakroom_core::{
    Clock as _, End, FrozenClock, Secret, Session, Sessions, SessionsBuilder, SystemClock,
};
use cloakroom_postgres::PostgresOptions;
use http::StatusCode;
use servers::Postgres;

use crate::support::fresh;

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn what_happens_while_nobody_can_listen_is_found_afterwards() {
    let (store, url) = fresh().await;
    let secret = Secret::generate().unwrap();
    let open = |store| Sessions::builder(store).secret(secret.clone()).build().unwrap();
    let (here, there) =
        (open(store), open(PostgresOptions::new(&url).unwrap().connect().await.unwrap()));
    let listens = "SELECT count(*) FROM pg_stat_activity
                   WHERE datname = current_database() AND query = 'LISTEN cloakroom'";
    let cut = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
               WHERE datname = current_database() AND query = 'LISTEN cloakroom'";
    let server = Postgres::shared();
    for round in 0..6 {
        let mut browser = Browser::new(&here);
        browser.visit(|session| session.sign_in("ann")).await.unwrap().unwrap();
        let visit = browser.begin().await.unwrap();
        let id = visit.session().id().unwrap();
        let mut wait = tokio::spawn(visit.session().ended());
        visit.end(StatusCode::OK).await.unwrap();
        while server.execute_in(&url, listens).unwrap() == "0" {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        let end = async {
            assert!(there.revoke(id).await.unwrap());
        };
        let cut = async { server.execute_in(&url, cut).unwrap() };
        if round % 2 == 0 {
            cut.await;
            end.await;
        } else {
            tokio::join!(end, cut);
        }
        let ended = tokio::time::timeout(Duration::from_secs(20), &mut wait).await;
        assert_eq!(ended.expect("found without waiting for the next look").unwrap(), End::Over);
    }
}

#[tokio::test]
async fn without_anybody_who_waits_nothing_listens() {
    let (store, url) = fresh().await;
    let sessions = crate::support::sessions(store);
    let mut browser = Browser::new(&sessions);
    browser.visit(|session| session.sign_in("ann")).await.unwrap().unwrap();
    browser.visit(Session::sign_out).await.unwrap().unwrap();
    let connections = "SELECT count(*) FROM pg_stat_activity
                       WHERE datname = current_database() AND application_name = 'cloakroom'";
    assert_eq!(Postgres::shared().execute_in(&url, connections).unwrap(), "2");
    // And what has listened stops with the sessions.
    browser.visit(|session| session.sign_in("ann")).await.unwrap().unwrap();
    let visit = browser.begin().await.unwrap();
    let wait = tokio::spawn(visit.session().ended());
    visit.end(StatusCode::OK).await.unwrap();
    let count = async |wanted: &str| {
        while Postgres::shared().execute_in(&url, connections).unwrap() != wanted {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    count("3").await;
    wait.abort();
    drop((wait.await, browser, sessions));
    count("0").await;
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
    let (store, url) = fresh().await;
    let (secret, clock) = (Secret::generate().unwrap(), FrozenClock::at(SystemClock.now()));
    let here = periodic(Sessions::builder(store), &secret, &clock);
    let store = PostgresOptions::new(&url).unwrap().connect().await.unwrap();
    let there = periodic(Sessions::builder(store), &secret, &clock);
    is_followed(&here, &there, &clock).await;
}
