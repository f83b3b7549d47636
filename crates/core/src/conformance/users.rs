//! The sessions of a user: signed in, listed, ended from elsewhere.

use std::time::Duration;

use http::StatusCode;

use super::{Browser, House, Proof};
use crate::{Id, Session, UserId};

/// Often enough that a race that can be lost is lost in every run.
const ROUNDS: usize = 20;

/// For stores with an index.
pub(super) fn proofs(house: &House, renewing: &House) -> Vec<Proof> {
    let house = || house.clone();
    vec![
        Proof::new("signing in gives the session a new id and keeps the data", sign_in(house())),
        Proof::new("who signs in as somebody else starts clean", somebody_else(house())),
        Proof::new("a user's sessions are listed and ended from anywhere", revoke(house())),
        Proof::new("all of a user's sessions end, whatever is under way", revoke_all(house())),
        Proof::new(
            "the session that is kept stays, also if it moves",
            keep_moving(renewing.clone()),
        ),
        Proof::new("of parallel sign-ins the newest sessions stay", keep_newest(house())),
    ]
}

fn user() -> UserId {
    let mut name = [0; 16];
    getrandom::fill(&mut name).expect("the operating system supplies randomness");
    UserId::new(format!("user {}", Id::from_bytes(name))).expect("an id is short")
}

async fn signed_in(house: &House, user: &UserId) -> Browser {
    let mut browser = house.browser();
    browser.visit(|session| session.sign_in(user)).await.expect("saved").expect("signed in");
    browser
}

async fn who(browser: &mut Browser) -> Option<UserId> {
    browser.visit(Session::user).await.expect("loaded")
}

async fn id(browser: &mut Browser) -> Id {
    browser.visit(Session::id).await.expect("loaded").expect("a session")
}

async fn sign_in(house: House) {
    let (ann, mut browser) = (user(), house.browser());
    browser.visit(|session| session.set("cart", "coat")).await.unwrap().unwrap();
    let mut thief = browser.clone();
    house.clock.advance(Duration::from_secs(60));
    let began = browser
        .visit(|session| {
            session.sign_in(&ann)?;
            assert_eq!(session.user().as_ref(), Some(&ann));
            Ok::<_, crate::Error>(session.signed_in_at())
        })
        .await
        .unwrap()
        .unwrap();
    let mut there = browser.at(&house.there);
    assert_eq!(who(&mut there).await.as_ref(), Some(&ann));
    let (cart, created, signed_in) =
        there.visit(|s| (s.get::<String>("cart"), s.created_at(), s.signed_in_at())).await.unwrap();
    assert_eq!(cart.unwrap().as_deref(), Some("coat"));
    assert_eq!((Some(created), signed_in), (began, began), "a sign-in begins a session");
    assert_eq!(who(&mut thief).await, None, "the old token is worth nothing");
    there.visit(Session::sign_out).await.unwrap().unwrap();
    assert_eq!(who(&mut browser).await, None);
}

async fn somebody_else(house: House) {
    let (ann, bob) = (user(), user());
    let mut browser = signed_in(&house, &ann).await;
    let mut anns = browser.clone();
    browser.visit(|session| session.set("diary", "secret")).await.unwrap().unwrap();
    browser.visit(|session| session.sign_in(&bob)).await.unwrap().unwrap();
    let (now, diary) =
        browser.visit(|session| (session.user(), session.contains("diary"))).await.unwrap();
    assert_eq!((now, diary), (Some(bob), false));
    assert_eq!(who(&mut anns).await, None);
    assert!(house.here.of_user(&ann).await.unwrap().is_empty());
}

async fn revoke(house: House) {
    let (ann, bob) = (user(), user());
    let mut devices = Vec::new();
    for _ in 0..4 {
        devices.push(signed_in(&house, &ann).await);
        house.clock.advance(Duration::from_millis(1));
    }
    let mut bobs = signed_in(&house, &bob).await;
    let listed: Vec<_> =
        house.there.of_user(&ann).await.unwrap().into_iter().map(|info| info.id).collect();
    let mut ids = Vec::new();
    for device in devices.iter_mut().rev() {
        ids.push(id(device).await);
    }
    assert_eq!(listed, ids, "the newest first");

    assert!(house.there.revoke(ids[0]).await.unwrap());
    assert!(!house.there.revoke(ids[0]).await.unwrap(), "it was there only once");
    assert_eq!(who(&mut devices[3]).await, None);
    assert_eq!(house.there.revoke_others(&ann, ids[2]).await.unwrap(), 2);
    assert_eq!(who(&mut devices[1]).await.as_ref(), Some(&ann));
    assert_eq!((who(&mut devices[0]).await, who(&mut devices[2]).await), (None, None));
    assert_eq!(house.there.revoke_all(&ann).await.unwrap(), 1);
    assert_eq!(who(&mut devices[1]).await, None);
    assert_eq!(who(&mut bobs).await, Some(bob), "nobody else is touched");
}

/// Requests that write, renew and sign in again run while everything of the user is ended.
async fn revoke_all(house: House) {
    for round in 0..ROUNDS {
        let ann = user();
        let mut tasks = Vec::new();
        let mut before = Vec::new();
        for n in 0..6 {
            let browser = signed_in(&house, &ann).await.at(house.any(n));
            before.push(browser.clone());
            let visit = browser.begin().await.expect("loaded");
            tasks.push(tokio::spawn(async move {
                match n % 3 {
                    0 => visit.session().set("late", &true),
                    1 => visit.session().renew(),
                    _ => visit.session().set("n", &n).and_then(|()| visit.session().renew()),
                }
                .expect("open");
                let mut browser = browser;
                let response = visit.end(StatusCode::OK).await.expect("saved or dropped");
                browser.receive(&response);
                browser
            }));
        }
        let ended = house.there.revoke_all(&ann).await.expect("the store works");
        assert!(ended <= 6, "{ended} of 6 sessions ended");
        for task in tasks {
            before.push(task.await.expect("no panic"));
        }
        for browser in &mut before {
            assert_eq!(who(browser).await, None, "round {round}: a session came back");
        }
        assert!(house.here.of_user(&ann).await.unwrap().is_empty());
    }
}

async fn keep_moving(house: House) {
    for _ in 0..ROUNDS {
        let ann = user();
        let mut here = signed_in(&house, &ann).await;
        let mut other = signed_in(&house, &ann).await;
        let kept = id(&mut here).await;
        house.clock.advance(Duration::from_secs(601));
        let visit = here.begin().await.expect("loaded");
        let renewal = tokio::spawn(visit.end(StatusCode::OK));
        assert_eq!(house.there.revoke_others(&ann, kept).await.expect("the store works"), 1);
        here.receive(&renewal.await.expect("no panic").expect("saved"));
        assert_eq!(who(&mut here).await.as_ref(), Some(&ann), "the kept session ended");
        assert_eq!(who(&mut other).await, None);
    }
}

async fn keep_newest(house: House) {
    for _ in 0..ROUNDS / 4 {
        let ann = user();
        let tasks: Vec<_> = (0..10)
            .map(|n| {
                let sessions = house.any(n).clone();
                let ann = ann.clone();
                tokio::spawn(async move {
                    let mut browser = Browser::new(&sessions);
                    browser.visit(|session| session.sign_in(&ann)).await.unwrap().unwrap();
                    sessions.keep_newest(&ann, 3).await.unwrap()
                })
            })
            .collect();
        let mut ended = 0;
        for task in tasks {
            ended += task.await.expect("no panic");
        }
        assert_eq!(house.here.of_user(&ann).await.unwrap().len(), 3);
        assert_eq!(ended, 7, "each session ends once");
    }
}
