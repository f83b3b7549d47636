//! Without any store.

use super::*;

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
