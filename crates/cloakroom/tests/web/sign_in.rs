//! A stale response never touches a newer cookie: requests with the old cookie that overlap a sign-in.

use axum::http::StatusCode;
use cloakroom::{Clock as _, FrozenClock, MemoryStore, Sessions, Timestamp};

use crate::apps::{App, Framework};
use crate::support::{Site, Visitor, secret};

on_every_store!(what_is_held_across_a_sign_in_leaves_the_new_cookie_alone);
on_every_store!(what_arrives_before_the_new_cookie_has_left_leaves_it_alone);
on_every_store!(what_is_saved_while_a_sign_in_is_held_is_in_the_new_session);
on_every_store!(of_two_sign_ins_at_once_one_gives_the_cookie);
on_every_framework!(the_old_cookie_is_dead_also_where_the_clock_is_behind);

const OLD: [&str; 4] = ["/read?", "/set?k=late&v=1", "/update?", "/renew?"];

async fn what_is_held_across_a_sign_in_leaves_the_new_cookie_alone(site: Site) {
    for path in OLD {
        let mut visitor = started(&site).await;
        let old = visitor.clone();
        let gate = site.gate("old", 1);
        let slow = site.turn(&old, 1);
        let slow = tokio::spawn(async move { slow.get(&format!("{path}&hold=old")).await });
        gate.arrived().await;
        assert!(visitor.visit("/login?user=ann").await.set_cookie().is_some());
        gate.open().await;
        let answer = slow.await.unwrap();
        assert_eq!((answer.status, answer.set_cookie()), (StatusCode::OK, None), "{path}");
        assert_signed_in(&site, &visitor, &old).await;
    }
}

/// The sign-in is saved and its answer on the way; the page of before asks for one thing more.
async fn what_arrives_before_the_new_cookie_has_left_leaves_it_alone(site: Site) {
    for path in OLD {
        let mut visitor = started(&site).await;
        let old = visitor.clone();
        let gate = site.gate("answer", 1);
        let sign_in = visitor.clone();
        let sign_in =
            tokio::spawn(async move { sign_in.get("/login?user=ann&linger=answer").await });
        gate.arrived().await;
        let late = site.turn(&old, 1).get(path).await;
        gate.open().await;
        visitor.receive(&sign_in.await.unwrap());
        // The browser may well be given the two answers in this order.
        visitor.receive(&late);
        assert_eq!(late.set_cookie(), None, "{path}");
        assert_signed_in(&site, &visitor, &old).await;
    }
}

async fn what_is_saved_while_a_sign_in_is_held_is_in_the_new_session(site: Site) {
    let mut visitor = started(&site).await;
    let gate = site.gate("in", 1);
    let sign_in = site.turn(&visitor, 1);
    let sign_in = tokio::spawn(async move { sign_in.get("/login?user=ann&hold=in").await });
    gate.arrived().await;
    visitor.visit("/set?k=cart&v=hat").await;
    visitor.visit("/update").await;
    gate.open().await;
    let old = visitor.clone();
    visitor.receive(&sign_in.await.unwrap());
    assert_signed_in(&site, &visitor, &old).await;
    let data = visitor.data().await;
    assert_eq!((&data["cart"], &data["n"]), (&"hat".into(), &2.into()));
}

async fn of_two_sign_ins_at_once_one_gives_the_cookie(site: Site) {
    let mut visitor = started(&site).await;
    let old = visitor.clone();
    let gate = site.gate("in", 2);
    let sign_ins: Vec<_> = (0..2)
        .map(|n| {
            let visitor = site.turn(&visitor, n);
            tokio::spawn(async move { visitor.get("/login?user=ann&hold=in").await })
        })
        .collect();
    gate.arrived().await;
    gate.open().await;
    let mut cookies = 0;
    for sign_in in sign_ins {
        let answer = sign_in.await.unwrap();
        assert_eq!(answer.status, StatusCode::OK);
        cookies += usize::from(answer.set_cookie().is_some());
        visitor.receive(&answer);
    }
    assert_eq!(cookies, 1);
    assert_signed_in(&site, &visitor, &old).await;
}

/// Clocks of two processes never agree to the millisecond, nor do two threads look at one at the same time.
async fn the_old_cookie_is_dead_also_where_the_clock_is_behind(framework: Framework) {
    let (store, clock) = (MemoryStore::new(), FrozenClock::default());
    let behind = FrozenClock::at(Timestamp::from_millis(clock.now().as_millis() - 1_000));
    let serve = async |clock: FrozenClock| {
        let sessions = Sessions::builder(store.clone()).secret(secret()).clock(clock);
        framework.serve(&App::Main, &sessions.build().unwrap()).await
    };
    let (here, there) = (serve(clock).await, serve(behind).await);
    let mut visitor = here.visitor();
    visitor.visit("/write").await;
    let old = visitor.clone();
    visitor.visit("/login?user=ann").await;
    for server in [&here, &there] {
        let with_new = visitor.at(server).get("/dump").await;
        assert_eq!(with_new.body, r#"{"n":1,"user":"ann"}"#);
        let with_old = old.at(server).get("/dump").await;
        assert_eq!(with_old.body, "{}");
    }
}

/// A visitor with something in the cart, not signed in.
async fn started(site: &Site) -> Visitor {
    let mut visitor = site.visitor();
    visitor.visit("/write").await;
    visitor
}

async fn assert_signed_in(site: &Site, visitor: &Visitor, old: &Visitor) {
    assert_ne!(visitor.cookie(), old.cookie());
    for server in 0..2 {
        let data = site.turn(visitor, server).data().await;
        assert_eq!(data["user"], "ann", "the new session lives and keeps its data: {data}");
        assert!(data["n"].is_i64(), "{data}");
        assert!(!site.turn(old, server).is_alive().await, "the old cookie is dead");
    }
}
