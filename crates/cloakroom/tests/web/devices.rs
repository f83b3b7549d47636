//! Where a user is signed in: seen from the outside, and ended from elsewhere.

use std::sync::Arc;

use axum::body::Body;
use axum::http::{Request, StatusCode};
use cloakroom::{ForwardingHeader, OnTooMany, SessionsBuilder, TrustedProxies, UserId};

use crate::apps::App;
use crate::support::{Site, Visitor};

on_every_store!(a_users_sessions_are_listed_with_address_and_browser);
on_every_store!(who_signs_out_everywhere_else_stays);
on_every_store!(of_ten_sign_ins_at_once_the_three_newest_stay);
on_every_store!(ten_sign_ins_at_once_leave_three_where_the_oldest_ends);
on_every_store!(ten_sign_ins_at_once_leave_three_where_more_are_refused);
on_every_store!(who_is_refused_keeps_what_they_had_and_may_come_later);
on_every_store!(what_a_stranger_says_about_its_address_changes_nothing);

fn ann() -> UserId {
    UserId::new("ann").unwrap()
}

async fn a_users_sessions_are_listed_with_address_and_browser(site: Site) {
    let mut phone = site.visitor().with_agent("Phone/1.0");
    let mut desk = site.turn(&site.visitor(), 1).with_agent("Desk/2.0");
    for visitor in [&mut phone, &mut desk] {
        visitor.visit("/sign-in?user=ann").await;
        visitor.visit("/update").await;
    }
    let list = site.sessions.of_user(&ann()).await.unwrap();
    let mut agents: Vec<_> = list.iter().filter_map(|info| info.user_agent.as_deref()).collect();
    agents.sort_unstable();
    assert_eq!(agents, ["Desk/2.0", "Phone/1.0"]);
    for info in &list {
        assert!(info.address.is_some_and(|address| address.is_loopback()), "{info:?}");
        assert_eq!(info.user, Some(ann()));
    }
    let of_phone = list.iter().find(|info| info.user_agent.as_deref() == Some("Phone/1.0"));
    assert!(site.sessions.revoke(of_phone.unwrap().id).await.unwrap());
    assert_eq!(phone.visit("/who").await.body, "nobody");
    assert_eq!(desk.visit("/who").await.body, "ann");
}

async fn who_signs_out_everywhere_else_stays(site: Site) {
    let mut visitors = Vec::new();
    for n in 0..4 {
        let mut visitor = site.turn(&site.visitor(), n);
        visitor.visit("/sign-in?user=ann").await;
        visitors.push(visitor);
    }
    let mut bob = site.visitor();
    bob.visit("/sign-in?user=bob").await;
    let agent = visitors.remove(2).with_agent("the one that stays");
    let mut stays = agent;
    stays.visit("/sign-in?user=ann").await;
    let list = site.sessions.of_user(&ann()).await.unwrap();
    let here = list.iter().find(|info| info.user_agent.is_some()).unwrap().id;
    assert_eq!(site.sessions.revoke_others(&ann(), here).await.unwrap(), 3);
    assert_eq!(stays.visit("/who").await.body, "ann");
    for visitor in &mut visitors {
        assert_eq!(visitor.visit("/who").await.body, "nobody");
    }
    assert_eq!(bob.visit("/who").await.body, "bob");
}

async fn of_ten_sign_ins_at_once_the_three_newest_stay(site: Site) {
    let tasks = (0..10).map(|n| {
        let mut visitor = site.turn(&site.visitor(), n);
        let sessions = site.sessions.clone();
        tokio::spawn(async move {
            visitor.visit("/sign-in?user=ann").await;
            sessions.keep_newest(&ann(), 3).await.unwrap();
            visitor
        })
    });
    let mut visitors = Vec::new();
    for task in tasks.collect::<Vec<_>>() {
        visitors.push(task.await.unwrap());
    }
    let mut signed_in = 0;
    for visitor in &mut visitors {
        signed_in += usize::from(visitor.visit("/who").await.body == "ann");
    }
    assert_eq!(signed_in, 3);
    assert_eq!(site.sessions.of_user(&ann()).await.unwrap().len(), 3);
}

/// Ten visitors who sign in at once, each with a cart; returns them with what they were told.
async fn ten_at_once(site: &Site, path: &'static str) -> Vec<(Visitor, String)> {
    let mut visitors = Vec::new();
    for n in 0..10 {
        let mut visitor = site.turn(&site.visitor(), n);
        visitor.visit("/set?k=cart&v=hat").await;
        visitors.push(visitor);
    }
    // Only when all are there they go.
    let start = Arc::new(tokio::sync::Barrier::new(visitors.len()));
    let tasks: Vec<_> = visitors
        .into_iter()
        .map(|mut visitor| {
            let start = start.clone();
            tokio::spawn(async move {
                start.wait().await;
                let answer = visitor.visit(path).await;
                (visitor, answer.body)
            })
        })
        .collect();
    let mut all = Vec::new();
    for task in tasks {
        all.push(task.await.unwrap());
    }
    all
}

async fn ten_sign_ins_at_once_leave_three_where_the_oldest_ends(site: Site) {
    let limit = |builder: SessionsBuilder| builder.max_sessions_per_user(3, OnTooMany::EndOldest);
    let site = site.serving_with(App::Main, limit).await;
    for path in ["/sign-in?user=ann", "/sign-in-now?user=ann"] {
        let mut signed_in = 0;
        for (mut visitor, _) in ten_at_once(&site, path).await {
            signed_in += usize::from(visitor.visit("/whose").await.body == "ann 1");
        }
        assert_eq!(signed_in, 3);
        assert_eq!(site.sessions.of_user(&ann()).await.unwrap().len(), 3);
    }
    // The newest is in; another user is another matter.
    let mut visitor = site.visitor();
    visitor.visit("/sign-in?user=ann").await;
    site.visitor().visit("/sign-in?user=bob").await;
    assert_eq!(visitor.visit("/whose").await.body, "ann 0");
    // Who signs in again has no session more.
    let before = site.sessions.of_user(&ann()).await.unwrap();
    visitor.visit("/sign-in?user=ann").await;
    let after = site.sessions.of_user(&ann()).await.unwrap();
    assert_eq!((before.len(), after.len()), (3, 3));
    assert_eq!(before[1..], after[1..]);
}

async fn ten_sign_ins_at_once_leave_three_where_more_are_refused(site: Site) {
    let limit = |builder: SessionsBuilder| builder.max_sessions_per_user(3, OnTooMany::Refuse);
    let site = site.serving_with(App::Main, limit).await;
    let (mut signed_in, mut told) = (0, 0);
    for (mut visitor, said) in ten_at_once(&site, "/sign-in-now?user=ann").await {
        let who = visitor.visit("/whose").await.body;
        let expected = if said == "SignedIn true" { "ann 1" } else { "nobody 1" };
        assert_eq!(who, expected, "what was told is so, and the cart is there: {said}");
        told += usize::from(said == "TooManySessions false");
        signed_in += usize::from(who == "ann 1");
    }
    assert_eq!((signed_in, told), (3, 7));
    assert_eq!(site.sessions.of_user(&ann()).await.unwrap().len(), 3);
}

async fn who_is_refused_keeps_what_they_had_and_may_come_later(site: Site) {
    let limit = |builder: SessionsBuilder| builder.max_sessions_per_user(1, OnTooMany::Refuse);
    let site = site.serving_with(App::Main, limit).await;
    let (mut first, mut second) = (site.visitor(), site.turn(&site.visitor(), 1));
    assert_eq!(first.visit("/sign-in-now?user=ann").await.status, StatusCode::OK);
    assert_eq!(first.visit("/sign-in-now?user=ann").await.status, StatusCode::OK, "once more");
    second.visit("/set?k=cart&v=hat").await;
    let before = second.cookie().unwrap().to_owned();
    let refused = second.visit("/sign-in-now?user=ann").await;
    assert_eq!((refused.status, refused.set_cookie()), (StatusCode::CONFLICT, None));
    assert_eq!(second.visit("/whose").await.body, "nobody 1");
    assert_eq!(second.cookie(), Some(&*before));
    assert_eq!(second.visit("/sign-in-now?user=bob").await.status, StatusCode::OK);
    first.visit("/sign-out").await;
    assert_eq!(second.visit("/sign-in-now?user=ann").await.status, StatusCode::OK);
    // A sign-in that nobody could be told about is a mistake that shows.
    assert_eq!(first.visit("/sign-in?user=ann").await.status, StatusCode::INTERNAL_SERVER_ERROR);
}

async fn what_a_stranger_says_about_its_address_changes_nothing(site: Site) {
    let mut site = site;
    let said = [
        ("x-forwarded-for", "192.0.2.66, 198.51.100.1"),
        ("forwarded", "for=192.0.2.66, for=198.51.100.2"),
        ("x-real-ip", "192.0.2.66"),
    ];
    for (trusted, header, expected) in [
        ("10.0.0.0/8", ForwardingHeader::XForwardedFor, "127.0.0.1"),
        ("10.0.0.0/8", ForwardingHeader::Forwarded, "127.0.0.1"),
        ("127.0.0.0/8", ForwardingHeader::XForwardedFor, "198.51.100.1"),
        ("127.0.0.0/8", ForwardingHeader::Forwarded, "198.51.100.2"),
    ] {
        let proxies = TrustedProxies::new([trusted]).unwrap().header(header);
        site = site.serving(App::Behind(proxies)).await;
        let mut request = Request::get("/sign-in?user=ann");
        for (name, value) in said {
            request = request.header(name, value);
        }
        site.visitor().ask(request.body(Body::empty()).unwrap()).await;
        let list = site.sessions.of_user(&ann()).await.unwrap();
        assert_eq!(list[0].address, Some(expected.parse().unwrap()), "{trusted} {header:?}");
        assert_eq!(site.sessions.revoke_all(&ann()).await.unwrap(), 1);
    }
}
