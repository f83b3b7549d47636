//! Code without a request in its hand: it reaches the session of its own request, and of no other.

use axum::http::StatusCode;
use cloakroom::ambient;
use futures_util::future::join_all;

use crate::apps::App;
use crate::support::Site;

on_every_store!(helpers_without_a_request_use_its_session);
on_every_store!(requests_that_run_at_once_do_not_mix_up_their_sessions);

mod in_cookies {
    use super::*;

    on_every_cookie!(helpers_without_a_request_use_its_session);
    on_every_cookie!(requests_that_run_at_once_do_not_mix_up_their_sessions);
}

async fn helpers_without_a_request_use_its_session(site: Site) {
    let site = site.serving(App::Ambient).await;
    let mut visitor = site.visitor();
    visitor.visit("/in?user=ann").await;
    assert_eq!(visitor.visit("/who").await.body, "hello ann1");
    assert_eq!(visitor.visit("/spawned").await.body, "ann1");
    let _loads = site.gauge.take();
    let unloaded = visitor.visit("/unloaded").await;
    assert!(unloaded.body.contains("ambient::load()"), "{}", unloaded.body);
    let outside = visitor.visit("/outside").await;
    assert!(outside.body.contains("SessionLayer::new(sessions).ambient()"), "{}", outside.body);
    assert_eq!(site.gauge.take(), (0, 0), "who loads nothing asks nothing");
    assert_eq!(ambient::session().unwrap_err().kind(), cloakroom::ErrorKind::Ambient);
}

async fn requests_that_run_at_once_do_not_mix_up_their_sessions(site: Site) {
    let site = site.serving(App::Ambient).await;
    let mut visitors = Vec::new();
    for n in 0..20 {
        let mut visitor = site.turn(&site.visitor(), n);
        visitor.visit(&format!("/in?user=user{n}.")).await;
        visitors.push(visitor);
    }
    let gate = site.gate("all", 20);
    let requests = visitors
        .into_iter()
        .map(|visitor| tokio::spawn(async move { visitor.get("/who?hold=all").await }));
    let answers = join_all(requests.collect::<Vec<_>>());
    gate.arrived().await;
    gate.open().await;
    for (n, answer) in answers.await.into_iter().enumerate() {
        let answer = answer.unwrap();
        let expected = (StatusCode::OK, format!("hello user{n}.1"));
        assert_eq!((answer.status, answer.body), expected);
    }
}
