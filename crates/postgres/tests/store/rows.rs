//! Rows that this crate did not write harm nobody else, and nobody reads in an error what a visitor stored.

use cloakroom_core::conformance::Browser;
use cloakroom_core::{ErrorKind, Operation, Payload, Record, Session, Store as _, Timestamp};
use servers::Postgres;

use crate::support::{create, fresh, record, sessions};

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_damaged_row_troubles_nobody_else() {
    let (store, url) = fresh().await;
    let sessions = sessions(store);
    let mut browsers = Vec::new();
    for n in 0..40 {
        let mut browser = Browser::new(&sessions);
        browser.visit(|s| s.set("n", &n)).await.unwrap().unwrap();
        browsers.push(browser);
    }
    let damages = [(7, "user_id = E'two\\nlines'"), (9, "payload = '[1]'"), (11, "user_id = ''")];
    for (n, damage) in damages {
        let id = browsers[n].visit(Session::id).await.unwrap().unwrap();
        let sql = format!("UPDATE cloakroom_sessions SET {damage} WHERE id = '{id}'");
        Postgres::shared().execute_in(&url, &sql).unwrap();
    }
    let loads = browsers.into_iter().enumerate();
    let tasks = loads.map(|(n, b)| tokio::spawn(async move { (n, b.begin().await.map(drop)) }));
    let mut failed = Vec::new();
    for task in tasks.collect::<Vec<_>>() {
        let (n, result) = task.await.unwrap();
        if let Err(error) = result {
            assert_eq!(error.kind(), ErrorKind::Corrupt);
            failed.push(n);
        }
    }
    assert_eq!(failed, [7, 9, 11]);
}

#[tokio::test]
async fn every_instant_and_text_comes_back() {
    let (store, url) = fresh().await;
    for (n, millis) in [0, -1, i64::MAX, i64::MIN, 1_780_000_000_123].into_iter().enumerate() {
        let at = Timestamp::from_millis(millis);
        let payload = Payload::from_text(r#"{"b":1e400, "a":"\u0000\ud800é😀", "a":-0.0}"#);
        let record =
            Record { created_at: at, active_at: at, expires_at: at, payload, ..record(n as u64) };
        create(&store, &record).await;
        assert_eq!(store.load(&record.id).await.unwrap(), Some(record));
    }
    let never = "SELECT count(*) FROM cloakroom_sessions WHERE expires_at = 'infinity'";
    assert_eq!(Postgres::shared().execute_in(&url, never).unwrap(), "1");
}

#[tokio::test]
async fn an_error_quotes_no_session_data() {
    let (store, url) = fresh().await;
    let constraint = "ALTER TABLE cloakroom_sessions ADD CHECK (payload ->> 'format' = '2')";
    Postgres::shared().execute_in(&url, constraint).unwrap();
    let create = |n| {
        let payload = Payload::from_text(r#"{"format":1,"data":{"k":"confidential"}}"#);
        Operation::Create(Record { payload, ..record(n) })
    };
    let one = store.write(&create(1)).await.unwrap_err();
    let many = store.write_many(&[create(1), create(2)]).await.unwrap_err();
    for error in [one, many] {
        let text = format!("{error} {error:?}");
        assert!(text.contains("23514") && !text.contains("confidential"), "{text}");
    }
}
