//! Which servers are believed.

use cloakroom_postgres::{PostgresError, PostgresOptions, PostgresStore, SslMode};
use servers::Postgres;

async fn connect(url: &str, parameters: &str) -> Result<PostgresStore, PostgresError> {
    PostgresStore::connect(&format!("{url}?{parameters}")).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sslmode_means_what_it_means_to_postgres() {
    let server = Postgres::builder().certified_for("127.0.0.1").start().unwrap();
    let stranger = Postgres::builder().certified_for("127.0.0.1").start().unwrap();
    let url = server.url();
    let elsewhere = url.replace("127.0.0.1", "localhost");
    let root = format!("sslrootcert={}", server.root_certificate().unwrap().display());
    let other = format!("sslrootcert={}", stranger.root_certificate().unwrap().display());

    for (parameters, encrypted) in [
        ("sslmode=disable".to_owned(), false),
        ("sslmode=prefer".to_owned(), true),
        ("application_name=cloakroom".to_owned(), true),
        ("sslmode=require".to_owned(), true),
        (format!("sslmode=require&{root}"), true),
        (format!("sslmode=verify-ca&{root}"), true),
        (format!("sslmode=verify-full&{root}"), true),
        // Nothing is verified, so the root does not matter.
        (format!("sslmode=prefer&{other}"), true),
    ] {
        let store = connect(url, &parameters).await;
        assert!(store.is_ok(), "{parameters}: {store:?}");
        let all = "SELECT bool_and(ssl) FROM pg_stat_ssl JOIN pg_stat_activity USING (pid)
                   WHERE application_name = 'cloakroom'";
        let all = server.execute(all).unwrap();
        assert_eq!(all, if encrypted { "t" } else { "f" }, "{parameters}");
        drop(store);
        crate::support::at_last(async || {
            let left = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'cloakroom'";
            match server.execute(left).unwrap().as_str() {
                "0" => Ok(()),
                left => Err(left.to_owned()),
            }
        })
        .await;
    }
    assert!(connect(&elsewhere, &format!("sslmode=verify-ca&{root}")).await.is_ok());
    for (url, parameters) in [
        (&*elsewhere, format!("sslmode=verify-full&{root}")),
        (url, format!("sslmode=verify-full&{other}")),
        (url, format!("sslmode=verify-ca&{other}")),
        (url, format!("sslmode=require&{other}")),
        // The operating system does not know this root.
        (url, "sslmode=verify-full".to_owned()),
        (url, "sslrootcert=system".to_owned()),
    ] {
        let refused = connect(url, &parameters).await;
        assert!(refused.is_err(), "{parameters}");
    }
}

#[tokio::test]
async fn without_tls_only_those_connect_who_do_not_insist() {
    let url = Postgres::shared().fresh_database().unwrap();
    for (mode, connects) in
        [(SslMode::Disable, true), (SslMode::Prefer, true), (SslMode::Require, false)]
    {
        let store = PostgresOptions::new(&url).unwrap().ssl_mode(mode).connect().await;
        assert_eq!(store.is_ok(), connects, "{mode:?}");
    }
}
