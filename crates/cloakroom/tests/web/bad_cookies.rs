//! Rubbish in the `Cookie` header is a fresh visit that costs no store call; nobody chooses an id but us.
//!
//! The two tests with a hundred thousand requests ask a router of axum directly.

use axum::http::{HeaderValue, StatusCode};
use cloakroom::conformance::Gauge;
use cloakroom::{MemoryStore, Sessions};

use crate::apps::axum::router;
use crate::apps::{App, Backstage};
use crate::support::{Site, Visitor, in_time, secret};

on_every_store!(rubbish_is_a_fresh_visit_without_a_store_call);
on_every_store!(of_several_cookies_the_one_that_we_signed_counts);
on_every_store!(two_different_cookies_that_we_signed_are_a_fresh_visit);

const MANY: usize = 100_000;

fn line(text: impl AsRef<[u8]>) -> HeaderValue {
    HeaderValue::from_bytes(text.as_ref()).unwrap()
}

async fn started(site: &Site) -> Visitor {
    let mut visitor = site.visitor();
    visitor.visit("/login?user=ann").await;
    visitor
}

/// Returns the token with its last character changed.
fn forged(token: &str) -> String {
    let last = if token.ends_with('A') { 'B' } else { 'A' };
    format!("{}{last}", &token[..token.len() - 1])
}

async fn assert_fresh(site: &Site, visitor: &Visitor, cookies: &[HeaderValue]) {
    let _ = site.gauge.take();
    let answer = visitor.send("/dump", cookies).await.unwrap();
    assert_eq!((answer.status, answer.body.as_str()), (StatusCode::OK, "{}"), "{cookies:?}");
    assert_eq!(answer.set_cookie(), None, "{cookies:?}");
    assert_eq!(site.gauge.take(), (0, 0), "{cookies:?}");
}

async fn rubbish_is_a_fresh_visit_without_a_store_call(site: Site) {
    let visitor = started(&site).await;
    let token = visitor.token();
    let mut values: Vec<Vec<u8>> = (0..token.len()).map(|end| token[..end].into()).collect();
    values.extend((1..token.len()).map(|start| token[start..].into()));
    for text in [
        &forged(token),
        &token.to_ascii_uppercase(),
        &token.to_ascii_lowercase(),
        &format!("{token}="),
        &format!("{token}A"),
        &format!("{token}{token}"),
        &format!("\"{token}"),
        &format!("'{token}'"),
        &token.replacen(&token[..1], "%", 1),
        &"A".repeat(44),
        &"A".repeat(60_000),
        &token.repeat(1_400),
        "null",
        "../../etc/passwd",
        "' OR 1=1 --",
        "{\"n\":1}",
    ] {
        values.push(text.into());
    }
    values.push([token.as_bytes(), b"\xff\xfe"].concat());
    values.push(token.bytes().map(|byte| byte | 0x80).collect());
    values.push(vec![0xff; 44]);
    for value in values {
        assert_fresh(&site, &visitor, &[line([b"session=", &value[..]].concat())]).await;
    }
    for header in [
        "".into(),
        ";;;=;==".into(),
        format!("Session={token}"),
        format!("xsession={token}; sessionx={token}; session ={token}"),
        format!("other=session={token}"),
        "session".into(),
        "x".repeat(60_000),
        (0..5_000).map(|n| format!("c{n}=v; ")).collect::<String>(),
    ] {
        assert_fresh(&site, &visitor, &[line(header)]).await;
    }
    let fresh = visitor.send("/write", &[line(format!("session={}", forged(token)))]).await;
    let given = fresh.unwrap().set_cookie().unwrap().to_owned();
    assert!(!given.contains(&forged(token)) && !given.contains(token), "an id of our own");
    assert_eq!(visitor.data().await["user"], "ann", "the session itself is not harmed");
}

async fn of_several_cookies_the_one_that_we_signed_counts(site: Site) {
    let visitor = started(&site).await;
    let token = visitor.token();
    let (valid, forged) = (format!("session={token}"), format!("session={}", forged(token)));
    let other = [b"name=\xff\xfe; ", valid.as_bytes()].concat();
    let hundred: String = (0..100).map(|n| format!("c{n}=v{n}; ")).collect();
    for cookies in [
        vec![line(format!("{valid}; {valid}"))],
        vec![line(format!("{valid}; {forged}"))],
        vec![line(format!("{forged}; {valid}"))],
        vec![line(format!("session=; session=x; {valid}; session"))],
        vec![line(format!("session=\"{token}\""))],
        vec![line(format!("{hundred}{valid}; {hundred}"))],
        vec![line(other)],
        vec![line(&valid), line(&valid)],
        vec![line(&valid), line(&forged)],
        vec![line(&forged), line(&valid)],
        vec![line("a=1"), line(b"b=\xff"), line(&valid), line("c=3")],
    ] {
        let answer = visitor.send("/dump", &cookies).await.unwrap();
        assert_eq!(answer.body, r#"{"user":"ann"}"#, "{cookies:?}");
        assert_eq!(answer.set_cookie(), None);
    }
}

async fn two_different_cookies_that_we_signed_are_a_fresh_visit(site: Site) {
    let (ann, mut ben) = (started(&site).await, site.visitor());
    ben.visit("/login?user=ben").await;
    let (a, b) = (ann.cookie().unwrap(), ben.cookie().unwrap());
    for cookies in [
        vec![line(format!("{a}; {b}"))],
        vec![line(format!("{b}; {a}"))],
        vec![line(format!("{a}; {b}; {a}"))],
        vec![line(a), line(b)],
    ] {
        assert_fresh(&site, &ann, &cookies).await;
    }
    assert!(ann.is_alive().await && ben.is_alive().await);
}

/// In the same program, so that a hundred thousand take seconds.
fn in_process() -> (Visitor, Gauge, MemoryStore) {
    let (gauge, store) = (Gauge::default(), MemoryStore::new());
    let sessions = Sessions::builder(gauge.measure(store.clone())).secret(secret());
    let router = router(&App::Main, &sessions.build().unwrap(), &Backstage::default());
    (Visitor::of(&router), gauge, store)
}

#[tokio::test]
async fn a_hundred_thousand_forged_tokens_cost_no_store_call() {
    in_time(async {
        let (mut visitor, gauge, store) = in_process();
        visitor.visit("/write").await;
        let _ = gauge.take();
        let alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
        let mut random = 1_u64;
        for _ in 0..MANY {
            // The first two characters hold the id of our key, so that each signature has to be verified.
            let mut token = visitor.token()[..2].to_owned();
            while token.len() < 44 {
                random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                token.push(char::from(alphabet[(random >> 58) as usize]));
            }
            let cookie = line(format!("__Host-session={token}"));
            let answer = visitor.send("/read", &[cookie]).await.unwrap();
            assert_eq!((answer.body.as_str(), answer.set_cookie()), ("0", None));
        }
        assert_eq!(gauge.take(), (0, 0));
        assert_eq!(store.len(), 1);
    })
    .await;
}

#[tokio::test]
async fn a_hundred_thousand_visitors_who_only_look_leave_nothing() {
    in_time(async {
        let (visitor, gauge, store) = in_process();
        for _ in 0..MANY {
            let answer = visitor.get("/read").await;
            assert_eq!((answer.body.as_str(), answer.set_cookie()), ("0", None));
        }
        assert_eq!(gauge.take(), (0, 0));
        assert_eq!(store.len(), 0);
    })
    .await;
}
