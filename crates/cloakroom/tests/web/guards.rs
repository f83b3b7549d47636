//! Who may pass, where the others go, and that nobody is sent to another site.

use std::time::Duration;

use axum::body::Body;
use axum::http::{Request, StatusCode};
use cloakroom::{FrozenClock, MemoryStore, Sessions};

use crate::apps::{App, Framework};
use crate::support::{Answer, Site, Visitor, secret};

on_every_store!(each_visitor_comes_as_far_as_they_may);
on_every_store!(a_sign_in_is_recent_to_the_millisecond);
on_every_store!(who_signs_in_goes_where_they_wanted_and_never_to_another_site);
on_every_store!(a_message_survives_the_way_to_the_sign_in_page);
on_every_framework!(a_guard_without_sessions_says_what_to_do_and_lets_nobody_pass);
on_every_framework!(a_store_that_is_down_is_no_stranger_at_a_guard);
on_every_framework!(an_outer_layer_sees_why_somebody_may_not_pass);

mod in_cookies {
    use super::*;

    on_every_cookie!(each_visitor_comes_as_far_as_they_may);
    on_every_cookie!(a_sign_in_is_recent_to_the_millisecond);
    on_every_cookie!(who_signs_in_goes_where_they_wanted_and_never_to_another_site);
    on_every_cookie!(a_message_survives_the_way_to_the_sign_in_page);
}

const MINUTE: Duration = Duration::from_secs(60);

/// Asks as a browser does that shows a page.
async fn browse(visitor: &mut Visitor, method: &str, path: &str) -> Answer {
    let request = Request::builder().method(method).uri(path);
    let request = request.header("accept", "text/html,*/*;q=0.8");
    visitor.ask(request.body(Body::empty()).unwrap()).await
}

fn place(answer: &Answer) -> (u16, String) {
    (answer.status.as_u16(), answer.header("location"))
}

async fn each_visitor_comes_as_far_as_they_may(site: Site) {
    let site = site.serving(App::Guards).await;
    let mut visitor = site.visitor();
    for (method, path, expected) in [
        ("GET", "/orders?page=2", (303, "/sign-in?next=%2Forders%3Fpage%3D2")),
        ("POST", "/orders", (303, "/sign-in")),
        ("GET", "/group/inner?a", (303, "/sign-in?next=%2Fgroup%2Finner%3Fa")),
        ("GET", "/grave", (303, "/confirm?next=%2Fgrave")),
        ("GET", "/api", (401, "")),
        ("GET", "/handler", (401, "")),
        ("GET", "/welcome", (200, "")),
    ] {
        let answer = browse(&mut visitor, method, path).await;
        assert_eq!(place(&answer), (expected.0, expected.1.to_owned()), "{method} {path}");
        assert_eq!(answer.set_cookie(), None);
        if answer.status != StatusCode::OK {
            assert_eq!(answer.header("cache-control"), "no-store");
            let challenge = if expected.0 == 401 { "Cookie" } else { "" };
            assert_eq!(answer.header("www-authenticate"), challenge);
        }
        assert_eq!(answer.header("vary"), "cookie");
    }
    // A script wants no page.
    assert_eq!(visitor.visit("/orders").await.status, StatusCode::UNAUTHORIZED);

    visitor.visit("/sign-in").await;
    for (method, path, expected) in [
        ("GET", "/orders", "yours"),
        ("POST", "/orders", "placed"),
        ("GET", "/group/inner", "yours"),
        ("GET", "/api", "data"),
        ("GET", "/handler", "ann"),
        ("GET", "/grave", "done"),
    ] {
        let mut visitor = site.turn(&visitor, 1);
        let answer = browse(&mut visitor, method, path).await;
        assert_eq!((answer.status, answer.body.as_str()), (StatusCode::OK, expected), "{path}");
    }
    let welcome = browse(&mut visitor, "GET", "/welcome").await;
    assert_eq!(place(&welcome), (303, "/home".to_owned()));
}

async fn a_sign_in_is_recent_to_the_millisecond(site: Site) {
    let clock = FrozenClock::default();
    let site = site.serving_with(App::Guards, |builder| builder.clock(clock.clone())).await;
    let mut visitor = site.visitor();
    visitor.visit("/sign-in").await;
    clock.advance(10 * MINUTE);
    assert_eq!(visitor.visit("/grave").await.body, "done");
    clock.advance(Duration::from_millis(1));
    let answer = visitor.visit("/grave").await;
    assert_eq!(
        (answer.status, answer.body.as_str()),
        (StatusCode::UNAUTHORIZED, "Please sign in again to go on.\n")
    );
    let sent = browse(&mut visitor, "GET", "/grave").await;
    assert_eq!(place(&sent), (303, "/confirm?next=%2Fgrave".to_owned()));
    visitor.visit("/sign-in").await;
    assert_eq!(visitor.visit("/grave").await.body, "done");
}

async fn who_signs_in_goes_where_they_wanted_and_never_to_another_site(site: Site) {
    let site = site.serving(App::Guards).await;
    let mut visitor = site.visitor();
    let sent = browse(&mut visitor, "GET", "/orders?page=2").await;
    let back = visitor.visit(&sent.header("location")).await;
    assert_eq!(back.header("location"), "/orders?page=2");
    for evil in [
        "//evil.example",
        "https:evil",
        "https://evil.example",
        "/%5Cevil.example",
        "%2F%2Fevil.example",
        "%5C%5Cevil.example",
        "/%09/evil.example",
        "/%0A/evil.example",
        "%09//evil.example",
        "%20//evil.example",
        "/%00/evil.example",
        "/.//evil.example",
        "/a/%2E%2E//evil.example",
        "javascript:alert(1)",
        "evil.example",
        "",
    ] {
        let answer = visitor.visit(&format!("/sign-in?next={evil}")).await;
        assert_eq!(place(&answer), (303, "/".to_owned()), "{evil}");
    }
    // Nor by the guard's own redirect.
    let mut stranger = visitor.stranger();
    let sent = browse(&mut stranger, "GET", "/orders?next=//evil.example").await;
    assert_eq!(sent.header("location"), "/sign-in?next=%2Forders%3Fnext%3D%2F%2Fevil.example");
}

async fn a_message_survives_the_way_to_the_sign_in_page(site: Site) {
    let site = site.serving(App::Guards).await;
    let mut visitor = site.visitor();
    visitor.visit("/say?v=hello").await;
    assert_eq!(browse(&mut visitor, "GET", "/orders").await.status, StatusCode::SEE_OTHER);
    assert_eq!(visitor.visit("/heard").await.body, "hello");
    assert_eq!(visitor.visit("/heard").await.body, "");
}

async fn a_guard_without_sessions_says_what_to_do_and_lets_nobody_pass(framework: Framework) {
    let sessions = Sessions::builder(MemoryStore::new()).secret(secret()).build().unwrap();
    let answer = framework.serve(&App::GuardAlone, &sessions).await.visitor().get("/").await;
    assert_eq!(answer.status, StatusCode::INTERNAL_SERVER_ERROR);
    assert!(answer.body.contains("add the layer of the sessions after it"), "{}", answer.body);
}

async fn a_store_that_is_down_is_no_stranger_at_a_guard(framework: Framework) {
    let site = Site::in_memory(framework).await.serving(App::Guards).await;
    let mut visitor = site.visitor();
    visitor.visit("/sign-in").await;
    site.gauge.fail(true);
    let answer = visitor.visit("/api").await;
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(answer.header("retry-after"), "5");
    site.gauge.fail(false);
    assert_eq!(visitor.visit("/api").await.body, "data");
}

async fn an_outer_layer_sees_why_somebody_may_not_pass(framework: Framework) {
    let site = Site::in_memory(framework).await.serving(App::Drawn).await;
    assert_eq!(site.visitor().get("/orders").await.body, "drawn: NotSignedIn");
}
