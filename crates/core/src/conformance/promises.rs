//! The promises, one request after another.

use std::time::Duration;

use http::StatusCode;

use super::Browser;
use super::{House, Proof};
use crate::{ErrorKind, Lifetime, Saved, Session, Sessions};

const MINUTE: Duration = Duration::from_secs(60);
const DAY: Duration = Duration::from_secs(86_400);

pub(super) fn proofs(house: &House) -> Vec<Proof> {
    let house = || house.clone();
    vec![
        Proof::new("data lives on, in this process and the next", lives_on(house())),
        Proof::new("you pay for what you use", pay_for_use(house())),
        Proof::new("a visitor who only looks leaves nothing", looking(house())),
        Proof::new("nobody chooses an id but us", forged(house())),
        Proof::new(
            "a token whose session is gone starts over under a new id",
            starts_over(house()),
        ),
        Proof::new("renewal moves the session and ends the old token", renewal(house())),
        Proof::new("flash shows once", flash(house())),
        Proof::new("idleness ends a session to the millisecond", idle(house())),
        Proof::new("activity does not move the absolute deadline", absolute(house())),
        Proof::new("a session can have limits of its own", own_lifetime(house())),
        Proof::new("an error is not half a change", server_error(house())),
        Proof::new("a store that is down is not an empty session", down(house())),
        Proof::new("work can outlive the response", detached(house())),
    ]
}

async fn set(browser: &mut Browser, key: &'static str, value: u32) {
    browser.visit(|session| session.set(key, &value)).await.expect("saved").expect("set");
}

async fn get(browser: &mut Browser, key: &'static str) -> Option<u32> {
    browser.visit(|session| session.get(key)).await.expect("loaded").expect("a number")
}

async fn lives_on(house: House) {
    let mut browser = house.browser();
    set(&mut browser, "n", 7).await;
    set(&mut browser, "m", 8).await;
    let mut there = browser.at(&house.there);
    assert_eq!((get(&mut there, "n").await, get(&mut there, "m").await), (Some(7), Some(8)));
}

async fn pay_for_use(house: House) {
    let mut browser = house.browser();
    let cost = || house.gauge.take();
    let _ = cost();
    set(&mut browser, "n", 1).await;
    assert_eq!(cost(), (0, 1), "a first write is one call");
    let _ = browser.pending().finish(StatusCode::OK);
    assert_eq!(cost(), (0, 0), "unused is free");
    assert_eq!(get(&mut browser, "n").await, Some(1));
    assert_eq!(cost(), (1, 0), "a read is one call");
    set(&mut browser, "n", 2).await;
    assert_eq!(cost(), (1, 1), "a read and a write are two calls");
    set(&mut browser, "n", 2).await;
    assert_eq!(cost(), (1, 0), "setting what is there is no change");
    browser
        .visit(|session| session.renew().and_then(|()| session.set("n", &3)))
        .await
        .unwrap()
        .unwrap();
    assert_eq!(cost(), (1, 1), "renewal is in the same call");
    house.clock.advance(13 * MINUTE);
    assert_eq!(get(&mut browser, "n").await, Some(3));
    assert_eq!(cost(), (1, 1), "after a tenth of the idle time activity is written down");
    assert_eq!(get(&mut browser, "n").await, Some(3));
    assert_eq!(cost(), (1, 0), "and then no more");
    house.clock.advance(13 * MINUTE);
    set(&mut browser, "n", 4).await;
    assert_eq!(cost(), (1, 1), "or it goes along with a write");
    browser.visit(Session::destroy).await.unwrap().unwrap();
    assert_eq!(cost(), (1, 1), "an end is one call");
    assert_eq!(browser.cookie(), None);
}

async fn looking(house: House) {
    let mut browser = house.browser();
    let _ = house.gauge.take();
    for _ in 0..10 {
        assert_eq!(get(&mut browser, "n").await, None);
        browser.visit(Session::renew).await.unwrap().unwrap();
    }
    assert_eq!((house.gauge.take(), browser.cookie()), ((0, 0), None));
}

async fn forged(house: House) {
    let mut victim = house.browser();
    set(&mut victim, "n", 1).await;
    let real = victim.cookie().expect("signed").to_owned();
    let id = victim.visit(Session::id).await.unwrap().expect("saved");
    let _ = house.gauge.take();
    let upper = real.to_uppercase();
    let (head, tail) = (format!("{real}A"), &real[..43]);
    let id = id.to_string();
    for forged in ["", "x", &id, &upper, &head, tail, &"A".repeat(44), &"é".repeat(22)] {
        let mut browser = house.browser();
        browser.set_cookie(forged);
        let response = browser.begin().await.unwrap().end(StatusCode::OK).await.unwrap();
        assert_eq!(response.cookie(&house.here), None, "an unchanged request sends no cookie");
        assert_eq!(house.gauge.take(), (0, 0), "a forged token is never looked up");
        set(&mut browser, "mine", 2).await;
        assert_ne!(browser.cookie(), Some(forged), "a forged token is never adopted");
        assert_eq!(house.gauge.take(), (0, 1));
    }
    assert_eq!(get(&mut victim, "n").await, Some(1));
}

async fn starts_over(house: House) {
    let mut browser = house.browser();
    set(&mut browser, "n", 1).await;
    let old = browser.cookie().expect("signed").to_owned();
    browser.clone().visit(Session::destroy).await.unwrap().unwrap();
    let response = browser.begin().await.unwrap().end(StatusCode::OK).await.unwrap();
    assert_eq!(
        response.cookie(&house.here),
        None,
        "a request that changed nothing sends no cookie"
    );
    assert_eq!(get(&mut browser, "n").await, None);
    set(&mut browser, "n", 2).await;
    assert_ne!(browser.cookie(), Some(&*old));
    let mut replay = house.browser();
    replay.set_cookie(old);
    assert_eq!(get(&mut replay, "n").await, None);
}

async fn renewal(house: House) {
    let mut browser = house.browser();
    set(&mut browser, "n", 1).await;
    let mut old = browser.clone();
    browser.visit(Session::renew).await.unwrap().unwrap();
    assert_ne!(browser.cookie(), old.cookie());
    assert_eq!(get(&mut browser, "n").await, Some(1));
    assert_eq!(get(&mut old, "n").await, None, "the old token ends at once");
    set(&mut old, "n", 5).await;
    assert_eq!(get(&mut browser, "n").await, Some(1));
}

async fn flash(house: House) {
    let mut browser = house.browser();
    let flashed = async |browser: &mut Browser| -> Option<String> {
        browser.visit(|session| session.flashed("ok")).await.unwrap().unwrap()
    };
    browser.visit(|session| session.flash("ok", "saved")).await.unwrap().unwrap();
    assert_eq!(flashed(&mut browser).await.as_deref(), Some("saved"));
    assert_eq!(flashed(&mut browser).await, None);
    browser.visit(|session| session.flash("ok", "again")).await.unwrap().unwrap();
    browser.visit(Session::keep_flash).await.unwrap().unwrap();
    assert_eq!(flashed(&mut browser).await.as_deref(), Some("again"));
    assert_eq!(flashed(&mut browser).await, None);
}

async fn idle(house: House) {
    let mut browser = house.browser();
    set(&mut browser, "n", 1).await;
    house.clock.advance(120 * MINUTE - Duration::from_millis(1));
    assert_eq!(get(&mut browser, "n").await, Some(1));
    house.clock.advance(120 * MINUTE);
    assert_eq!(get(&mut browser, "n").await, None, "the browser kept the cookie and gains nothing");
    assert!(browser.cookie().is_some(), "nothing changed, so the cookie is left alone");
}

async fn absolute(house: House) {
    let mut browser = house.browser();
    set(&mut browser, "n", 1).await;
    for _ in 0..(30 * 24 - 1) {
        house.clock.advance(60 * MINUTE);
        assert_eq!(get(&mut browser, "n").await, Some(1));
    }
    browser.visit(Session::renew).await.unwrap().unwrap();
    house.clock.advance(60 * MINUTE - Duration::from_millis(1));
    assert_eq!(get(&mut browser, "n").await, Some(1));
    house.clock.advance(Duration::from_millis(1));
    assert_eq!(get(&mut browser, "n").await, None);
}

async fn own_lifetime(house: House) {
    let mut browser = house.browser();
    let lifetime = Lifetime { idle: Some(10 * DAY), absolute: Some(20 * DAY) };
    let visit = browser.visit(|session| {
        session.set("n", &1)?;
        session.set_lifetime(lifetime)
    });
    visit.await.unwrap().unwrap();
    house.clock.advance(9 * DAY);
    assert_eq!(get(&mut browser.at(&house.there), "n").await, Some(1));
    house.clock.advance(9 * DAY);
    assert_eq!(get(&mut browser, "n").await, Some(1));
    house.clock.advance(2 * DAY);
    assert_eq!(get(&mut browser, "n").await, None);
}

async fn server_error(house: House) {
    let mut browser = house.browser();
    set(&mut browser, "n", 1).await;
    let visit = browser.begin().await.unwrap();
    visit.session().set("n", &2).unwrap();
    visit.session().renew().unwrap();
    let response = visit.end(StatusCode::BAD_GATEWAY).await.unwrap();
    assert_eq!(response.cookie(&house.here), None);
    let visit = browser.begin().await.unwrap();
    visit.session().set("n", &3).unwrap();
    visit.abandon().await.unwrap();
    assert_eq!(get(&mut browser, "n").await, Some(1));
    for status in [Some(StatusCode::INTERNAL_SERVER_ERROR), None] {
        set(&mut browser, "n", 1).await;
        let visit = browser.begin().await.unwrap();
        visit.session().destroy().unwrap();
        match status {
            Some(status) => drop(visit.end(status).await.unwrap()),
            None => visit.abandon().await.unwrap(),
        }
        assert_eq!(get(&mut browser, "n").await, None, "a destroy always happens");
    }
}

async fn down(house: House) {
    let mut browser = house.browser();
    set(&mut browser, "n", 1).await;
    let visit = browser.begin().await.unwrap();
    visit.session().set("n", &2).unwrap();
    house.gauge.fail(true);
    let kind = |error: crate::Error| error.kind();
    assert_eq!(browser.begin().await.map_err(kind).unwrap_err(), ErrorKind::Unavailable);
    let end = visit.end(StatusCode::OK).await;
    assert_eq!(end.map_err(kind).unwrap_err(), ErrorKind::Unavailable);
    let stranger = house.browser().visit(|session| session.set("n", &1)).await;
    assert_eq!(stranger.map_err(kind).unwrap_err(), ErrorKind::Unavailable);
    house.gauge.fail(false);
    assert_eq!(get(&mut browser, "n").await, Some(1), "well again by itself, and nothing is lost");
}

async fn detached(house: House) {
    let mut browser = house.browser();
    assert!(house.browser().begin().await.unwrap().session().detach().is_err());
    set(&mut browser, "n", 1).await;
    let visit = browser.begin().await.unwrap();
    let session = visit.session().clone();
    let socket = session.detach().unwrap();
    session.increment("n", 1).unwrap();
    let _ = visit.end(StatusCode::OK).await.unwrap();
    let late = session.set("n", &9).unwrap_err();
    assert_eq!(late.kind(), ErrorKind::Closed, "a change after the response is an error");
    for _ in 0..3 {
        socket.increment("n", 1).unwrap();
        assert_eq!(socket.save().await.unwrap(), Saved::Done);
    }
    assert_eq!(get(&mut browser, "n").await, Some(5));
    let sessions: &Sessions = &house.there;
    browser.at(sessions).visit(Session::destroy).await.unwrap().unwrap();
    socket.increment("n", 1).unwrap();
    assert_eq!(socket.save().await.unwrap(), Saved::Ended);
    assert_eq!(get(&mut browser, "n").await, None);
}
