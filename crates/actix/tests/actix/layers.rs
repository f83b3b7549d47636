//! Where layers stand: round everything, a scope, a route, and inside of each other.

use std::sync::atomic::{AtomicUsize, Ordering};

use actix_web::test::{TestRequest, call_service, init_service, read_body};
use actix_web::{App, web};
use cloakroom_actix::{
    CrossOriginLayer, CsrfLayer, GuardLayer, Session, SessionLayer, require_user,
};
use cloakroom_core::{
    ForwardingHeader, Guard, MemoryStore, Secret, Sessions, TrustedProxies, UserId, ambient,
    testing,
};

use crate::support::{ann, cookie_of, gauged, get, lines, memory, visit, visits};

#[actix_web::test]
async fn a_session_lasts_from_request_to_request() {
    let layer = SessionLayer::new(memory());
    let app = init_service(App::new().route("/", web::get().to(visit)).wrap(layer)).await;
    let first = call_service(&app, TestRequest::default().to_request()).await;
    assert_eq!(lines(&first, "vary"), ["cookie"]);
    assert_eq!(lines(&first, "cache-control"), ["no-cache=\"set-cookie\""]);
    let cookie = cookie_of(&first).expect("a session has begun");
    assert_eq!(read_body(first).await, "1");
    let second = call_service(&app, get("/", &cookie).to_request()).await;
    assert_eq!(cookie_of(&second), None);
    assert_eq!(read_body(second).await, "2");
}

#[actix_web::test]
async fn layers_of_the_same_sessions_inside_each_other_are_one() {
    let (sessions, gauge) = gauged();
    let layer = || SessionLayer::new(sessions.clone());
    let inner = web::scope("/inner").service(
        web::resource("/visit").wrap(layer()).wrap(layer().ambient()).to(async |_: Session| {
            ambient::session().unwrap().increment("visits", 1).unwrap().to_string()
        }),
    );
    let app = App::new().service(web::scope("/outer").service(inner.wrap(layer())).wrap(layer()));
    let app = init_service(app.wrap(layer())).await;
    let first = call_service(&app, TestRequest::with_uri("/outer/inner/visit").to_request()).await;
    assert_eq!(lines(&first, "vary"), ["cookie"]);
    let cookie = cookie_of(&first).unwrap();
    assert_eq!(gauge.take(), (0, 1));
    assert_eq!(visits(&sessions, &cookie).await, Some(1));
}

#[actix_web::test]
async fn two_kinds_of_sessions_stand_inside_each_other() {
    let named = |name: &str| {
        let cookie = cloakroom_core::CookieSettings::new(name);
        let builder = Sessions::builder(MemoryStore::new()).cookie(cookie);
        builder.secret(Secret::generate().unwrap()).insecure_http().build().unwrap()
    };
    let (shop, office) = (named("shop"), named("office"));
    let app = App::new().service(
        web::scope("")
            .route("/", web::get().to(visit))
            .wrap(SessionLayer::new(office.clone()))
            .wrap(SessionLayer::new(shop.clone())),
    );
    let app = init_service(app).await;
    let (at_shop, at_office) = (ann(&shop).await, ann(&office).await);
    let both = format!("{at_shop}; {at_office}");
    let response = call_service(&app, get("/", &both).to_request()).await;
    assert_eq!(lines(&response, "vary"), ["cookie"]);
    // The inner one is what the handler sees.
    assert_eq!(visits(&office, &at_office).await, Some(1));
    assert_eq!(visits(&shop, &at_shop).await, Some(0));
}

#[actix_web::test]
async fn what_the_application_says_to_caches_and_browsers_stays() {
    async fn page(session: Session) -> actix_web::HttpResponse {
        session.set("a", "b").unwrap();
        let mut response = actix_web::HttpResponse::Ok();
        response.append_header(("vary", "accept"));
        response.append_header(("cache-control", "private, max-age=60"));
        response.append_header(("set-cookie", "theme=dark"));
        response.append_header(("set-cookie", "session=of an older time"));
        response.finish()
    }
    let app = App::new().route("/", web::get().to(page)).wrap(SessionLayer::new(memory()));
    let app = init_service(app).await;
    let response = call_service(&app, TestRequest::default().to_request()).await;
    assert_eq!(lines(&response, "vary"), ["accept", "cookie"]);
    assert_eq!(lines(&response, "cache-control"), ["private, max-age=60"]);
    let cookies = lines(&response, "set-cookie");
    assert_eq!(cookies.len(), 2, "{cookies:?}");
    assert_eq!(cookies[0], "theme=dark");
    assert!(cookies[1].starts_with("session=") && !cookies[1].contains("older"), "{cookies:?}");
}

#[actix_web::test]
async fn the_address_is_the_peers_or_the_one_that_a_trusted_proxy_tells() {
    let proxies = || TrustedProxies::new(["192.0.2.1"]).unwrap();
    let sessions = memory();
    let layer = || SessionLayer::new(sessions.clone());
    let ann = UserId::new("ann").unwrap();
    for (layer, expected) in [
        (layer(), Some("192.0.2.1")),
        (layer().address(|_| None), None),
        (layer().trusted_proxies(proxies()), Some("203.0.113.9")),
        (
            layer().trusted_proxies(proxies().header(ForwardingHeader::Forwarded)),
            Some("203.0.113.10"),
        ),
    ] {
        let sign_in = async |session: Session| session.sign_in("ann").is_ok().to_string();
        let app = App::new().route("/", web::get().to(sign_in)).wrap(layer);
        let request = TestRequest::default()
            .peer_addr("192.0.2.1:4711".parse().unwrap())
            .insert_header(("x-forwarded-for", "203.0.113.9"))
            .insert_header(("forwarded", "for=203.0.113.10"))
            .insert_header(("user-agent", "a browser"));
        call_service(&init_service(app).await, request.to_request()).await;
        let signed_in = sessions.of_user(&ann).await.unwrap();
        let address = signed_in[0].address.map(|address| address.to_string());
        assert_eq!(address.as_deref(), expected);
        assert_eq!(signed_in[0].user_agent.as_deref(), Some("a browser"));
        sessions.revoke_all(&ann).await.unwrap();
    }
}

#[actix_web::test]
async fn a_guard_leads_back_to_the_whole_target_also_from_inside_a_scope() {
    let sessions = memory();
    let guard = require_user().or_sign_in_at("/sign-in").unwrap();
    let members = web::scope("/account").service(
        web::resource("/orders")
            .wrap(guard)
            .to(async |session: Session| session.user().unwrap().to_string()),
    );
    let app = App::new().service(members).wrap(SessionLayer::new(sessions.clone()));
    let app = init_service(app).await;
    let stranger =
        TestRequest::with_uri("/account/orders?page=2").insert_header(("accept", "text/html"));
    let refused = call_service(&app, stranger.to_request()).await;
    assert_eq!(refused.status(), 303);
    assert_eq!(lines(&refused, "location"), ["/sign-in?next=%2Faccount%2Forders%3Fpage%3D2"]);
    let refusal = refused.response().extensions().get().copied();
    assert_eq!(refusal, Some(cloakroom_core::GuardRefusal::NotSignedIn));
    for (name, value, status) in [
        ("sec-fetch-mode", "navigate", 303),
        ("sec-fetch-mode", "cors", 401),
        ("hx-request", "true", 401),
    ] {
        let stranger = TestRequest::with_uri("/account/orders").insert_header((name, value));
        let stranger =
            stranger.append_header(("accept", if status == 303 { "*/*" } else { "text/html" }));
        let refused = call_service(&app, stranger.to_request()).await;
        assert_eq!(refused.status(), status, "{name}: {value}");
    }
    let member = get("/account/orders", &ann(&sessions).await);
    assert_eq!(read_body(call_service(&app, member.to_request()).await).await, "ann");
}

#[actix_web::test]
async fn what_needs_a_session_says_so_where_there_is_none() {
    let guarded = App::new()
        .route("/", web::get().to(async || ""))
        .wrap(GuardLayer::new(Guard::require_user()));
    let checked = App::new().route("/", web::post().to(async || "")).wrap(CsrfLayer::default());
    let get = call_service(&init_service(guarded).await, TestRequest::get().to_request()).await;
    let post = call_service(&init_service(checked).await, TestRequest::post().to_request()).await;
    for response in [get.map_into_boxed_body(), post.map_into_boxed_body()] {
        assert_eq!(response.status(), 500);
        let text = String::from_utf8(read_body(response).await.to_vec()).unwrap();
        assert!(text.contains("add the layer of the sessions after it"), "{text}");
    }
}

#[actix_web::test]
async fn requests_of_other_sites_are_refused_before_the_application_sees_them() {
    let seen = web::Data::new(AtomicUsize::new(0));
    let count = async |seen: web::Data<AtomicUsize>| {
        seen.fetch_add(1, Ordering::Relaxed);
        "done"
    };
    let app = App::new()
        .app_data(seen.clone())
        .service(web::resource("/").to(count))
        .wrap(CrossOriginLayer::default());
    let app = init_service(app).await;
    let from = |site: &'static str| TestRequest::post().insert_header(("sec-fetch-site", site));
    assert_eq!(call_service(&app, from("same-origin").to_request()).await.status(), 200);
    let refused = call_service(&app, from("cross-site").to_request()).await;
    assert_eq!(refused.status(), 403);
    assert!(refused.response().extensions().contains::<cloakroom_core::CrossOriginRefusal>());
    let socket = TestRequest::get()
        .insert_header(("upgrade", "websocket"))
        .insert_header(("sec-fetch-site", "cross-site"));
    assert_eq!(call_service(&app, socket.to_request()).await.status(), 403);
    for (origin, status) in [("https://shop.example", 200), ("https://evil.example", 403)] {
        let request = TestRequest::post().insert_header(("host", "shop.example"));
        let request = request.insert_header(("origin", origin)).to_request();
        assert_eq!(call_service(&app, request).await.status(), status, "{origin}");
    }
    assert_eq!(seen.load(Ordering::Relaxed), 2);
}

#[actix_web::test]
async fn a_session_that_was_ended_or_forged_is_none() {
    let sessions = memory();
    let app = App::new().route("/", web::get().to(visit)).wrap(SessionLayer::new(sessions.clone()));
    let app = init_service(app).await;
    let cookie = testing::signed_in(&sessions, "ann").await;
    let cookie = cookie.to_str().unwrap();
    sessions.revoke_all(&UserId::new("ann").unwrap()).await.unwrap();
    for dead in [cookie, "session=made up"] {
        let response = call_service(&app, get("/", dead).to_request()).await;
        assert_ne!(cookie_of(&response).as_deref(), Some(dead));
        assert_eq!(read_body(response).await, "1");
    }
}
