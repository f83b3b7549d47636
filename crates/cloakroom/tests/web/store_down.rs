//! A store that is down is not an empty session: clear answers, nothing lost, well again by itself.

use axum::http::StatusCode;
use cloakroom::{MemoryStore, OnStoreError, Sessions};

use crate::apps::{App, Framework};
use crate::support::{Answer, Site, secret};

on_every_store!(a_store_that_is_down_is_a_503_and_well_again_by_itself);
on_every_store!(a_store_that_goes_down_under_a_request_is_a_503_too);
on_every_store!(a_sign_out_that_could_not_be_saved_does_not_pretend);
on_every_framework!(the_policy_read_only_anonymous_shows_pages_and_refuses_changes);

#[track_caller]
fn assert_busy(answer: &Answer) {
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE, "{}", answer.body);
    assert_eq!(answer.header("retry-after"), "5");
    assert_eq!(answer.set_cookie(), None);
    assert!(!answer.body.contains("as the test wanted"), "the cause is not the visitor's business");
}

async fn a_store_that_is_down_is_a_503_and_well_again_by_itself(site: Site) {
    let mut visitor = site.visitor();
    visitor.visit("/login?user=ann").await;
    site.gauge.fail(true);
    for path in ["/read", "/write", "/dump", "/logout", "/heard"] {
        let answer = visitor.visit(path).await;
        assert_busy(&answer);
        assert_eq!(answer.body, "The service is busy. Please try again.\n", "from the extractor");
    }
    assert_eq!(visitor.visit("/plain").await.status, StatusCode::OK, "works without the store");
    assert_eq!(site.visitor().visit("/read").await.status, StatusCode::OK, "nothing to look up");
    site.gauge.fail(false);
    assert_eq!(visitor.data().await, serde_json::json!({ "user": "ann" }));
    assert_eq!(visitor.visit("/write").await.status, StatusCode::OK);
}

async fn a_store_that_goes_down_under_a_request_is_a_503_too(site: Site) {
    let mut visitor = site.visitor();
    visitor.visit("/login?user=ann").await;
    for path in ["/set?k=a&v=1&hold=down", "/update?hold=down", "/renew?hold=down"] {
        let gate = site.gate("down", 1);
        let request = visitor.clone();
        let request = tokio::spawn(async move { request.get(path).await });
        gate.arrived().await;
        site.gauge.fail(true);
        gate.open().await;
        let answer = request.await.unwrap();
        assert_busy(&answer);
        assert_eq!(answer.body, "", "not the page, which would promise what did not happen");
        site.gauge.fail(false);
        assert_eq!(visitor.data().await, serde_json::json!({ "user": "ann" }), "{path}");
    }
    site.gauge.fail(true);
    assert_busy(&site.visitor().visit("/write").await);
    site.gauge.fail(false);
    assert!(site.visitor().visit("/write").await.set_cookie().is_some());
}

async fn a_sign_out_that_could_not_be_saved_does_not_pretend(site: Site) {
    let mut visitor = site.visitor();
    visitor.visit("/login?user=ann").await;
    let gate = site.gate("down", 1);
    let request = visitor.clone();
    let request = tokio::spawn(async move { request.get("/logout?hold=down").await });
    gate.arrived().await;
    site.gauge.fail(true);
    gate.open().await;
    assert_busy(&request.await.unwrap());
    site.gauge.fail(false);
    visitor.visit("/logout").await;
    assert!(!visitor.is_alive().await);
}

async fn the_policy_read_only_anonymous_shows_pages_and_refuses_changes(framework: Framework) {
    let gauge = cloakroom::conformance::Gauge::default();
    let sessions = Sessions::builder(gauge.measure(MemoryStore::new())).secret(secret());
    let sessions = sessions.on_store_error(OnStoreError::ReadOnlyAnonymous).build().unwrap();
    let mut visitor = framework.serve(&App::Main, &sessions).await.visitor();
    visitor.visit("/login?user=ann").await;
    gauge.fail(true);
    let page = visitor.visit("/dump").await;
    assert_eq!((page.status, page.body.as_str()), (StatusCode::OK, "{}"));
    assert_eq!((page.set_cookie(), page.header("vary").as_str()), (None, "cookie"));
    for path in ["/write", "/update", "/renew", "/logout", "/say?v=x"] {
        assert_busy(&visitor.visit(path).await);
    }
    gauge.fail(false);
    assert_eq!(visitor.data().await, serde_json::json!({ "user": "ann" }));
}
