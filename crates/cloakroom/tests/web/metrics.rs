//! Metrics: what the table in the documentation tells is what comes.
//!
//! A router of axum is asked directly, because the recorder listens to one thread alone.

use std::collections::{BTreeMap, BTreeSet};

use axum::Router;
use axum::routing::get;
use cloakroom::axum::{Error, Session, SessionLayer};
use cloakroom::metrics::Metrics;
use cloakroom::{MemoryStore, Sessions, UserId};
use metrics_util::MetricKind;
use metrics_util::debugging::{DebugValue, DebuggingRecorder, Snapshotter};

use crate::support::{Visitor, secret};

async fn sign_in(session: Session) -> Result<(), Error> {
    session.sign_in("ann")?;
    Ok(())
}

async fn count(session: Session) -> Result<(), Error> {
    session.increment("n", 1)?;
    Ok(())
}

/// Changes the session, and lets another request be faster.
async fn late(session: Session) -> Result<(), Error> {
    session.increment("n", 1)?;
    session.push("list", &1)?;
    let faster = session.detach()?;
    faster.increment("n", 1)?;
    let _ = faster.save().await?;
    Ok(())
}

struct Row {
    kind: MetricKind,
    unit: Option<String>,
    labels: BTreeSet<String>,
}

fn table() -> BTreeMap<String, Row> {
    let rows = include_str!("../../src/metrics/table.md").lines().skip(2);
    let names = |cell: &str| cell.split('`').skip(1).step_by(2).map(str::to_owned).collect();
    rows.map(|row| {
        let cells: Vec<_> = row.split('|').map(str::trim).collect();
        let kind = match cells[2] {
            "counter" => MetricKind::Counter,
            "histogram" => MetricKind::Histogram,
            other => panic!("{other}"),
        };
        let unit = (cells[3] == "seconds").then(|| "seconds".to_owned());
        (cells[1].trim_matches('`').to_owned(), Row { kind, unit, labels: names(cells[4]) })
    })
    .collect()
}

/// Sums of what was counted, by name and labels.
fn counted(snapshotter: &Snapshotter) -> BTreeMap<String, u64> {
    let table = table();
    let mut counted = BTreeMap::new();
    let mut seen = BTreeSet::new();
    for (key, unit, description, value) in snapshotter.snapshot().into_vec() {
        let (kind, key) = key.into_parts();
        let row = table.get(key.name()).unwrap_or_else(|| panic!("{} is not told", key.name()));
        assert_eq!(kind, row.kind, "{key}");
        assert!(description.is_some(), "{key}");
        if let Some(wanted) = &row.unit {
            assert_eq!(unit.unwrap().as_str(), wanted, "{key}");
        }
        seen.insert(key.name().to_owned());
        let mut name = key.name().to_owned();
        for label in key.labels() {
            assert!(row.labels.contains(label.key()), "{key}");
            name += &format!(" {}={}", label.key(), label.value());
        }
        let value = match value {
            DebugValue::Counter(count) => count,
            DebugValue::Histogram(values) => values.len() as u64,
            DebugValue::Gauge(_) => panic!("{key}"),
        };
        counted.insert(name, value);
    }
    assert_eq!(seen, table.into_keys().collect(), "each metric of the table was seen");
    counted
}

#[tokio::test]
async fn the_table_tells_what_is_counted() {
    let recorder = DebuggingRecorder::new();
    let snapshotter = recorder.snapshotter();
    let _guard = metrics::set_default_local_recorder(&recorder);
    let builder = Sessions::builder(MemoryStore::new()).secret(secret()).insecure_http();
    let sessions = builder.observer(Metrics::new()).build().unwrap();
    let router = Router::new()
        .route("/sign-in", get(sign_in))
        .route("/count", get(count))
        .route("/late", get(late))
        .layer(SessionLayer::new(sessions.clone()));
    let mut visitor = Visitor::of(&router);
    visitor.visit("/count").await;
    let before = visitor.clone();
    visitor.visit("/sign-in").await;
    before.get("/count").await;
    assert_eq!(visitor.visit("/late").await.status, 200);
    sessions.revoke_all(&UserId::new("ann").unwrap()).await.unwrap();
    sessions.sweep().await.unwrap();
    let counted = counted(&snapshotter);
    for (name, count) in [
        ("cloakroom_events_total event=created", 1),
        ("cloakroom_events_total event=renewed cause=asked", 1),
        ("cloakroom_events_total event=signed_in", 1),
        ("cloakroom_events_total event=refused reason=renewed", 1),
        ("cloakroom_events_total event=overtaken", 1),
        ("cloakroom_events_total event=revoked", 1),
        ("cloakroom_conflicts_total", 1),
        ("cloakroom_replays_total", 2),
        ("cloakroom_store_seconds operation=list result=ok", 1),
        ("cloakroom_store_seconds operation=sweep result=ok", 1),
    ] {
        assert_eq!(counted.get(name), Some(&count), "{name}: {counted:#?}");
    }
    let calls = |name: &str| counted.get(&format!("cloakroom_store_{name}")).copied();
    assert_eq!(calls("seconds operation=load result=ok"), calls("batch operation=load"));
    assert!(calls("seconds operation=write result=ok").unwrap() >= 5);
}
