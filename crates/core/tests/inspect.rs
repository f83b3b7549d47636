//! What a cookie is: by its key, its form, its session.
#![cfg(feature = "testing")]

use cloakroom_core::*;

const OLD: &str = "a3f1c2d4e5968778695a4b3c2d1e0f00";
const NEW: &str = "0123456789abcdef-fedcba9876543210";

fn secret(text: &str) -> Secret {
    Secret::new(text).unwrap()
}

fn stored(store: &MemoryStore, secrets: &[&str]) -> Sessions {
    let builder = Sessions::builder(store.clone());
    secrets.iter().fold(builder, |builder, text| builder.secret(secret(text))).build().unwrap()
}

async fn cookie(sessions: &Sessions) -> String {
    let cookie = testing::cookie(sessions, |session| session.set("n", "hunter2")).await;
    cookie.to_str().unwrap().to_owned()
}

async fn why(sessions: &Sessions, cookie: &str) -> NotOurs {
    match sessions.inspect(cookie).await.unwrap() {
        Inspection::NotOurs(why) => why,
        other => panic!("it is ours: {other:?}"),
    }
}

/// Changes one character in the middle, to one of the alphabet.
fn changed(cookie: &str) -> String {
    let place = cookie.len() - 20;
    let other = if &cookie[place..=place] == "A" { "B" } else { "A" };
    format!("{}{other}{}", &cookie[..place], &cookie[place + 1..])
}

#[tokio::test]
async fn a_token_leads_to_its_key_and_its_session() {
    let store = MemoryStore::new();
    let before = stored(&store, &[OLD]);
    let cookie = cookie(&before).await;
    let after = stored(&store, &[NEW, OLD]);
    let value = cookie.split_once('=').unwrap().1;
    for text in [value.to_owned(), cookie.clone(), format!("Cookie: a=b; {cookie}; c=d\n")] {
        let found = after.inspect(&text).await.unwrap();
        let Inspection::Token { key, id, entry: Some(entry) } = &found else {
            panic!("{found:?}");
        };
        assert_eq!((key.id, key.place, key.secrets), (secret(OLD).key_id(), 1, 2));
        assert!(key.is_retiring());
        assert_eq!((entry.info.id, &entry.status), (*id, &Status::Live));
        let shown = format!("{found:?}");
        assert!(!shown.contains(value) && !shown.contains("hunter2"), "{shown}");
    }
    let Inspection::Token { key, id, .. } = before.inspect(&cookie).await.unwrap() else {
        panic!("it is ours");
    };
    assert!(!key.is_retiring());
    assert!(before.revoke(id).await.unwrap());
    let gone = after.inspect(&cookie).await.unwrap();
    assert!(matches!(gone, Inspection::Token { entry: None, .. }), "{gone:?}");
}

#[tokio::test]
async fn what_is_not_ours_says_why() {
    let store = MemoryStore::new();
    let sessions = stored(&store, &[OLD]);
    let cookie = cookie(&sessions).await;
    let key = secret(OLD).key_id();
    assert_ne!(key, secret(NEW).key_id());
    for text in ["", "x", "a=b", &cookie[..cookie.len() - 1], "\u{1}", "é"] {
        assert_eq!(why(&sessions, text).await, NotOurs::Form, "{text:?}");
    }
    assert_eq!(why(&sessions, &changed(&cookie)).await, NotOurs::Mismatch(key));
    assert_eq!(why(&stored(&store, &[NEW]), &cookie).await, NotOurs::UnknownKey(key));
    let other = Sessions::builder(store).secret(secret(OLD)).cookie(CookieSettings::new("other"));
    let value = cookie.split_once('=').unwrap().1;
    assert_eq!(why(&other.build().unwrap(), value).await, NotOurs::Mismatch(key));
}

#[tokio::test]
async fn a_session_that_travels_in_the_cookie_is_opened() {
    for make in [CookieDriver::signed, CookieDriver::encrypted] {
        let carried = |secrets: &[&str]| {
            let builder = Sessions::in_cookie(make().deny_list(MemoryStore::new()));
            let builder = secrets.iter().fold(builder, |builder, it| builder.secret(secret(it)));
            builder.build().unwrap()
        };
        let sessions = carried(&[OLD]);
        let cookie = cookie(&sessions).await;
        let found = sessions.inspect(&cookie).await.unwrap();
        let Inspection::Carried { key, entry, bytes, denied } = &found else {
            panic!("{found:?}");
        };
        assert_eq!((key.id, key.place, *denied), (secret(OLD).key_id(), 0, Some(false)));
        assert_eq!(*bytes, cookie.split_once('=').unwrap().1.len());
        assert_eq!((entry.data().count(), &entry.status), (1, &Status::Live));
        assert!(!format!("{found:?}").contains("hunter2"));

        sessions.revoke(entry.info.id).await.unwrap();
        let found = sessions.inspect(&cookie).await.unwrap();
        assert!(matches!(found, Inspection::Carried { denied: Some(true), .. }), "{found:?}");

        let key = secret(OLD).key_id();
        assert_eq!(why(&sessions, &changed(&cookie)).await, NotOurs::Mismatch(key));
        assert_eq!(why(&carried(&[NEW]), &cookie).await, NotOurs::UnknownKey(key));
        let retiring = carried(&[NEW, OLD]).inspect(&cookie).await.unwrap();
        assert!(matches!(retiring, Inspection::Carried { key, .. } if key.is_retiring()));
        assert_eq!(why(&sessions, "1abc").await, NotOurs::Form);
    }
}
