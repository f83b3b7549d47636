//! Sessions that are made from settings: every form of store address, against real servers, through HTTP.

use cloakroom::{Setting, Settings, SettingsError};
use servers::{Postgres, RedisSentinel, shared_cluster, shared_redis};

use crate::apps::{App, Framework};
use crate::support::Visitor;

const SECRETS: &str = "Jq0vPpXw3sO9ZkYc7RtLb2NhUe5GmAfD8iVxKo4W";

/// Opens the store for each framework, as processes of their own would, and lets one visitor count in all.
async fn counts_in(settings: Settings) {
    let settings = settings.or(Setting::Secret, SECRETS).or(Setting::InsecureHttp, "true");
    let mut visitor: Option<Visitor> = None;
    for (n, framework) in Framework::ALL.into_iter().enumerate() {
        let sessions = settings.open().await.unwrap_or_else(|error| panic!("{error}"));
        let server = framework.serve(&App::Main, &sessions).await;
        let mut next = visitor.map_or_else(|| server.visitor(), |visitor| visitor.at(&server));
        assert_eq!(next.visit("/count").await.body, (n + 1).to_string());
        visitor = Some(next);
    }
}

fn at(store: impl Into<String>) -> Settings {
    Settings::default().or(Setting::Store, store)
}

#[tokio::test]
async fn sqlite() {
    let folder = tempfile::tempdir().unwrap();
    counts_in(at(format!("sqlite:{}", folder.path().join("s.db").display()))).await;
}

#[tokio::test]
async fn postgres() {
    let table = format!("configured {}", std::process::id());
    counts_in(at(Postgres::shared().url()).or(Setting::StoreTable, table)).await;
}

#[tokio::test]
async fn redis() {
    let prefix = format!("configured{}:", std::process::id());
    counts_in(at(shared_redis()).or(Setting::StorePrefix, prefix)).await;
}

#[tokio::test]
async fn redis_cluster() {
    let hosts = shared_cluster().urls().join(",").replace("redis://", "");
    counts_in(at(format!("redis-cluster://{hosts}"))).await;
}

#[tokio::test]
async fn redis_sentinel() {
    let group = RedisSentinel::start().unwrap();
    let host = group.sentinel().url().replace("redis://", "");
    let host = host.trim_end_matches('/');
    counts_in(at(format!("redis-sentinel://{host}/{}", group.name()))).await;
}

#[tokio::test]
async fn cookie() {
    counts_in(at("cookie:").or(Setting::CookieSplit, "2")).await;
    counts_in(at("cookie:signed").or(Setting::CookieDenyList, shared_redis())).await;
}

#[tokio::test]
async fn a_store_that_cannot_be_reached_is_named_without_its_password() {
    let nobody = servers::free_port().unwrap();
    for scheme in ["redis", "postgres"] {
        let settings = at(format!("{scheme}://shop:hunter2@127.0.0.1:{nobody}/0"));
        let error = settings.or(Setting::Secret, SECRETS).open().await.unwrap_err();
        assert!(matches!(error, SettingsError::Store { .. }), "{error:?}");
        let shown = format!("{error} {error:?}");
        assert!(shown.contains(&format!("{scheme}://…@127.0.0.1:{nobody}")), "{shown}");
        assert!(!shown.contains("hunter2"), "{shown}");
    }
}
