//! What a call costs, counted by the server.

use cloakroom_core::conformance::Browser;
use cloakroom_core::{Operation, Session, Store as _};
use servers::Postgres;

use crate::support::{create, fresh, record, replace, sessions};

/// Counts all statements in one database, also `BEGIN` and `SET`.
struct Meter {
    database: String,
}

impl Meter {
    fn new(url: &str) -> Self {
        let server = Postgres::shared();
        server.execute("CREATE EXTENSION IF NOT EXISTS pg_stat_statements").unwrap();
        let database = url.rsplit('/').next().unwrap();
        let meter = Self { database: database.split('?').next().unwrap().to_owned() };
        let _ = meter.take();
        meter
    }

    /// Returns the statements since the last call, and how often each was carried out.
    fn take(&self) -> Vec<String> {
        let server = Postgres::shared();
        let database = format!("(SELECT oid FROM pg_database WHERE datname = '{}')", self.database);
        let statements = server
            .execute(&format!(
                "SELECT calls || ' ' || regexp_replace(query, '\\s+', ' ', 'g') FROM pg_stat_statements
                 WHERE dbid = {database}"
            ))
            .unwrap();
        server.execute(&format!("SELECT pg_stat_statements_reset(0, {database}, 0)")).unwrap();
        statements.lines().map(str::to_owned).collect()
    }

    #[track_caller]
    fn assert(&self, expected: &[&str]) {
        let found = self.take();
        let right = found.len() == expected.len()
            && expected.iter().all(|begin| found.iter().any(|found| found.starts_with(begin)));
        assert!(right, "expected {expected:?}, found {found:#?}");
    }
}

#[tokio::test]
async fn a_call_is_one_statement_and_nothing_else() {
    let (store, url) = fresh().await;
    let meter = Meter::new(&url);
    create(&store, &record(0)).await;
    meter.assert(&["1 INSERT"]);
    let _ = store.load(&record(0).id).await.unwrap();
    meter.assert(&["1 SELECT"]);
    let _ = store.write(&replace(&record(0), 1)).await.unwrap();
    meter.assert(&["1 UPDATE"]);
    let _ = store.write(&Operation::Delete(record(0).id)).await.unwrap();
    meter.assert(&["1 DELETE"]);
}

#[tokio::test]
async fn a_batch_is_one_statement_for_each_kind() {
    let (store, url) = fresh().await;
    let meter = Meter::new(&url);
    let records: Vec<_> = (0..200).map(record).collect();
    let creates: Vec<_> = records.iter().cloned().map(Operation::Create).collect();
    let _ = store.write_many(&creates).await.unwrap();
    meter.assert(&["1 INSERT"]);
    let ids: Vec<_> = records.iter().map(|record| record.id).collect();
    assert!(store.load_many(&ids).await.unwrap().iter().all(Option::is_some));
    meter.assert(&["1 SELECT"]);
    // The second write of a session is known to be stale without asking.
    let mut mixed: Vec<_> = records.iter().map(|record| replace(record, 1)).collect();
    mixed.extend(records.iter().map(|record| replace(record, 1)));
    mixed.extend((200..220).map(|n| Operation::Create(record(n))));
    let _ = store.write_many(&mixed).await.unwrap();
    meter.assert(&["1 WITH held", "1 INSERT"]);
}

#[tokio::test]
async fn a_request_is_as_many_statements_as_promised() {
    let (store, url) = fresh().await;
    let meter = Meter::new(&url);
    let sessions = sessions(store);
    let mut browser = Browser::new(&sessions);
    browser.visit(|_| ()).await.unwrap();
    meter.assert(&[]);
    browser.visit(|session| session.set("n", &1)).await.unwrap().unwrap();
    meter.assert(&["1 INSERT"]);
    browser.visit(|session| session.get::<i64>("n")).await.unwrap().unwrap();
    meter.assert(&["1 SELECT"]);
    browser.visit(|session| session.set("n", &2)).await.unwrap().unwrap();
    meter.assert(&["1 SELECT", "1 UPDATE"]);
    browser.visit(Session::renew).await.unwrap().unwrap();
    meter.assert(&["1 SELECT", "1 WITH held"]);
}
