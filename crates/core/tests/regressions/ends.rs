//! Ends that must end, and work that outlives its response.

use super::support::*;

#[tokio::test]
async fn a_sign_out_that_overlaps_a_late_renewal_ends_the_session() {
    let (sessions, clock) = house(MemoryStore::new(), |b| b);
    let browser = started(&sessions).await;
    clock.advance(120 * MIN - Duration::from_secs(5));
    let sign_out = browser.begin().await.unwrap();
    let mut renewing = browser.clone();
    renewing.visit(Session::renew).await.unwrap().unwrap();
    clock.advance(Duration::from_secs(6));
    sign_out.session().destroy().unwrap();
    let _ = sign_out.end(StatusCode::OK).await.unwrap();
    assert!(!alive(&renewing).await, "a sign-out 6 s after a renewal did not end the session");
}

#[tokio::test]
async fn a_sign_out_that_overlaps_a_renewal_ends_a_remembered_session() {
    let (sessions, clock) = house(MemoryStore::new(), |b| b);
    let mut browser = started(&sessions).await;
    let day = 1440 * MIN;
    let own = Lifetime { idle: Some(14 * day), absolute: Some(90 * day) };
    browser.visit(|s| s.set_lifetime(own)).await.unwrap().unwrap();
    clock.advance(day);
    let sign_out = browser.begin().await.unwrap();
    let mut renewing = browser.clone();
    renewing.visit(Session::renew).await.unwrap().unwrap();
    sign_out.session().destroy().unwrap();
    let _ = sign_out.end(StatusCode::OK).await.unwrap();
    assert!(!alive(&renewing).await, "a sign-out in the same instant as a renewal did nothing");
}

/// Returns a browser whose session was renewed by the clock, and a socket that has been quiet since before.
async fn quiet_while_renewed() -> (Browser, Session) {
    let (sessions, clock) = house(MemoryStore::new(), |b| b.renewal_timeout(10 * MIN));
    let mut browser = started(&sessions).await;
    let visit = browser.begin().await.unwrap();
    let socket = visit.session().detach().unwrap();
    let _ = visit.end(StatusCode::OK).await.unwrap();
    clock.advance(10 * MIN);
    assert!(browser.visit(|s| s.contains("user")).await.unwrap());
    clock.advance(MIN);
    (browser, socket)
}

#[tokio::test]
async fn a_quiet_detached_session_survives_a_periodic_renewal() {
    let (browser, socket) = quiet_while_renewed().await;
    socket.increment("n", 1).unwrap();
    assert!(alive(&browser).await);
    assert_eq!(
        socket.save().await.unwrap(),
        Saved::Done,
        "the session lives, and its socket is told it ended"
    );
}

#[tokio::test]
async fn a_detached_sign_out_ends_a_session_that_was_renewed() {
    let (browser, socket) = quiet_while_renewed().await;
    socket.destroy().unwrap();
    let _ = socket.save().await.unwrap();
    assert!(!alive(&browser).await, "destroy answered Ok and the session lives");
}

#[tokio::test]
async fn an_end_that_failed_half_way_is_repeated() {
    let store = Flaky::new(false);
    let (sessions, _) = house(store.clone(), |b| b);
    let mut browser = started(&sessions).await;
    let visit = browser.begin().await.unwrap();
    browser.visit(Session::renew).await.unwrap().unwrap();
    visit.session().destroy().unwrap();
    store.arm(2); // The pointer goes, then the store fails for a moment.
    assert!(visit.session().save().await.is_err());
    visit.end(StatusCode::OK).await.unwrap();
    assert!(!alive(&browser).await, "the second try reported success, and the session lives");
}

#[tokio::test]
async fn a_timed_out_handler_commits_nothing() {
    let (sessions, _) = house(MemoryStore::new(), |b| b);
    let mut browser = started(&sessions).await;
    let visit = browser.begin().await.unwrap();
    visit.session().set("half", &1).unwrap();
    let _ = visit.end(StatusCode::REQUEST_TIMEOUT).await.unwrap();
    assert!(!browser.visit(|s| s.contains("half")).await.unwrap());
}

#[tokio::test]
async fn a_session_first_asked_for_after_the_response_is_refused() {
    let (sessions, _) = house(MemoryStore::new(), |b| b);
    let browser = started(&sessions).await;
    let pending = browser.pending();
    let _ = pending.finish(StatusCode::OK); // A streaming body goes on, and asks for the session now.
    let late = pending.load().await.unwrap_err();
    assert_eq!(late.kind(), ErrorKind::Closed);
}
