//! The store's table, looked at and made.

use std::fs;

use serde_json::Value;

use crate::support::Place;

#[tokio::test(flavor = "multi_thread")]
async fn a_table_is_made_once() {
    for place in [Place::sqlite(), Place::postgres()] {
        let before = place.json(3, &["migrate", "--check"]);
        assert_eq!((&before["before"], &before["has_table"]), (&Value::Null, &true.into()));
        let made = place.json(0, &["migrate"]);
        assert_eq!((&made["before"], &made["now"]), (&Value::Null, &made["known"]));
        let again = place.json(0, &["migrate"]);
        assert_eq!((&again["before"], &again["now"]), (&made["known"], &made["known"]));
        assert_eq!(place.run(&["migrate", "--check"]).code, 0);
        assert!(place.run(&["migrate"]).out.starts_with("the table is up to date"));
    }
    assert_eq!(Place::redis().json(0, &["migrate"])["has_table"], false);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_look_makes_no_file_and_no_table() {
    let place = Place::sqlite();
    assert_eq!(place.run(&["migrate", "--check"]).code, 3);
    assert!(place.run(&["check"]).out.contains("there is no table yet"));
    let file = place.get(cloakroom::Setting::Store).strip_prefix("sqlite:").unwrap();
    assert!(fs::metadata(file).is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn postgres_tells_its_sql() {
    let place = Place::postgres();
    let done = place.run(&["migrate", "--sql"]);
    assert_eq!(done.code, 0);
    assert!(done.out.starts_with("CREATE TABLE"), "{done:?}");
    servers::Postgres::shared()
        .execute_in(place.get(cloakroom::Setting::Store), &done.out)
        .unwrap();
    assert_eq!(place.run(&["migrate", "--check"]).code, 0, "it is the table that is wanted");
    assert_eq!(Place::sqlite().run(&["migrate", "--sql"]).code, 2);
}
