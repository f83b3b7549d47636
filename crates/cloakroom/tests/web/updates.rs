//! No update is lost: fifty requests of one visitor that all load the session before any of them saves.

use axum::http::StatusCode;
use futures_util::future::join_all;

use crate::support::{Answer, Site, Visitor};

on_every_store!(fifty_concurrent_sets_of_different_keys_are_all_kept);
on_every_store!(fifty_concurrent_updates_add_up_to_fifty);
on_every_store!(sets_and_updates_that_meet_do_not_disturb_each_other);

async fn fifty_concurrent_sets_of_different_keys_are_all_kept(site: Site) {
    let visitor = started(&site).await;
    together(&site, &visitor, |n| format!("/set?k=k{n}&v={n}&hold=all")).await;
    for server in 0..2 {
        let data = site.turn(&visitor, server).data().await;
        assert_eq!(data.as_object().unwrap().len(), 51);
        for n in 0..50 {
            assert_eq!(data[format!("k{n}")].as_str(), Some(&*n.to_string()), "{data}");
        }
    }
}

async fn fifty_concurrent_updates_add_up_to_fifty(site: Site) {
    let visitor = started(&site).await;
    together(&site, &visitor, |_| "/update?hold=all".to_owned()).await;
    for server in 0..2 {
        assert_eq!(site.turn(&visitor, server).get("/read").await.body, "51");
    }
}

async fn sets_and_updates_that_meet_do_not_disturb_each_other(site: Site) {
    let visitor = started(&site).await;
    let path = |n| match n % 2 {
        0 => format!("/set?k=k{n}&v={n}&hold=all"),
        _ => "/update?hold=all".to_owned(),
    };
    together(&site, &visitor, path).await;
    let data = visitor.data().await;
    assert_eq!(data["n"], 26);
    assert_eq!(data.as_object().unwrap().len(), 26);
}

/// A visitor whose session holds `n = 1`.
async fn started(site: &Site) -> Visitor {
    let mut visitor = site.visitor();
    visitor.visit("/write").await;
    visitor
}

/// Sends fifty requests, lets them go on when all have loaded, and shows that each was answered without a cookie.
async fn together(site: &Site, visitor: &Visitor, path: impl Fn(usize) -> String) {
    let gate = site.gate("all", 50);
    let requests = (0..50).map(|n| {
        let (visitor, path) = (site.turn(visitor, n), path(n));
        tokio::spawn(async move { visitor.get(&path).await })
    });
    let answers = join_all(requests.collect::<Vec<_>>());
    gate.arrived().await;
    gate.open().await;
    for answer in answers.await {
        let answer: Answer = answer.unwrap();
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
        assert_eq!(answer.set_cookie(), None);
    }
}
