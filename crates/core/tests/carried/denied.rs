//! With a deny list, what has ended is dead.

use super::*;

fn denying() -> (Sessions, FrozenClock, MemoryStore) {
    let store = MemoryStore::new();
    let driver = CookieDriver::encrypted().deny_list(store.clone());
    let (sessions, clock) = sessions(driver);
    (sessions, clock, store)
}

async fn signed_in(sessions: &Sessions) -> Browser {
    let mut browser = Browser::new(sessions);
    browser.visit(|s| s.sign_in("ann")).await.unwrap().unwrap();
    browser
}

async fn is_signed_in(browser: &Browser) -> bool {
    browser.begin().await.unwrap().session().is_signed_in()
}

#[tokio::test]
async fn a_copy_of_the_cookie_dies_with_the_sign_out() {
    let (sessions, clock, store) = denying();
    let mut browser = signed_in(&sessions).await;
    let thief = browser.clone();
    set(&mut browser, "n", 1).await;
    let other = signed_in(&sessions).await;
    assert!(store.is_empty(), "nothing has ended");
    browser.visit(Session::sign_out).await.unwrap().unwrap();
    assert!(!is_signed_in(&thief).await && is_signed_in(&other).await);
    clock.advance(Duration::from_secs(402 * 86_400));
    assert_eq!((sessions.sweep().await.unwrap(), store.len()), (1, 0), "it is void anyway now");
    assert!(!is_signed_in(&thief).await);
}

#[tokio::test]
async fn a_renewal_ends_the_old_cookie() {
    let (sessions, _, _) = denying();
    let mut browser = signed_in(&sessions).await;
    let thief = browser.clone();
    browser.visit(Session::renew).await.unwrap().unwrap();
    assert!(!is_signed_in(&thief).await && is_signed_in(&browser).await);
}

#[tokio::test]
async fn a_late_renewal_does_not_bring_an_ended_session_back() {
    let (sessions, _, _) = denying();
    let mut browser = signed_in(&sessions).await;
    let late = browser.begin().await.unwrap();
    browser.visit(Session::sign_out).await.unwrap().unwrap();
    late.session().renew().unwrap();
    let response = late.end(StatusCode::OK).await.unwrap();
    assert_eq!(response.cookie(&sessions), None);
}

#[tokio::test]
async fn a_late_sign_out_ends_the_session_wherever_it_went() {
    let (sessions, _, _) = denying();
    let mut browser = signed_in(&sessions).await;
    let late = browser.begin().await.unwrap();
    browser.visit(Session::renew).await.unwrap().unwrap();
    late.session().destroy().unwrap();
    let _ = late.end(StatusCode::OK).await.unwrap();
    assert!(!is_signed_in(&browser).await);
}

#[tokio::test]
async fn a_late_write_does_not_bring_an_ended_session_back() {
    let (sessions, clock, _) = denying();
    let mut browser = signed_in(&sessions).await;
    let mut writer = browser.clone();
    let late = browser.begin().await.unwrap();
    browser.visit(Session::sign_out).await.unwrap().unwrap();
    clock.advance(119 * MINUTE);
    late.session().set("n", &1).unwrap();
    writer.receive(&late.end(StatusCode::OK).await.unwrap());
    assert!(!is_signed_in(&writer).await);
    clock.advance(119 * MINUTE);
    let _ = sessions.sweep().await.unwrap();
    assert!(!is_signed_in(&writer).await, "its cookie lives longer, and so does the note");
}

/// Cookies of one session may have been given different limits; the longest counts.
#[tokio::test]
async fn what_has_ended_stays_dead_also_if_an_older_cookie_was_to_live_longer() {
    let day = Duration::from_secs(86_400);
    let long = Lifetime { idle: Some(30 * day), absolute: Some(182 * day) };
    let sign_out = |s: &Session, ends: bool| if ends { s.sign_out() } else { s.renew() };
    for ends in [true, false] {
        for at_once in [true, false] {
            let (sessions, clock, _) = denying();
            let mut browser = signed_in(&sessions).await;
            browser.visit(|s| s.set_lifetime(long)).await.unwrap().unwrap();
            let thief = browser.clone();
            let usual = |s: &Session| s.set_lifetime(Lifetime::default());
            if at_once {
                browser
                    .visit(|s| usual(s).and_then(|()| sign_out(s, ends)))
                    .await
                    .unwrap()
                    .unwrap();
            } else {
                browser.visit(usual).await.unwrap().unwrap();
                browser.visit(|s| sign_out(s, ends)).await.unwrap().unwrap();
            }
            for _ in 0..29 {
                clock.advance(day);
                let _ = sessions.sweep().await.unwrap();
                assert!(!is_signed_in(&thief).await);
            }
        }
    }
}

#[tokio::test]
async fn one_session_or_all_of_a_user_can_be_revoked() {
    let (sessions, clock, _) = denying();
    let (mut one, two) = (signed_in(&sessions).await, signed_in(&sessions).await);
    let id = one.visit(Session::id).await.unwrap().unwrap();
    assert!(sessions.revoke(id).await.unwrap());
    assert!(!sessions.revoke(id).await.unwrap());
    assert!(!is_signed_in(&one).await && is_signed_in(&two).await);
    let ann = UserId::new("ann").unwrap();
    for _ in 0..2 {
        clock.advance(MINUTE);
        let three = signed_in(&sessions).await;
        clock.advance(Duration::from_millis(1));
        sessions.revoke_all(&ann).await.unwrap();
        assert!(!is_signed_in(&two).await && !is_signed_in(&three).await);
    }
    let mut late = signed_in(&sessions).await;
    assert!(!is_signed_in(&late).await, "of the same instant: void, to be safe");
    clock.advance(Duration::from_millis(1));
    late = signed_in(&sessions).await;
    assert!(is_signed_in(&late).await, "who signs in again is in");
    let mut bob = Browser::new(&sessions);
    bob.visit(|s| s.sign_in("bob")).await.unwrap().unwrap();
    assert!(is_signed_in(&bob).await);
}

#[tokio::test]
async fn a_store_that_is_down_is_not_an_empty_session() {
    let gauge = Gauge::default();
    let driver = CookieDriver::signed().deny_list(gauge.measure(MemoryStore::new()));
    let (sessions, _) = sessions(driver);
    let browser = signed_in(&sessions).await;
    let _ = gauge.take();
    assert!(is_signed_in(&browser).await);
    assert_eq!(gauge.take(), (2, 0), "by session and by user");
    gauge.fail(true);
    assert_eq!(browser.begin().await.unwrap_err().kind(), ErrorKind::Unavailable);
}
