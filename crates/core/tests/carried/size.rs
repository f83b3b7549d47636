//! What fits into a cookie, into several, and what does not.

use super::*;

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
