//! Schema and table have the names that they were given, whatever those are.

use cloakroom_core::{Store as _, UserId, UserIndex as _};
use cloakroom_postgres::{PostgresError, PostgresOptions};
use servers::Postgres;

use crate::support::{create, record};

#[tokio::test]
async fn tables_of_different_names_are_different_stores() {
    let url = Postgres::shared().fresh_database().unwrap();
    let options = || PostgresOptions::new(&url).unwrap();
    let longest = "x".repeat(63);
    let mut stores = vec![options().connect().await.unwrap()];
    for (schema, table) in [
        ("public", "Sessions"),
        ("public", "sessions"),
        ("Web", "a\"b"),
        ("Web", &longest),
        (&longest, &longest),
    ] {
        stores.push(options().schema(schema).table(table).connect().await.unwrap());
    }
    for (n, store) in stores.iter().enumerate() {
        create(store, &record(n as u64)).await;
    }
    for (n, store) in stores.iter().enumerate() {
        for m in 0..stores.len() {
            let found = store.load(&record(m as u64).id).await.unwrap();
            assert_eq!(found.is_some(), n == m);
        }
        let user = UserId::from(1_u64);
        assert_eq!(store.of_user(&user, 5.try_into().unwrap()).await.unwrap(), []);
    }
}

#[tokio::test]
async fn names_that_postgres_would_change_are_refused() {
    let url = Postgres::shared().url();
    for name in ["", "a\0b", &"x".repeat(64)] {
        let table = PostgresOptions::new(url).unwrap().table(name);
        assert!(matches!(table.schema_sql(), Err(PostgresError::Name(_))));
        assert!(matches!(table.connect().await, Err(PostgresError::Name(_))));
        let schema = PostgresOptions::new(url).unwrap().schema(name);
        assert!(matches!(schema.connect().await, Err(PostgresError::Name(_))));
    }
}
