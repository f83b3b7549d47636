//! What observers are told, over every store.

use cloakroom::{StoreOperation, UserId};

use crate::support::Site;

on_every_store!(a_life_is_told_from_its_beginning_to_its_end);
on_every_store!(who_is_overtaken_is_told_with_what_was_made_again);
on_every_store!(what_is_ended_from_elsewhere_is_told_as_revoked);
on_every_store!(calls_to_the_store_are_told_when_they_are_answered);

async fn a_life_is_told_from_its_beginning_to_its_end(site: Site) {
    let mut visitor = site.visitor();
    visitor.visit("/plain").await;
    visitor.visit("/read").await;
    assert_eq!(site.tape.events(), [""; 0], "who only looks is nobody");
    visitor.visit("/update").await;
    assert_eq!(site.tape.events(), ["created"]);
    let before = visitor.clone();
    visitor.visit("/sign-in?user=ann").await;
    assert_eq!(site.tape.events(), ["renewed asked ann", "signed_in ann"]);
    before.get("/read").await;
    assert_eq!(site.tape.events(), ["refused renewed"]);
    visitor.visit("/renew").await;
    assert_eq!(site.tape.events(), ["renewed asked ann"]);
    let before = visitor.clone();
    visitor.visit("/sign-out").await;
    assert_eq!(site.tape.events(), ["destroyed ann"]);
    before.get("/read").await;
    assert_eq!(site.tape.events(), ["refused unknown"]);
    let forged = "session=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA".parse().unwrap();
    visitor.send("/read", &[forged]).await.unwrap();
    assert_eq!(site.tape.events(), ["refused forged"]);
    site.visitor().visit("/sign-in?user=bob").await;
    assert_eq!(site.tape.events(), ["created bob", "signed_in bob"]);
    visitor.visit("/broken").await;
    assert_eq!(site.tape.events(), [""; 0], "what was not saved has not happened");
}

async fn who_is_overtaken_is_told_with_what_was_made_again(site: Site) {
    let mut visitor = site.visitor();
    visitor.visit("/update").await;
    let gate = site.gate("gate", 1);
    let slow = visitor.clone();
    let slow = tokio::spawn(async move { slow.get("/update?hold=gate").await });
    gate.arrived().await;
    site.turn(&visitor, 1).visit("/update").await;
    site.tape.events();
    gate.open().await;
    assert_eq!(slow.await.unwrap().body, "done");
    assert_eq!(site.tape.events(), ["overtaken 1"]);
}

async fn what_is_ended_from_elsewhere_is_told_as_revoked(site: Site) {
    for n in 0..3 {
        site.turn(&site.visitor(), n).visit("/sign-in?user=ann").await;
    }
    site.tape.events();
    let ann = UserId::new("ann").unwrap();
    site.sessions.keep_newest(&ann, 2).await.unwrap();
    assert_eq!(site.tape.events(), ["revoked ann"]);
    site.sessions.revoke_all(&ann).await.unwrap();
    assert_eq!(site.tape.events(), ["revoked ann", "revoked ann"]);
}

async fn calls_to_the_store_are_told_when_they_are_answered(site: Site) {
    let mut visitor = site.visitor();
    visitor.visit("/update").await;
    visitor.visit("/read").await;
    let calls = site.tape.calls();
    let operations: Vec<_> = calls.iter().map(|call| (call.operation, call.batch)).collect();
    assert_eq!(operations, [(StoreOperation::Write, 1), (StoreOperation::Load, 1)]);
    assert!(calls.iter().all(|call| !call.failed));
    site.gauge.fail(true);
    assert_eq!(visitor.get("/read").await.status, 503);
    site.gauge.fail(false);
    assert!(site.tape.calls().iter().any(|call| call.failed));
    assert_eq!(site.tape.events(), ["created"]);
}
