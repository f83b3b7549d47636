//! The server is in recovery: it can be read.

use cloakroom_core::conformance::Browser;
use cloakroom_core::{ErrorKind, Operation, Store as _};
use cloakroom_postgres::{PostgresError, PostgresStore};
use servers::Postgres;

use crate::support::{at_last, create, record, replace, sessions};

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_server_in_recovery_is_read_and_refuses_writes() {
    let server = Postgres::start().unwrap();
    let store = PostgresStore::connect(server.url()).await.unwrap();
    create(&store, &record(0)).await;
    let sessions = sessions(store.clone());
    let mut browser = Browser::new(&sessions);
    browser.visit(|session| session.set("user", "ann")).await.unwrap().unwrap();

    server.stop().unwrap();
    assert!(store.load(&record(0).id).await.is_err());
    server.restart_in_recovery().unwrap();
    let found = at_last(async || store.load(&record(0).id).await).await;
    assert_eq!(found, Some(record(0)));
    for write in
        [replace(&record(0), 1), Operation::Create(record(1)), Operation::Delete(record(0).id)]
    {
        // The writing connection may still be on its way.
        let refused = async || match store.write(&write).await {
            Err(PostgresError::Refused { code, .. }) => Ok(code),
            other => Err(other),
        };
        assert_eq!(at_last(refused).await, "25006");
    }
    let user = browser.visit(|session| session.get::<String>("user")).await.unwrap().unwrap();
    assert_eq!(user.as_deref(), Some("ann"));
    let changed = browser.visit(|session| session.set("user", "bob")).await;
    assert_eq!(changed.unwrap_err().kind(), ErrorKind::Unavailable);
    let another = PostgresStore::connect(server.url()).await.unwrap();
    assert_eq!(another.load(&record(0).id).await.unwrap(), Some(record(0)));

    server.execute("SELECT pg_promote()").unwrap();
    for store in [&store, &another] {
        let version = store.load(&record(0).id).await.unwrap().unwrap().version.get();
        let _ = at_last(async || store.write(&replace(&record(0), version)).await).await;
    }
    browser.visit(|session| session.set("user", "bob")).await.unwrap().unwrap();
}
