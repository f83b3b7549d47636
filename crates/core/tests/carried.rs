//! Sessions that travel in the cookie, and copies that do.
#![cfg(feature = "conformance")]

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use cloakroom_core::conformance::{Browser, Gauge};
use cloakroom_core::*;
use http::StatusCode;
use http::header::SET_COOKIE;

const MINUTE: Duration = Duration::from_secs(60);

type Driver = fn() -> CookieDriver;
const DRIVERS: [Driver; 2] = [CookieDriver::signed, CookieDriver::encrypted];

fn secret(seed: u8) -> Secret {
    Secret::new((seed..seed + 40).collect::<Vec<u8>>()).unwrap()
}

fn sessions(driver: CookieDriver) -> (Sessions, FrozenClock) {
    built(Sessions::in_cookie(driver).secret(secret(1)))
}

fn built(builder: SessionsBuilder) -> (Sessions, FrozenClock) {
    let clock = FrozenClock::default();
    (builder.clock(clock.clone()).build().unwrap(), clock)
}

async fn set(browser: &mut Browser, key: &'static str, value: impl serde::Serialize) {
    browser.visit(|session| session.set(key, &value)).await.unwrap().unwrap();
}

async fn get(browser: &Browser, key: &str) -> Option<u32> {
    browser.begin().await.unwrap().session().get(key).unwrap()
}

#[tokio::test]
async fn a_session_lives_in_the_cookie_alone() {
    for driver in DRIVERS {
        let (sessions, _) = sessions(driver());
        let mut browser = Browser::new(&sessions);
        assert_eq!(browser.visit(|s| s.get::<u32>("n")).await.unwrap().unwrap(), None);
        assert_eq!(browser.cookie(), None, "who only looks gets no cookie");
        set(&mut browser, "n", 7).await;
        let first = browser.cookie().unwrap().to_owned();
        assert_eq!(get(&browser, "n").await, Some(7));
        assert_eq!(browser.cookie(), Some(&*first), "reading leaves the cookie alone");
        set(&mut browser, "m", 8).await;
        assert_eq!((get(&browser, "n").await, get(&browser, "m").await), (Some(7), Some(8)));

        // Another process with the same secret.
        let (elsewhere, _) = built(Sessions::in_cookie(driver()).secret(secret(1)));
        assert_eq!(get(&browser.at(&elsewhere), "m").await, Some(8));

        browser.visit(Session::destroy).await.unwrap().unwrap();
        assert_eq!(browser.cookie(), None);
    }
}

#[tokio::test]
async fn flash_renewal_and_sign_in_work_as_in_a_store() {
    for driver in DRIVERS {
        let (sessions, clock) = sessions(driver());
        let mut browser = Browser::new(&sessions);
        set(&mut browser, "cart", 1).await;
        let before = browser.visit(Session::id).await.unwrap();
        clock.advance(MINUTE);
        browser
            .visit(|s| s.sign_in(7_u64).and_then(|()| s.flash("ok", "hello")))
            .await
            .unwrap()
            .unwrap();
        let after = browser.visit(|s| (s.id(), s.user(), s.flashed::<String>("ok"))).await.unwrap();
        assert_ne!(after.0, before);
        assert_eq!(after.1, Some(UserId::from(7_u64)));
        assert_eq!(after.2.unwrap().as_deref(), Some("hello"));
        assert!(!browser.visit(|s| s.has_flash("ok")).await.unwrap(), "flash shows once");
        assert_eq!(get(&browser, "cart").await, Some(1));
        browser.visit(|s| s.sign_in("8")).await.unwrap().unwrap();
        assert_eq!(get(&browser, "cart").await, None, "somebody else starts clean");
    }
}

#[tokio::test]
async fn a_replayed_cookie_is_dead_after_its_deadline() {
    for driver in DRIVERS {
        let (sessions, clock) = sessions(driver());
        let mut browser = Browser::new(&sessions);
        set(&mut browser, "n", 1).await;
        let old = browser.clone();
        clock.advance(119 * MINUTE);
        assert_eq!(get(&old, "n").await, Some(1));
        browser.visit(|_| ()).await.unwrap();
        assert_ne!(browser.cookie(), old.cookie(), "activity slides the deadline in the cookie");
        clock.advance(MINUTE);
        assert_eq!(get(&old, "n").await, None, "idle for 120 minutes");
        assert_eq!(get(&browser, "n").await, Some(1));

        let absolute = Duration::from_secs(30 * 86_400);
        for _ in 0..(absolute.as_secs() / 3600) {
            browser.visit(|_| ()).await.unwrap();
            clock.advance(60 * MINUTE);
        }
        assert_eq!(get(&browser, "n").await, None, "30 days are over, active or not");
    }
}

#[tokio::test]
async fn no_cookie_outlives_the_memory_of_what_is_void() {
    let (sessions, clock) = sessions(CookieDriver::signed());
    let day = Duration::from_secs(86_400);
    let mut browser = Browser::new(&sessions);
    let endless = Lifetime { idle: Some(5_000 * day), absolute: Some(9_000 * day) };
    browser
        .visit(|s| s.set_lifetime(endless).and_then(|()| s.set("n", &1)))
        .await
        .unwrap()
        .unwrap();
    clock.advance(399 * day);
    assert_eq!(get(&browser, "n").await, Some(1));
    clock.advance(day);
    assert_eq!(get(&browser, "n").await, None);
}

#[tokio::test]
async fn a_cookie_under_an_old_key_is_issued_again_under_the_new_one() {
    for driver in DRIVERS {
        let (old, _) = built(Sessions::in_cookie(driver()).secret(secret(1)));
        let (both, _) = built(Sessions::in_cookie(driver()).secret(secret(2)).secret(secret(1)));
        let (new, _) = built(Sessions::in_cookie(driver()).secret(secret(2)));
        let mut browser = Browser::new(&old);
        set(&mut browser, "n", 1).await;
        assert_eq!(get(&browser.at(&new), "n").await, None);
        let mut during = browser.at(&both);
        during.visit(|s| s.get::<u32>("n")).await.unwrap().unwrap();
        assert_eq!(get(&during.at(&new), "n").await, Some(1));
        let again = during.cookie().unwrap().to_owned();
        during.visit(|s| s.get::<u32>("n")).await.unwrap().unwrap();
        assert_eq!(during.cookie(), Some(&*again), "once is enough");
    }
}

#[tokio::test]
async fn with_any_one_bit_changed_the_visit_is_a_fresh_one() {
    for driver in DRIVERS {
        let (sessions, _) = sessions(driver());
        let mut browser = Browser::new(&sessions);
        set(&mut browser, "n", 1).await;
        let value = browser.cookie().unwrap().as_bytes().to_vec();
        for bit in 0..value.len() * 8 {
            let mut changed = value.clone();
            changed[bit / 8] ^= 1 << (bit % 8);
            let Ok(text) = String::from_utf8(changed) else { continue };
            // What cannot stand in a header does not arrive.
            if !text.bytes().all(|byte| byte.is_ascii_graphic()) {
                continue;
            }
            let mut forger = browser.clone();
            // A cookie ends at a semicolon, and quotes round a value are no part of it.
            forger.set_cookie(text);
            assert_eq!(get(&forger, "n").await, None, "bit {bit}");
        }
    }
}

#[tokio::test]
async fn nothing_moves_between_names_drivers_and_applications() {
    let (signed, _) = sessions(CookieDriver::signed());
    let (encrypted, _) = sessions(CookieDriver::encrypted());
    let (admin, _) = built(
        Sessions::in_cookie(CookieDriver::signed())
            .secret(secret(1))
            .cookie(CookieSettings::new("admin")),
    );
    let (stranger, _) = built(Sessions::in_cookie(CookieDriver::signed()).secret(secret(9)));
    let mut browser = Browser::new(&signed);
    set(&mut browser, "n", 1).await;
    for other in [&encrypted, &admin, &stranger] {
        let mut moved = Browser::new(other);
        moved.set_cookie(browser.cookie().unwrap());
        assert_eq!(get(&moved, "n").await, None);
    }
    // A token for a store is no session, and a session is no token.
    let (stored, _) = built(Sessions::builder(MemoryStore::new()).secret(secret(1)));
    assert_eq!(get(&browser.at(&stored), "n").await, None);
    let mut token = Browser::new(&stored);
    set(&mut token, "n", 1).await;
    assert_eq!(get(&token.at(&signed), "n").await, None);
}

#[tokio::test]
async fn the_owner_reads_a_signed_cookie_and_not_an_encrypted_one() {
    let texts = DRIVERS.map(async |driver| {
        let (sessions, _) = sessions(driver());
        let mut browser = Browser::new(&sessions);
        set(&mut browser, "favourite", "hunter2").await;
        let value = browser.cookie().unwrap()[1..].split('.').next().unwrap().to_owned();
        String::from_utf8_lossy(&URL_SAFE_NO_PAD.decode(value).unwrap()).into_owned()
    });
    let [signed, encrypted] = texts;
    assert!(signed.await.contains("{\"favourite\":\"hunter2\"}"));
    let encrypted = encrypted.await;
    assert!(!encrypted.contains("hunter2") && !encrypted.contains("favourite"));
}

#[tokio::test]
async fn too_large_is_an_error_that_names_size_and_keys() {
    for driver in DRIVERS {
        let (sessions, _) = sessions(driver());
        let mut browser = Browser::new(&sessions);
        set(&mut browser, "n", 1).await;
        let before = browser.clone();
        let visit = browser.begin().await.unwrap();
        visit.session().set("big", &"x".repeat(4000)).unwrap();
        visit.session().set("small", &"y".repeat(40)).unwrap();
        let error = visit.end(StatusCode::OK).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::TooLarge);
        let message = error.to_string();
        for part in ["\"big\" (4002 bytes)", "\"small\" (42 bytes)", "4096", "split"] {
            assert!(message.contains(part), "{message}");
        }
        assert_eq!(get(&before, "n").await, Some(1), "what was there before stays");
    }
}

#[tokio::test]
async fn the_largest_line_has_4096_bytes_and_nothing_is_dropped_in_silence() {
    for driver in DRIVERS {
        let (sessions, _) = sessions(driver());
        let (mut longest, mut refused) = (0, 0);
        for length in 2400..3100 {
            let browser = Browser::new(&sessions);
            let visit = browser.begin().await.unwrap();
            let lifetime = Lifetime { idle: None, absolute: Some(Duration::from_secs(4_000_000)) };
            visit.session().set_lifetime(lifetime).unwrap();
            visit.session().set("k", &"x".repeat(length)).unwrap();
            match visit.end(StatusCode::OK).await {
                Ok(response) => {
                    assert_eq!(refused, 0);
                    longest = longest.max(response.headers[SET_COOKIE].len());
                    let mut browser = browser.clone();
                    browser.receive(&response);
                    let kept = browser.visit(|s| s.get::<String>("k")).await.unwrap().unwrap();
                    assert_eq!(kept.map(|value| value.len()), Some(length));
                }
                Err(error) => {
                    assert_eq!(error.kind(), ErrorKind::TooLarge);
                    refused += 1;
                }
            }
        }
        assert!((4070..=4096).contains(&longest) && refused > 0, "{longest}, {refused} refused");
    }
}

#[tokio::test]
async fn what_is_split_shrinks_again_and_leaves_no_surplus() {
    for driver in DRIVERS {
        let (sessions, _) = sessions(driver().split(3));
        let mut browser = Browser::new(&sessions);
        for (length, cookies) in [(10, 1), (5_000, 2), (8_000, 3), (5_000, 2), (10, 1), (8_000, 3)]
        {
            let visit = browser.begin().await.unwrap();
            visit.session().set("k", &"x".repeat(length)).unwrap();
            let response = visit.end(StatusCode::OK).await.unwrap();
            assert!(response.headers.get_all(SET_COOKIE).iter().all(|line| line.len() <= 4096));
            browser.receive(&response);
            assert_eq!(browser.cookies().len(), cookies, "{length} bytes");
            let kept = browser.visit(|s| s.get::<String>("k")).await.unwrap().unwrap();
            assert_eq!(kept.map(|value| value.len()), Some(length));
        }
        let visit = browser.begin().await.unwrap();
        visit.session().set("k", &"x".repeat(12_000)).unwrap();
        assert_eq!(visit.end(StatusCode::OK).await.unwrap_err().kind(), ErrorKind::TooLarge);

        // Parts of two visitors do not make a third.
        let mut other = Browser::new(&sessions);
        set(&mut other, "k", "y".repeat(8_000)).await;
        let mut mixed = http::HeaderMap::new();
        for (name, value) in browser.cookies() {
            let value = if name.ends_with(".1") { &other.cookies()[name] } else { value };
            mixed.append(http::header::COOKIE, format!("{name}={value}").parse().unwrap());
        }
        assert!(sessions.pending(&mixed).load().await.unwrap().is_new());

        browser.visit(Session::destroy).await.unwrap().unwrap();
        assert!(browser.cookies().is_empty());
    }
}

#[tokio::test]
async fn compression_makes_room_and_is_bounded() {
    let (plain, _) = sessions(CookieDriver::encrypted());
    let (compressing, _) = sessions(CookieDriver::encrypted().insecure_compress());
    let mut browser = Browser::new(&compressing);
    set(&mut browser, "k", "coat ".repeat(2_000)).await;
    let kept = browser.visit(|s| s.get::<String>("k")).await.unwrap().unwrap();
    assert_eq!(kept.map(|value| value.len()), Some(10_000));
    assert!(browser.cookie().unwrap().len() < 500);
    // Both read what the other has written.
    assert!(!browser.at(&plain).begin().await.unwrap().session().is_new());
    let visit = Browser::new(&compressing).begin().await.unwrap();
    visit.session().set("k", &"x".repeat(1 << 20)).unwrap();
    assert_eq!(visit.end(StatusCode::OK).await.unwrap_err().kind(), ErrorKind::TooLarge);
}

#[tokio::test]
async fn two_valid_cookies_are_nobodys() {
    let (sessions, _) = sessions(CookieDriver::signed());
    let (mut ann, mut bob) = (Browser::new(&sessions), Browser::new(&sessions));
    set(&mut ann, "n", 1).await;
    set(&mut bob, "n", 2).await;
    let name = sessions.cookie_name();
    let mut headers = http::HeaderMap::new();
    let both = format!("{name}={}; {name}={}", ann.cookie().unwrap(), bob.cookie().unwrap());
    headers.insert(http::header::COOKIE, both.parse().unwrap());
    assert!(sessions.pending(&headers).load().await.unwrap().is_new());
    let mut headers = http::HeaderMap::new();
    let planted = format!("{name}=rubbish; {name}={}", ann.cookie().unwrap());
    headers.insert(http::header::COOKIE, planted.parse().unwrap());
    assert!(!sessions.pending(&headers).load().await.unwrap().is_new());
}

#[tokio::test]
async fn without_a_deny_list_what_it_cannot_do_is_an_error() {
    let (sessions, _) = sessions(CookieDriver::signed());
    let mut browser = Browser::new(&sessions);
    browser.visit(|s| s.sign_in("ann")).await.unwrap().unwrap();
    let ann = UserId::new("ann").unwrap();
    let id = browser.visit(Session::id).await.unwrap().unwrap();
    assert_eq!(sessions.revoke(id).await.unwrap_err().kind(), ErrorKind::Unsupported);
    assert_eq!(sessions.revoke_all(&ann).await.unwrap_err().kind(), ErrorKind::Unsupported);
    assert_eq!(sessions.of_user(&ann).await.unwrap_err().kind(), ErrorKind::Unsupported);
    let visit = browser.begin().await.unwrap();
    assert_eq!(visit.session().detach().unwrap_err().kind(), ErrorKind::Closed);
    assert_eq!(sessions.sweep().await.unwrap(), 0);
}

mod denied {
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
}

mod copies {
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
}
