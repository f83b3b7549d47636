//! Dead is dead: what was under way when the visitor signed out brings nothing back.

use axum::http::StatusCode;

use crate::support::{Site, Visitor};

on_every_store!(what_is_held_across_a_sign_out_brings_nothing_back);
on_every_store!(a_sign_out_that_is_held_wins_over_what_was_faster);
on_every_store!(of_two_sign_outs_both_end_signed_out);

const LATE: [&str; 5] = ["/set?k=late&v=1", "/update?", "/login?user=ann", "/renew?", "/read?"];

async fn what_is_held_across_a_sign_out_brings_nothing_back(site: Site) {
    for late in LATE {
        let mut visitor = signed_in(&site).await;
        let old = visitor.clone();
        let gate = site.gate("late", 1);
        let slow = site.turn(&old, 1);
        let slow = tokio::spawn(async move { slow.get(&format!("{late}&hold=late")).await });
        gate.arrived().await;
        let answer = visitor.visit("/logout").await;
        assert!(answer.set_cookie().unwrap().starts_with("session=; "), "the cookie is removed");
        gate.open().await;
        let answer = slow.await.unwrap();
        assert_eq!((answer.status, answer.set_cookie()), (StatusCode::OK, None), "{late}");
        for server in 0..2 {
            assert!(!site.turn(&old, server).is_alive().await, "the old cookie is dead: {late}");
        }
    }
}

async fn a_sign_out_that_is_held_wins_over_what_was_faster(site: Site) {
    for faster in LATE {
        let visitor = signed_in(&site).await;
        let gate = site.gate("end", 1);
        let end = site.turn(&visitor, 1);
        let end = tokio::spawn(async move { end.get("/logout?hold=end").await });
        gate.arrived().await;
        let mut fast = visitor.clone();
        fast.visit(faster).await;
        assert!(fast.is_alive().await, "{faster}");
        gate.open().await;
        let answer = end.await.unwrap();
        assert!(answer.set_cookie().unwrap().starts_with("session=; "), "{faster}");
        for server in 0..2 {
            assert!(!site.turn(&visitor, server).is_alive().await, "{faster}");
            assert!(!site.turn(&fast, server).is_alive().await, "also where it moved: {faster}");
        }
    }
}

async fn of_two_sign_outs_both_end_signed_out(site: Site) {
    let visitor = signed_in(&site).await;
    let gate = site.gate("end", 2);
    let ends: Vec<_> = (0..2)
        .map(|n| {
            let visitor = site.turn(&visitor, n);
            tokio::spawn(async move { visitor.get("/logout?hold=end").await })
        })
        .collect();
    gate.arrived().await;
    gate.open().await;
    let mut removals = 0;
    for end in ends {
        let answer = end.await.unwrap();
        assert_eq!(answer.status, StatusCode::OK);
        removals += usize::from(answer.set_cookie().is_some());
    }
    assert_eq!(removals, 1, "the one that ended the session removes the cookie");
    assert!(!visitor.is_alive().await);
}

async fn signed_in(site: &Site) -> Visitor {
    let mut visitor = site.visitor();
    visitor.visit("/write").await;
    visitor.visit("/login?user=ann").await;
    assert!(visitor.is_alive().await);
    visitor
}
