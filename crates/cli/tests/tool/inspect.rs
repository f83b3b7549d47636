//! What a cookie is, told without telling it on.

use cloakroom::{Sessions, Setting, testing};

use crate::support::{Place, SECRET, create, record};

async fn cookie(sessions: &Sessions) -> String {
    let cookie = testing::cookie(sessions, |session| session.set("diary", "hunter2")).await;
    cookie.to_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cookie_leads_to_its_key_and_its_session_and_never_shows() {
    for place in Place::all() {
        let cookie = cookie(&place.sessions().await).await;
        let value = cookie.split_once('=').unwrap().1;
        for arguments in [&["--json", "inspect"][..], &["inspect"], &["inspect", "-", "--data"]] {
            let done = place.run_with(arguments, &format!("Cookie: a=b; {cookie}\n"));
            assert_eq!(done.code, 0, "{done:?}");
            assert!(done.out.contains("ours, and good"), "{done:?}");
            assert!(!done.out.contains(value) && !done.err.contains(value), "{done:?}");
            assert_eq!(done.out.contains("hunter2"), arguments.contains(&"--data"), "{done:?}");
        }
        let found = place.json(0, &["inspect", &cookie]);
        assert_eq!((&found["secret"], &found["retiring"]), (&1.into(), &false.into()));
        let id = found["id"].as_str().unwrap();
        assert_eq!(found["session"]["id"], id);

        // With another secret before it, its own is retiring.
        let other = "another-secret-that-nobody-has-ever-used-0123456789";
        let secrets = format!("{other},{SECRET}");
        let place = place.with(Setting::Secret, &secrets);
        let found = place.json(0, &["inspect", &cookie]);
        assert_eq!((&found["secret"], &found["retiring"]), (&2.into(), &true.into()));
        assert_eq!(place.run(&["revoke", id]).code, 0);
        let found = place.json(3, &["inspect", &cookie]);
        assert_eq!((&found["ours"], &found["good"]), (&true.into(), &false.into()), "{found}");
        assert!(found["verdict"].as_str().unwrap().contains("there is no session"));
        let place = place.with(Setting::Secret, other);
        let found = place.json(3, &["inspect", &cookie]);
        assert_eq!(found["ours"], false);
        assert!(found["verdict"].as_str().unwrap().contains("which no secret has"), "{found}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_in_the_cookie_is_opened_and_its_data_hidden() {
    for address in ["cookie:", "cookie:signed"] {
        let place = Place::new("cookie", address.to_owned(), None);
        let cookie = cookie(&place.sessions().await).await;
        let value = cookie.split_once('=').unwrap().1;
        let found = place.json(0, &["inspect", &cookie]);
        assert_eq!(found["session"]["status"], "live");
        assert_eq!(found["cookie_bytes"], value.len());
        assert!(!found.to_string().contains("hunter2") && !found.to_string().contains(value));
        let found = place.json(0, &["inspect", "--data", &cookie]);
        assert_eq!(found["data"]["diary"], "hunter2");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn rubbish_is_not_ours_and_an_empty_input_is_asked_for() {
    let place = Place::sqlite();
    create(&place.store().await, record("{}", 60_000)).await;
    for text in ["x", "a=b; c=d", "\u{1b}[2J"] {
        let found = place.json(3, &["inspect", text]);
        assert_eq!(found["ours"], false, "{text:?}");
    }
    assert_eq!(place.run_with(&["inspect"], "\n").code, 2);
}
