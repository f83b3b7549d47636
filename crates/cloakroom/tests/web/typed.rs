//! A struct as the session's schema: requests that meet change its fields without disturbing each other.

use axum::http::StatusCode;
use futures_util::future::join_all;

use crate::support::Site;

on_every_store!(requests_that_change_different_fields_all_win);
on_every_store!(fifty_changes_of_one_field_add_up);

mod in_cookies {
    use super::*;

    on_every_cookie!(one_after_the_other_the_fields_are_there);
}

/// In a cookie, where the last of two that meet wins.
async fn one_after_the_other_the_fields_are_there(site: Site) {
    let mut visitor = site.visitor();
    visitor.visit("/set?k=other&v=kept").await;
    for path in ["/typed/save?theme=dark", "/typed/save?item=hat", "/typed/modify"] {
        assert_eq!(visitor.visit(path).await.status, StatusCode::OK);
    }
    let all = serde_json::json!({ "cart": ["hat"], "n": 1, "other": "kept", "theme": "dark" });
    assert_eq!(visitor.data().await, all);
}

async fn requests_that_change_different_fields_all_win(site: Site) {
    let mut visitor = site.visitor();
    visitor.visit("/set?k=other&v=kept").await;
    let gate = site.gate("all", 3);
    let paths = ["/typed/save?theme=dark", "/typed/save?item=hat", "/typed/modify?"];
    let requests = paths.iter().enumerate().map(|(n, path)| {
        let (visitor, path) = (site.turn(&visitor, n), format!("{path}&hold=all"));
        tokio::spawn(async move { visitor.get(&path).await })
    });
    let answers = join_all(requests.collect::<Vec<_>>());
    gate.arrived().await;
    gate.open().await;
    for answer in answers.await {
        assert_eq!(answer.unwrap().status, StatusCode::OK);
    }
    let all = serde_json::json!({ "cart": ["hat"], "n": 1, "other": "kept", "theme": "dark" });
    assert_eq!(visitor.data().await, all);
    let (_, writes) = site.gauge.take();
    assert!(writes >= 4, "{writes}");
    site.turn(&visitor, 1).get("/typed/save?theme=dark").await;
    assert_eq!(site.gauge.take(), (1, 0), "what is there already is not written");
}

async fn fifty_changes_of_one_field_add_up(site: Site) {
    let mut visitor = site.visitor();
    visitor.visit("/typed/modify").await;
    let gate = site.gate("all", 50);
    let requests = (0..50).map(|n| {
        let visitor = site.turn(&visitor, n);
        tokio::spawn(async move { visitor.get("/typed/modify?hold=all").await })
    });
    let answers = join_all(requests.collect::<Vec<_>>());
    gate.arrived().await;
    gate.open().await;
    for answer in answers.await {
        assert_eq!(answer.unwrap().status, StatusCode::OK);
    }
    assert_eq!(visitor.data().await, serde_json::json!({ "n": 51 }));
}
