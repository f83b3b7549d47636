//! Limits, and what stays readable.

use super::support::*;

#[tokio::test]
async fn an_endless_lifetime_can_be_read_again() {
    let (sessions, _) = house(Text::default(), |b| b);
    let mut browser = started(&sessions).await;
    let own = Lifetime { idle: Some(Duration::MAX), absolute: None };
    let set = browser.visit(|s| s.set_lifetime(own)).await.unwrap();
    let read = browser.visit(|s| s.contains("user")).await;
    assert!(set.is_err() || read.is_ok(), "{read:?}");
}

#[tokio::test]
async fn as_many_keys_as_fit_can_be_read_again() {
    let (sessions, _) = house(Text::default(), |b| b.max_payload(4 << 20));
    let mut browser = started(&sessions).await;
    let saved =
        browser.visit(|s| (0..70_000).for_each(|n| s.set(format!("{n}"), &0).unwrap())).await;
    let read = browser.visit(|s| s.contains("user")).await;
    assert!(saved.is_err() || read.is_ok(), "{read:?}");
}

#[tokio::test]
async fn a_touch_part_that_is_no_number_does_no_harm() {
    let clock = FrozenClock::default();
    let built = Sessions::builder(MemoryStore::new())
        .secret(Secret::generate().unwrap())
        .touch_after(f64::NAN)
        .clock(clock)
        .build();
    let Ok(sessions) = built else { return };
    let browser = started(&sessions).await;
    let _ = browser.begin().await.unwrap().end(StatusCode::OK).await;
}

#[tokio::test]
async fn bytes_are_bounded_also_when_sessions_grow() {
    let store = MemoryStore::new().max_bytes(1 << 20);
    let (sessions, _) = house(store.clone(), |b| b);
    let mut browsers = Vec::new();
    for _ in 0..500 {
        browsers.push(started(&sessions).await);
    }
    for browser in &mut browsers {
        let _ = browser.visit(|s| s.set("big", &"x".repeat(200_000))).await;
    }
    assert!(store.bytes() <= 2 << 20, "{} bytes, the limit was {}", store.bytes(), 1 << 20);
}

#[tokio::test]
async fn bytes_are_bounded_when_the_oldest_go() {
    let store = MemoryStore::new().max_bytes(1 << 20).at_limit(AtLimit::EndOldest);
    let (sessions, _) = house(store.clone(), |b| b);
    for _ in 0..2_000 {
        started(&sessions).await;
    }
    for _ in 0..200 {
        let mut browser = Browser::new(&sessions);
        let _ = browser.visit(|s| s.set("big", &"x".repeat(200_000))).await;
    }
    assert!(store.bytes() <= 2 << 20, "{} bytes, the limit was {}", store.bytes(), 1 << 20);
}

#[tokio::test]
async fn renewals_do_not_fill_the_memory() {
    let store = MemoryStore::new().max_sessions(10);
    let (sessions, clock) = house(store.clone(), |b| b);
    let mut browser = started(&sessions).await;
    for _ in 0..1_000 {
        clock.advance(2 * MIN); // Each pointer has expired long before the next one comes.
        browser.visit(Session::renew).await.unwrap().unwrap();
    }
    assert!(store.len() <= 20, "{} records, the limit was 10", store.len());
}

#[tokio::test]
async fn a_small_store_that_ends_the_oldest_takes_newcomers() {
    let store = MemoryStore::new().max_sessions(5).at_limit(AtLimit::EndOldest);
    let (sessions, _) = house(store.clone(), |b| b);
    let mut refused = 0;
    for _ in 0..100 {
        refused += u32::from(Browser::new(&sessions).visit(|s| s.set("n", &1)).await.is_err());
    }
    assert_eq!(refused, 0);
}

#[tokio::test]
async fn the_active_session_is_spared() {
    let store = MemoryStore::new().max_sessions(2).at_limit(AtLimit::EndOldest);
    let record = |n: u8, life| Record {
        id: Id::from_bytes([n, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]),
        version: Version::FIRST,
        user: None,
        created_at: Timestamp::from_millis(0),
        active_at: Timestamp::from_millis(0),
        expires_at: Timestamp::from_millis(life),
        payload: Payload::default(),
    };
    let write = async |operation| store.write(&operation).await.unwrap();
    let _ = write(Operation::Create(record(1, 100))).await;
    let _ = write(Operation::Create(record(2, 200))).await;
    let touch = Operation::Touch {
        id: record(1, 0).id,
        version: record(1, 0).version,
        active_at: Timestamp::from_millis(50),
        expires_at: Timestamp::from_millis(9_000),
    };
    let _ = write(touch).await;
    let _ = write(Operation::Create(record(3, 300))).await;
    assert!(store.load(&record(1, 0).id).await.unwrap().is_some(), "1 would have expired last");
}

#[tokio::test]
async fn a_handler_that_falls_back_still_varies() {
    let gauge = Gauge::default();
    let (sessions, _) = house(gauge.measure(MemoryStore::new()), |b| b);
    let browser = started(&sessions).await;
    gauge.fail(true);
    let pending = browser.pending();
    assert!(pending.load().await.is_err()); // `Result<Session, _>` in a handler that shows the anonymous page.
    let Finish::Ready(head) = pending.finish(StatusCode::OK) else { panic!() };
    let mut headers = HeaderMap::new();
    head.apply(&mut headers);
    assert!(headers.contains_key(VARY), "a cache now gives everybody the anonymous page");
}

#[tokio::test]
async fn a_lowered_limit_lets_sessions_shrink() {
    let store = MemoryStore::new();
    let secret = Secret::generate().unwrap();
    let at = |limit| {
        Sessions::builder(store.clone()).secret(secret.clone()).max_payload(limit).build().unwrap()
    };
    let (before, after) = (at(100_000), at(1_000));
    let mut browser = Browser::new(&before);
    browser
        .visit(|s| (0..20).for_each(|n| s.set(format!("k{n}"), &"x".repeat(1_000)).unwrap()))
        .await
        .unwrap();
    browser.visit(|s| s.flash("ok", "hello")).await.unwrap().unwrap();
    let mut browser = browser.at(&after);
    assert!(browser.visit(|s| s.has_flash("ok")).await.is_ok(), "a page that only reads fails");
    assert!(
        browser.visit(|s| s.remove("k0")).await.is_ok(),
        "and removing something fails as well"
    );
}
