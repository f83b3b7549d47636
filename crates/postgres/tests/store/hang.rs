//! The server hangs: it keeps its connections and answers nothing.

use std::time::{Duration, Instant};

use cloakroom_core::conformance::Browser;
use cloakroom_core::{ErrorKind, Operation, Store as _};
use cloakroom_postgres::PostgresError;
use servers::Postgres;

use crate::support::{at_last, create, hasty, record, replace, sessions};

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_server_that_hangs_costs_each_call_its_timeout() {
    let server = Postgres::start().unwrap();
    let store = hasty(server.url()).connect().await.unwrap();
    create(&store, &record(0)).await;
    let sessions = sessions(store.clone());
    let mut browser = Browser::new(&sessions);
    browser.visit(|session| session.set("user", "ann")).await.unwrap().unwrap();

    server.pause().unwrap();
    let began = Instant::now();
    // All kinds of calls, many at once, for as long as the server hangs.
    while began.elapsed() < Duration::from_secs(5) {
        let calls = (0..20).map(|n| {
            let (store, browser) = (store.clone(), browser.clone());
            tokio::spawn(async move {
                match n % 4 {
                    0 => store.load(&record(0).id).await.map(drop).unwrap_err(),
                    1 => store.write(&replace(&record(0), 1)).await.map(drop).unwrap_err(),
                    2 => store
                        .write_many(&[Operation::Create(record(9))])
                        .await
                        .map(drop)
                        .unwrap_err(),
                    _ => {
                        let error = browser.begin().await.unwrap_err();
                        assert_eq!(error.kind(), ErrorKind::Unavailable);
                        return;
                    }
                };
            })
        });
        for call in calls.collect::<Vec<_>>() {
            call.await.unwrap();
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let refused = store.load(&record(0).id).await.unwrap_err();
    let known = matches!(refused, PostgresError::TimedOut(_) | PostgresError::Disconnected(_));
    assert!(known, "{refused:?}");
    server.resume().unwrap();

    let found = at_last(async || store.load(&record(0).id).await).await.unwrap();
    // Whether the write that was given up was made nobody promised; but it is made once.
    assert!(found.version.get() <= 2);
    let write = at_last(async || store.write(&replace(&record(0), found.version.get())).await);
    let _ = write.await;
    let user = browser.visit(|session| session.get::<String>("user")).await.unwrap().unwrap();
    assert_eq!(user.as_deref(), Some("ann"), "never an empty session");
}

#[tokio::test]
async fn a_row_that_somebody_holds_costs_its_write_the_timeout_and_others_go_on() {
    let server = Postgres::shared();
    let url = server.fresh_database().unwrap();
    let store = hasty(&url).connect().await.unwrap();
    create(&store, &record(0)).await;
    let sql = format!(
        "BEGIN; UPDATE cloakroom_sessions SET version = version WHERE id = '{}'; SELECT pg_sleep(4)",
        record(0).id
    );
    let place = url.clone();
    let holder = std::thread::spawn(move || Postgres::shared().execute_in(&place, &sql));
    let held = "SELECT count(*) FROM pg_stat_activity
                WHERE datname = current_database() AND wait_event = 'PgSleep'";
    at_last(async || match server.execute_in(&url, held).unwrap().as_str() {
        "1" => Ok(()),
        other => Err(other.to_owned()),
    })
    .await;
    store.write(&replace(&record(0), 1)).await.unwrap_err();
    assert!(store.load(&record(0).id).await.unwrap().is_some(), "reading goes on");
    let _ = at_last(async || store.write(&Operation::Create(record(1))).await).await;
    let _ = holder.join().unwrap();
    let found = store.load(&record(0).id).await.unwrap().unwrap().version.get();
    let _ = at_last(async || store.write(&replace(&record(0), found)).await).await;
    let now = store.load(&record(0).id).await.unwrap().unwrap().version.get();
    assert_eq!(now, found + 1);
}
