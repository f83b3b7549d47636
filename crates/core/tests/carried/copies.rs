//! The cookie as a cache of what is in the store.

use super::*;

const LIFE: Duration = Duration::from_secs(10);

fn cached() -> (Sessions, FrozenClock, Gauge) {
    let gauge = Gauge::default();
    let builder = Sessions::builder(gauge.measure(MemoryStore::new())).secret(secret(1));
    let (sessions, clock) = built(builder.cookie_cache(CookieCache::signed(LIFE)));
    (sessions, clock, gauge)
}

#[tokio::test]
async fn while_the_copy_is_fresh_reads_need_no_store() {
    let (sessions, clock, gauge) = cached();
    let mut browser = Browser::new(&sessions);
    set(&mut browser, "n", 1).await;
    assert_eq!(gauge.take(), (0, 1));
    for _ in 0..5 {
        assert_eq!(browser.visit(|s| s.get::<u32>("n")).await.unwrap().unwrap(), Some(1));
    }
    assert_eq!(gauge.take(), (0, 0));
    clock.advance(LIFE);
    for _ in 0..5 {
        assert_eq!(browser.visit(|s| s.get::<u32>("n")).await.unwrap().unwrap(), Some(1));
    }
    assert_eq!(gauge.take(), (1, 0), "one load, and a fresh copy");
    set(&mut browser, "n", 2).await;
    assert_eq!(gauge.take(), (0, 1), "what writes goes to the store");
    assert_eq!(get(&browser, "n").await, Some(2), "and its own copy shows it");
}

#[tokio::test]
async fn a_write_on_an_old_copy_loses_no_update() {
    let (sessions, _, _) = cached();
    let mut browser = Browser::new(&sessions);
    set(&mut browser, "n", 1).await;
    let mut other = browser.clone();
    for _ in 0..3 {
        browser.visit(|s| s.increment("n", 1)).await.unwrap().unwrap();
    }
    assert_eq!(get(&other, "n").await, Some(1), "as old as the copy may be");
    other.visit(|s| s.increment("n", 1)).await.unwrap().unwrap();
    assert_eq!(get(&other, "n").await, Some(5));
}

#[tokio::test]
async fn an_ended_session_is_dead_when_its_copy_is_and_for_writes_at_once() {
    let (sessions, clock, _) = cached();
    let mut browser = Browser::new(&sessions);
    set(&mut browser, "n", 1).await;
    let mut thief = browser.clone();
    browser.visit(Session::destroy).await.unwrap().unwrap();
    assert!(browser.cookies().is_empty(), "the copy goes with the session");
    set(&mut thief, "n", 2).await;
    clock.advance(LIFE);
    assert_eq!(get(&thief, "n").await, None);
}

#[tokio::test]
async fn a_copy_is_worth_nothing_without_its_token() {
    let (sessions, _, gauge) = cached();
    let (mut ann, mut bob) = (Browser::new(&sessions), Browser::new(&sessions));
    set(&mut ann, "n", 1).await;
    set(&mut bob, "n", 2).await;
    let copy = |browser: &Browser| {
        let (name, value) =
            browser.cookies().iter().find(|(name, _)| name.ends_with(".copy")).unwrap();
        format!("{name}={value}")
    };
    let token = format!("{}={}", sessions.cookie_name(), ann.cookie().unwrap());
    let _ = gauge.take();
    for (cookies, n) in [(format!("{token}; {}", copy(&bob)), Some(1)), (copy(&bob), None)] {
        let mut headers = http::HeaderMap::new();
        headers.insert(http::header::COOKIE, cookies.parse().unwrap());
        let session = sessions.pending(&headers).load().await.unwrap();
        assert_eq!(session.get::<u32>("n").unwrap(), n);
    }
    assert_eq!(gauge.take(), (1, 0));
}

#[tokio::test]
async fn what_does_not_fit_is_read_from_the_store() {
    let (sessions, _, gauge) = cached();
    let mut browser = Browser::new(&sessions);
    set(&mut browser, "n", 1).await;
    assert_eq!(browser.cookies().len(), 2);
    set(&mut browser, "big", "x".repeat(5_000)).await;
    assert_eq!(browser.cookies().len(), 1, "the older copy must not hide it");
    let _ = gauge.take();
    browser.visit(|s| s.contains("big")).await.unwrap();
    assert_eq!(gauge.take(), (1, 0));
}

#[test]
fn a_session_in_the_cookie_has_no_copy() {
    let builder = Sessions::in_cookie(CookieDriver::signed()).secret(secret(1));
    let error = builder.cookie_cache(CookieCache::signed(LIFE)).build().unwrap_err();
    assert_eq!(error, ConfigError::CacheWithoutStore);
}
