//! CSRF tokens: in a form, in a header, for this session, and not after the next sign-in.

use std::time::Duration;

use axum::body::Body;
use axum::http::{Request, StatusCode};
use cloakroom::{FrozenClock, MemoryStore, Secret, Sessions};

use crate::apps::{App, Framework};
use crate::support::{Site, Visitor, secret};

on_every_store!(a_form_passes_with_its_token_and_not_without);
on_every_store!(a_token_that_was_shown_while_the_session_began_or_renewed_is_good);
on_every_store!(tokens_die_with_a_sign_in_and_outlive_a_periodic_renewal_once);
on_every_store!(tokens_of_two_visitors_are_not_exchangeable);
on_every_framework!(a_token_outlives_a_change_of_the_secret);
on_every_framework!(who_needs_no_token_costs_no_store_call);
on_every_framework!(an_outer_layer_sees_why_a_form_was_refused);

mod in_cookies {
    use super::*;

    on_every_cookie!(a_form_passes_with_its_token_and_not_without);
    on_every_cookie!(a_token_that_was_shown_while_the_session_began_or_renewed_is_good);
    on_every_cookie!(tokens_die_with_a_sign_in_and_outlive_a_periodic_renewal_once);
    on_every_cookie!(tokens_of_two_visitors_are_not_exchangeable);
}

async fn send(visitor: &mut Visitor, token: &str) -> StatusCode {
    visitor.post("/put", &[("x-csrf-token", token)], "").await.status
}

async fn a_form_passes_with_its_token_and_not_without(site: Site) {
    let site = site.serving(App::Csrf).await;
    let mut visitor = site.visitor();
    for (method, path) in [("POST", "/add"), ("PUT", "/put"), ("DELETE", "/put")] {
        let request = Request::builder().method(method).uri(path).body(Body::empty()).unwrap();
        let answer = visitor.ask(request).await;
        assert_eq!((answer.status, answer.set_cookie()), (StatusCode::FORBIDDEN, None), "{path}");
        assert!(
            answer.body.contains("Session::csrf_token, which begins a session"),
            "{}",
            answer.body
        );
    }
    assert_eq!(visitor.get("/add").await.body, "shown");
    assert_eq!(visitor.post("/hook", &[], "").await.body, "hooked");

    let shown = visitor.visit("/token").await;
    assert!(shown.set_cookie().is_some(), "a token begins a session");
    let token = shown.body;
    let again = visitor.visit("/token").await;
    assert!(again.set_cookie().is_none() && again.body != token);
    let mut visitor = site.turn(&visitor, 1);
    for (n, token) in [&token, &again.body, &token].into_iter().enumerate() {
        let form = format!("a=b&csrf_token={token}&c=d");
        let answer = visitor.post("/add", &[], form).await;
        assert_eq!((answer.status, answer.body), (StatusCode::OK, format!("{} 3", n + 1)));
    }
    assert_eq!(send(&mut visitor, &token).await, StatusCode::OK);
    let multipart = ("content-type", "multipart/form-data; boundary=x");
    let answer = visitor.post("/put", &[multipart, ("x-csrf-token", &token)], "--x--").await;
    assert_eq!(answer.body, "5");

    let refused = [
        (vec![], String::new(), 403),
        (vec![], "csrf_token=".to_owned(), 403),
        (vec![], format!("csrf_token={}", "A".repeat(43)), 403),
        (vec![], format!("csrf_token=x&csrf_token={token}"), 403),
        (vec![], format!("csrf_token={token}x"), 403),
        (vec![("x-csrf-token", "")], format!("csrf_token={token}"), 403),
        (vec![("x-csrf-token", "x")], format!("csrf_token={token}"), 403),
        (vec![("content-type", "text/plain")], format!("csrf_token={token}"), 403),
        (
            vec![("content-type", "application/json")],
            format!("{{\"csrf_token\":\"{token}\"}}"),
            403,
        ),
        (vec![multipart], format!("csrf_token={token}"), 403),
        (vec![], format!("a={}&csrf_token={token}", "b".repeat(2_000)), 413),
    ];
    for (headers, form, status) in refused {
        let answer = visitor.post("/add", &headers, form.clone()).await;
        assert_eq!(answer.status.as_u16(), status, "{headers:?} {form}");
        assert!(answer.body.contains("Developers"), "{}", answer.body);
    }
    assert_eq!(visitor.visit("/whose").await.body, "nobody 1");
    assert_eq!(send(&mut visitor, &token).await, StatusCode::OK);
}

/// Whatever a page does before it shows its form.
async fn a_token_that_was_shown_while_the_session_began_or_renewed_is_good(site: Site) {
    let site = site.serving(App::Csrf).await;
    for before in ["", "/after?done=set", "/after?done=sign-in"] {
        for done in [
            "set",
            "sign-in",
            "renew",
            "set,renew",
            "sign-out",
            "sign-out,set",
            "sign-in-bob",
            "set,save",
            "sign-in,save",
            "sign-out,sign-in",
            "renew,save,renew",
        ] {
            let mut visitor = site.visitor();
            if !before.is_empty() {
                visitor.visit(before).await;
            }
            let shown = visitor.visit(&format!("/after?done={done}")).await;
            assert_eq!(shown.status, StatusCode::OK, "{}", shown.body);
            assert!(visitor.cookie().is_some());
            let mut visitor = site.turn(&visitor, 1);
            assert_eq!(send(&mut visitor, &shown.body).await, StatusCode::OK, "{before} {done}");
        }
    }
}

async fn tokens_die_with_a_sign_in_and_outlive_a_periodic_renewal_once(site: Site) {
    const HOUR: Duration = Duration::from_secs(3_600);
    let clock = FrozenClock::default();
    let configure = |builder: cloakroom::SessionsBuilder| {
        builder.clock(clock.clone()).idle_timeout(100 * HOUR).renewal_timeout(HOUR)
    };
    let site = site.serving_with(App::Csrf, configure).await;
    let mut visitor = site.visitor();
    for done in ["sign-in", "sign-in", "sign-in-bob", "renew", "sign-out"] {
        let old = visitor.visit("/after?done=set").await.body;
        let new = visitor.visit(&format!("/after?done={done}")).await.body;
        assert_eq!(send(&mut visitor, &old).await, StatusCode::FORBIDDEN, "{done}");
        assert_eq!(send(&mut visitor, &new).await, StatusCode::OK, "{done}");
    }
    let open = visitor.visit("/token").await.body;
    clock.advance(HOUR);
    let renewing = visitor.visit("/token").await;
    assert!(renewing.set_cookie().is_some(), "the session was renewed");
    clock.advance(HOUR / 2);
    let new = visitor.visit("/token").await.body;
    for token in [&open, &renewing.body, &new] {
        assert_eq!(send(&mut visitor, token).await, StatusCode::OK);
    }
    clock.advance(HOUR);
    assert!(visitor.visit("/token").await.set_cookie().is_some());
    for (token, expected) in [(&open, 403), (&renewing.body, 403), (&new, 200)] {
        assert_eq!(send(&mut visitor, token).await.as_u16(), expected);
    }
}

async fn tokens_of_two_visitors_are_not_exchangeable(site: Site) {
    let site = site.serving(App::Csrf).await;
    let (mut ann, mut eve) = (site.visitor(), site.visitor());
    let of_ann = ann.visit("/after?done=sign-in").await.body;
    let of_eve = eve.visit("/after?done=sign-in").await.body;
    assert_eq!(send(&mut ann, &of_eve).await, StatusCode::FORBIDDEN);
    assert_eq!(send(&mut eve, &of_ann).await, StatusCode::FORBIDDEN);
    assert_eq!(send(&mut site.visitor(), &of_eve).await, StatusCode::FORBIDDEN);
    assert_eq!(send(&mut ann, &of_ann).await, StatusCode::OK);
}

async fn a_token_outlives_a_change_of_the_secret(framework: Framework) {
    let store = MemoryStore::new();
    let old = Secret::new((0..40).collect::<Vec<u8>>()).unwrap();
    let serve = async |secrets: &[&Secret]| {
        let builder = Sessions::builder(store.clone());
        let builder =
            secrets.iter().fold(builder, |builder, &secret| builder.secret(secret.clone()));
        framework.serve(&App::Csrf, &builder.build().unwrap()).await
    };
    let new = secret();
    let mut visitor = serve(&[&old]).await.visitor();
    let token = visitor.visit("/token").await.body;
    for (secrets, expected) in [(&[&new, &old][..], 200), (&[&new], 403)] {
        visitor = visitor.at(&serve(secrets).await);
        assert_eq!(send(&mut visitor, &token).await, expected);
    }
}

async fn who_needs_no_token_costs_no_store_call(framework: Framework) {
    let site = Site::in_memory(framework).await.serving(App::Csrf).await;
    let mut visitor = site.visitor();
    visitor.visit("/token").await;
    let _ = site.gauge.take();
    visitor.visit("/add").await;
    visitor.post("/hook", &[], "").await;
    assert_eq!(site.gauge.take(), (0, 0));
    visitor.visit("/token").await;
    assert_eq!(site.gauge.take(), (1, 0));
}

async fn an_outer_layer_sees_why_a_form_was_refused(framework: Framework) {
    let site = Site::in_memory(framework).await.serving(App::Drawn).await;
    let mut visitor = site.visitor();
    assert_eq!(visitor.post("/add", &[], "").await.body, "drawn: NoSession");
    visitor.visit("/token").await;
    assert_eq!(visitor.post("/add", &[], "").await.body, "drawn: Missing");
    assert_eq!(visitor.post("/add", &[], "csrf_token=x").await.body, "drawn: Wrong");
}
