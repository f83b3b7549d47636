//! The promises, with requests that really run at the same time, in two applications on one storage.

use std::sync::Arc;
use std::time::Duration;

use http::StatusCode;
use tokio::sync::Barrier;

use super::{Browser, House, Proof, Response};
use crate::Session;

/// Often enough that a race that can be lost is lost in every run.
const ROUNDS: usize = 30;

pub(super) fn proofs(house: &House, renewing: &House) -> Vec<Proof> {
    let house = || house.clone();
    vec![
        Proof::new("different keys of one session all win", different_keys(house())),
        Proof::new("no update of the same key is lost", same_key(house())),
        Proof::new("a late write does not bring an ended session back", late_write(house())),
        Proof::new("an end that overlaps anything wins", end_wins(house())),
        Proof::new(
            "a late write does not bring an expired session back",
            late_after_expiry(house()),
        ),
        Proof::new("of parallel renewals one new token lives", renewals(house())),
        Proof::new("a stale response never touches a newer cookie", stale_response(house())),
        Proof::new(
            "parallel requests survive a periodic renewal",
            periodic_renewal(renewing.clone()),
        ),
    ]
}

/// Runs `works` at the same moment: all load, then all work and answer.
async fn together<F>(house: &House, browser: &Browser, works: Vec<F>) -> Vec<Response>
where
    F: FnOnce(&Session) + Send + 'static,
{
    let barrier = Arc::new(Barrier::new(works.len()));
    let tasks: Vec<_> = works
        .into_iter()
        .enumerate()
        .map(|(n, work)| {
            let (browser, barrier) = (browser.at(house.any(n)), barrier.clone());
            tokio::spawn(async move {
                let visit = browser.begin().await.expect("loaded");
                barrier.wait().await;
                work(visit.session());
                visit.end(StatusCode::OK).await.expect("saved")
            })
        })
        .collect();
    let mut responses = Vec::new();
    for task in tasks {
        responses.push(task.await.expect("no panic"));
    }
    responses
}

type Work = Box<dyn FnOnce(&Session) + Send>;

async fn started(house: &House) -> Browser {
    let mut browser = house.browser();
    browser.visit(|session| session.set("user", "ann")).await.unwrap().unwrap();
    browser
}

async fn is_alive(browser: &Browser) -> bool {
    browser.clone().visit(|session| session.contains("user")).await.unwrap()
}

async fn different_keys(house: House) {
    let mut browser = started(&house).await;
    let works = (0..50).map(|n| move |session: &Session| session.set(format!("k{n}"), &n).unwrap());
    together(&house, &browser, works.collect()).await;
    assert_eq!(browser.visit(Session::keys).await.unwrap().len(), 51);
}

async fn same_key(house: House) {
    let mut browser = started(&house).await;
    let works = (0..50).map(|n| {
        move |session: &Session| {
            match n % 3 {
                0 => session.update("n", |n: &mut i64| *n += 1).unwrap(),
                1 => session.increment("n", 1).map(|_| ()).unwrap(),
                _ => session.increment("n", 1).and_then(|_| session.push("list", &n)).unwrap(),
            };
        }
    });
    together(&house, &browser, works.collect()).await;
    let all = browser.visit(Session::all).await.unwrap();
    assert_eq!(all["n"], 50);
    assert_eq!(all["list"].as_array().map(Vec::len), Some(16));
}

async fn late_write(house: House) {
    for work in 0..4 {
        let browser = started(&house).await;
        let visit = browser.at(&house.there).begin().await.unwrap();
        browser.clone().visit(Session::destroy).await.unwrap().unwrap();
        match work {
            0 => visit.session().set("late", &1).unwrap(),
            1 => visit.session().update("user", |user: &mut String| user.push('!')).unwrap(),
            2 => visit.session().renew().unwrap(),
            _ => visit.session().flash("late", &1).unwrap(),
        }
        let response = visit.end(StatusCode::OK).await.unwrap();
        assert!(
            response.headers.get("set-cookie").is_none(),
            "and the late response sends no cookie"
        );
        assert!(!is_alive(&browser).await);
    }
}

async fn end_wins(house: House) {
    for _ in 0..ROUNDS {
        let browser = started(&house).await;
        let works: Vec<Work> = vec![
            Box::new(|session| session.set("a", &1).unwrap()),
            Box::new(|session| session.renew().unwrap()),
            Box::new(|session| {
                session.destroy().unwrap();
                session.set("after", &1).unwrap();
            }),
            Box::new(|session| session.renew().unwrap()),
            Box::new(|session| session.push("list", &1).unwrap()),
        ];
        let responses = together(&house, &browser, works).await;
        assert!(!is_alive(&browser).await, "the old token is dead");
        for response in responses {
            let mut renewed = browser.clone();
            renewed.receive(&response);
            assert!(!is_alive(&renewed).await, "and so is any new one");
        }
    }
}

async fn late_after_expiry(house: House) {
    let browser = started(&house).await;
    let visit = browser.begin().await.unwrap();
    house.clock.advance(Duration::from_secs(120 * 60));
    assert!(!is_alive(&browser).await);
    visit.session().set("late", &1).unwrap();
    visit.session().renew().unwrap();
    let response = visit.end(StatusCode::OK).await.unwrap();
    assert_eq!(response.cookie(&house.here), None);
    assert!(!is_alive(&browser).await);
}

async fn renewals(house: House) {
    for _ in 0..ROUNDS {
        let browser = started(&house).await;
        let works = (0..6).map(|_| |session: &Session| session.renew().unwrap());
        let responses = together(&house, &browser, works.collect()).await;
        let mut alive = 0;
        for response in responses {
            let mut renewed = browser.clone();
            renewed.receive(&response);
            alive += usize::from(renewed.cookie() != browser.cookie() && is_alive(&renewed).await);
        }
        assert_eq!(alive, 1, "never neither, never both");
        assert!(!is_alive(&browser).await);
    }
}

async fn stale_response(house: House) {
    for _ in 0..ROUNDS {
        let browser = started(&house).await;
        let works: Vec<Work> = vec![
            Box::new(|session| drop(session.get::<String>("user").unwrap())),
            Box::new(|session| session.set("a", &1).unwrap()),
            Box::new(|session| session.renew().unwrap()),
            Box::new(|session| session.set("b", &1).unwrap()),
        ];
        let responses = together(&house, &browser, works).await;
        for (n, response) in responses.iter().enumerate() {
            assert_eq!(
                response.cookie(&house.here).is_some(),
                n == 2,
                "only the renewal sets the cookie"
            );
        }
        // Whatever order the browser gets them in, it ends up signed in.
        let mut late = browser.clone();
        late.receive(&responses[2]);
        late.receive(&responses[0]);
        late.receive(&responses[1]);
        assert!(is_alive(&late).await);
    }
}

/// `renewing` renews every ten minutes.
async fn periodic_renewal(renewing: House) {
    let browser = started(&renewing).await;
    renewing.clock.advance(Duration::from_secs(601));
    let works = (0..12).map(|n| move |session: &Session| session.set(format!("k{n}"), &n).unwrap());
    let responses = together(&renewing, &browser, works.collect()).await;
    let cookies: Vec<_> =
        responses.iter().filter_map(|response| response.cookie(&renewing.here)).collect();
    assert_eq!(cookies.len(), 1, "one of them renews");
    let mut renewed = browser.clone();
    renewed.set_cookie(cookies[0].clone());
    assert_eq!(renewed.visit(Session::keys).await.unwrap().len(), 13, "all writes land in it");
    browser.clone().visit(|session| session.set("old", &1)).await.unwrap().unwrap();
    assert_eq!(
        renewed.visit(Session::keys).await.unwrap().len(),
        14,
        "also those of the old token"
    );
    renewing.clock.advance(Duration::from_secs(60));
    assert!(!is_alive(&browser).await, "but only for the grace");
    assert!(is_alive(&renewed).await);
    let visit = renewed.begin().await.unwrap();
    renewing.clock.advance(Duration::from_secs(600));
    assert!(is_alive(&renewed).await);
    visit.session().destroy().unwrap();
    let _ = visit.end(StatusCode::OK).await.unwrap();
    assert!(!is_alive(&renewed).await, "an end finds the session where it has moved");
}
