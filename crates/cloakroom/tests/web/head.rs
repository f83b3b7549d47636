//! What the session adds to the head of a response: the cookie byte for byte, and what caches are told.

use axum::http::{HeaderName, StatusCode};
use cloakroom::conformance::Gauge;
use cloakroom::{CookieSettings, FrozenClock, MemoryStore, SameSite, Sessions, SessionsBuilder};

use crate::apps::{App, Framework};
use crate::support::{Answer, Site, secret};

on_every_framework!(the_cookie_and_its_removal_byte_for_byte);
on_every_framework!(a_visitor_who_is_remembered_gets_a_cookie_that_is_kept);
on_every_store!(an_answer_says_what_it_must_and_no_more);
on_every_framework!(what_the_application_says_itself_stays);
on_every_framework!(a_plain_page_has_nothing_but_its_own_headers);

fn sessions(set: impl FnOnce(SessionsBuilder) -> SessionsBuilder) -> Sessions {
    let builder = Sessions::builder(MemoryStore::new()).secret(secret());
    set(builder.clock(FrozenClock::default())).build().unwrap()
}

/// Returns the lines that give and that remove the cookie, with `TOKEN` in the place of the token.
async fn lines(
    framework: Framework,
    set: impl FnOnce(SessionsBuilder) -> SessionsBuilder,
) -> [String; 2] {
    let mut visitor = framework.serve(&App::Main, &sessions(set)).await.visitor();
    let line = visitor.visit("/write").await.set_cookie().unwrap().to_owned();
    let token = visitor.token();
    assert_eq!(token.len(), 44);
    assert!(token.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte)));
    let removal = visitor.get("/logout").await.set_cookie().unwrap().to_owned();
    [line.replacen(token, "TOKEN", 1), removal]
}

async fn the_cookie_and_its_removal_byte_for_byte(framework: Framework) {
    type Set = fn(SessionsBuilder) -> SessionsBuilder;
    let cases: [(Set, &str, &str, &str); 6] = [
        (|builder| builder, "__Host-session", "; HttpOnly; SameSite=Lax; Secure; Path=/", ""),
        (|builder| builder.insecure_http(), "session", "; HttpOnly; SameSite=Lax; Path=/", ""),
        (
            |builder| builder.cookie(CookieSettings::new("admin").same_site(SameSite::Strict)),
            "__Host-admin",
            "; HttpOnly; SameSite=Strict; Secure; Path=/",
            "",
        ),
        (
            |builder| {
                let cookie = CookieSettings::default().domain("example.org").path("/shop");
                builder.cookie(cookie.without_host_prefix())
            },
            "__Secure-session",
            "; HttpOnly; SameSite=Lax; Secure; Path=/shop; Domain=example.org",
            "",
        ),
        (
            |builder| {
                let cookie = CookieSettings::default().same_site(SameSite::None);
                builder.cookie(cookie.partitioned())
            },
            "__Host-session",
            "; HttpOnly; SameSite=None; Partitioned; Secure; Path=/",
            "",
        ),
        (
            |builder| builder.cookie(CookieSettings::default().persistent()),
            "__Host-session",
            "; HttpOnly; SameSite=Lax; Secure; Path=/",
            "; Max-Age=2592000",
        ),
    ];
    for (set, name, attributes, age) in cases {
        let gone = "; Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT";
        let given = format!("{name}=TOKEN{attributes}{age}");
        assert_eq!(lines(framework, set).await, [given, format!("{name}={attributes}{gone}")]);
    }
}

async fn a_visitor_who_is_remembered_gets_a_cookie_that_is_kept(framework: Framework) {
    let mut visitor = framework.serve(&App::Main, &sessions(|builder| builder)).await.visitor();
    let answer = visitor.visit("/remember").await;
    let line = answer.set_cookie().unwrap();
    assert!(line.ends_with("; HttpOnly; SameSite=Lax; Secure; Path=/; Max-Age=7776000"), "{line}");
}

async fn an_answer_says_what_it_must_and_no_more(site: Site) {
    let mut visitor = site.visitor();
    let ours = ["vary", "cache-control", "set-cookie"];
    let head = |answer: &Answer| ours.map(|name| answer.header(name));
    let _ = site.gauge.take();

    assert_eq!(head(&visitor.get("/plain").await), ["", "", ""], "not used");
    assert_eq!(head(&visitor.get("/read").await), ["cookie", "", ""], "a visitor who only looks");
    assert_eq!(site.gauge.take(), (0, 0));

    let first = visitor.visit("/write").await;
    assert_eq!(head(&first)[..2], ["cookie", "no-cache=\"set-cookie\""]);
    assert!(first.set_cookie().is_some());
    assert_eq!(site.gauge.take(), (0, 1));

    assert_eq!(
        head(&visitor.get("/plain").await),
        ["", "", ""],
        "not used by one who has a session"
    );
    assert_eq!(site.gauge.take(), (0, 0));
    assert_eq!(head(&visitor.get("/read").await), ["cookie", "", ""]);
    assert_eq!(site.gauge.take(), (1, 0));
    assert_eq!(
        head(&visitor.get("/write").await),
        ["cookie", "", ""],
        "the browser has it already"
    );
    assert_eq!(site.gauge.take(), (1, 1));

    let end = visitor.visit("/logout").await;
    assert_eq!(head(&end)[..2], ["cookie", "no-cache=\"set-cookie\""]);
    assert_eq!(site.gauge.take(), (1, 1));
}

async fn what_the_application_says_itself_stays(framework: Framework) {
    let visitor = framework.serve(&App::Main, &sessions(|builder| builder)).await.visitor();
    let answer = visitor.get("/own-head").await;
    assert_eq!(answer.header("vary"), "Accept-Encoding, Cookie");
    assert_eq!(answer.header("cache-control"), "no-store");
    let cookies = answer.header("set-cookie");
    assert!(cookies.starts_with("theme=dark; Path=/, __Host-session="), "{cookies}");
}

async fn a_plain_page_has_nothing_but_its_own_headers(framework: Framework) {
    let gauge = Gauge::default();
    let sessions = Sessions::builder(gauge.measure(MemoryStore::new())).secret(secret());
    let sessions = sessions.build().unwrap();
    let mut visitor = framework.serve(&App::Main, &sessions).await.visitor();
    visitor.visit("/write").await;
    let _ = gauge.take();
    let answer = visitor.get("/plain").await;
    assert_eq!(answer.status, StatusCode::OK);
    let mut names: Vec<_> = answer.headers.keys().map(HeaderName::as_str).collect();
    names.sort_unstable();
    assert_eq!(names, ["content-length", "content-type", "date"]);
    assert_eq!(gauge.take(), (0, 0));
}
