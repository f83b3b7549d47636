//! The shop over plain HTTP, without a browser: what browsers hide, and what they would not send.

mod visitor;

use axum::http::{StatusCode, header};
use visitor::{Visitor, open, open_shop, open_with_closing};

const SIGN_UP: &str = "name=Ada&email=ada%40example.org&password=a+short+sentence";
const SIGN_IN: &str = "email=ada%40example.org&password=a+short+sentence";

#[tokio::test]
async fn who_only_looks_gets_no_cookie() {
    let mut visitor = open_shop().await;
    for path in [
        "/",
        "/?kind=coats",
        "/products/just-in-case",
        "/cart",
        "/sign-in",
        "/sign-up",
        "/signed-out",
    ] {
        let page = visitor.get(path).await;
        assert_eq!(page.status, StatusCode::OK, "{path}");
        assert!(!page.headers.contains_key(header::SET_COOKIE), "{path}");
    }
}

#[tokio::test]
async fn a_form_leads_to_a_page_and_a_message_that_shows_once() {
    let mut visitor = open_shop().await;
    let added = visitor.post("/cart/add", "product=just-in-case&quantity=3").await;
    assert_eq!((added.status, added.header(header::LOCATION)), (StatusCode::SEE_OTHER, "/cart"));

    let message = "Just-in-case is in your cart.";
    let cart = visitor.get("/cart").await;
    assert!(cart.body.contains(message) && cart.body.contains("£144.00"));
    assert!(!visitor.get("/cart").await.body.contains(message));
}

#[tokio::test]
async fn a_page_that_is_not_there_does_not_use_up_a_message() {
    let mut visitor = open_shop().await;
    visitor.post("/cart/add", "product=just-in-case&quantity=1").await;
    assert_eq!(visitor.get("/apple-touch-icon.png").await.status, StatusCode::NOT_FOUND);
    assert_eq!(visitor.get("/favicon.svg").await.status, StatusCode::OK);
    assert!(visitor.get("/cart").await.body.contains("is in your cart."));
}

#[tokio::test]
async fn what_is_not_sold_cannot_be_seen_or_put_in_the_cart() {
    let mut visitor = open_shop().await;
    assert_eq!(visitor.get("/products/ruff").await.status, StatusCode::NOT_FOUND);
    let added = visitor.post("/cart/add", "product=ruff&quantity=1").await;
    assert_eq!(added.status, StatusCode::NOT_FOUND);
    assert_eq!(visitor.cookie, None);
}

#[tokio::test]
async fn a_form_of_another_site_is_turned_away() {
    let mut visitor = open_shop().await;
    for (name, value) in [("sec-fetch-site", "cross-site"), ("origin", "https://evil.example")] {
        let mut request = Visitor::form("/cart/add", "product=just-in-case&quantity=1");
        request.headers_mut().insert(name, value.parse().expect("a header"));
        request.headers_mut().insert(header::HOST, "shop.example".parse().expect("a header"));
        let answer = visitor.send(request).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{name}");
        assert!(answer.body.contains("Not through this door"));
        assert_eq!(visitor.cookie, None);
    }
}

#[tokio::test]
async fn a_refused_form_comes_back_with_its_values_but_not_the_password() {
    let mut visitor = open_shop().await;
    let form = "name=Ada+%3CLovelace%3E&email=ada&password=tiny";
    assert_eq!(visitor.post("/sign-up", form).await.header(header::LOCATION), "/sign-up");
    let page = visitor.get("/sign-up").await.body;
    assert!(page.contains("Ada &#60;Lovelace&#62;") && page.contains(r#"value="ada""#));
    assert!(page.contains("email-problem") && page.contains("password-problem"));
    assert!(!page.contains("name-problem") && !page.contains("tiny"));
    assert!(!visitor.get("/sign-up").await.body.contains("email-problem"));
}

#[tokio::test]
async fn an_address_has_one_account() {
    let mut visitor = open_shop().await;
    visitor.post("/sign-up", SIGN_UP).await;
    visitor.post("/sign-out", "").await;
    let again = visitor
        .post("/sign-up", "name=Eve&email=ADA%40example.org&password=another+sentence")
        .await;
    assert_eq!(again.header(header::LOCATION), "/sign-up");
    assert!(
        visitor
            .get("/sign-up")
            .await
            .body
            .contains("There is an account with this address already.")
    );
}

#[tokio::test]
async fn a_wrong_password_and_an_unknown_address_get_the_same_answer() {
    let mut visitor = open_shop().await;
    visitor.post("/sign-up", SIGN_UP).await;
    visitor.post("/sign-out", "").await;

    let mut pages = Vec::new();
    for email in ["ada@example.org", "eve@example.org"] {
        let mut visitor = visitor.clone();
        let form = format!("email={email}&password=not+the+password");
        let answer = visitor.post("/sign-in", &form).await;
        assert_eq!(
            (answer.status, answer.header(header::LOCATION)),
            (StatusCode::SEE_OTHER, "/sign-in")
        );
        let page = visitor.get("/sign-in").await.body;
        assert!(page.contains("do not go together") && page.contains(email));
        pages.push(page.replace(email, "…"));
    }
    assert_eq!(pages[0], pages[1]);
}

#[tokio::test]
async fn signing_in_renews_the_session_and_keeps_the_cart() {
    let mut visitor = open_shop().await;
    visitor.post("/sign-up", SIGN_UP).await;
    visitor.post("/sign-out", "").await;
    assert_eq!(visitor.cookie, None);

    visitor.post("/cart/add", "product=just-in-case&quantity=1").await;
    let mut fixed = visitor.clone();
    visitor.post("/sign-in", SIGN_IN).await;
    assert_ne!(visitor.cookie, fixed.cookie);
    assert!(visitor.get("/cart").await.body.contains("£48.00"));
    assert_eq!(visitor.get("/account").await.status, StatusCode::OK);
    assert_eq!(fixed.get("/account").await.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn only_who_asks_for_it_is_remembered_when_the_browser_closes() {
    let mut visitor = open_shop().await;
    let signed_up = visitor.post("/sign-up", SIGN_UP).await;
    assert!(!signed_up.header(header::SET_COOKIE).contains("Max-Age"));
    assert!(visitor.get("/account").await.body.contains("No, only for this visit"));

    let remembered = visitor.post("/sign-in", &format!("{SIGN_IN}&remember=yes")).await;
    assert!(remembered.header(header::SET_COOKIE).contains("Max-Age"));
    assert!(visitor.get("/account").await.body.contains("Yes, for a month after each visit"));

    let as_usual = visitor.post("/sign-in", SIGN_IN).await;
    assert!(!as_usual.header(header::SET_COOKIE).contains("Max-Age"));
}

#[tokio::test]
async fn after_sign_out_the_old_cookie_is_a_strangers() {
    let mut visitor = open_shop().await;
    visitor.post("/sign-up", SIGN_UP).await;
    let mut thief = visitor.clone();
    visitor.post("/sign-out", "").await;
    assert_eq!(visitor.cookie, None, "the browser is told to forget it");
    let account = thief.get("/account").await;
    assert_eq!(
        (account.status, account.header(header::LOCATION)),
        (StatusCode::SEE_OTHER, "/sign-in?next=%2Faccount")
    );
}

#[tokio::test]
async fn a_button_pressed_twice_places_one_order() {
    let mut visitor = open_shop().await;
    visitor.post("/sign-up", SIGN_UP).await;
    visitor.post("/cart/add", "product=just-in-case&quantity=2").await;
    let page = visitor.get("/checkout").await.body;
    let (_, rest) = page.split_once(r#"name="ticket" value=""#).expect("a ticket");
    let (ticket, _) = rest.split_once('"').expect("its end");
    let form = format!("ticket={ticket}");

    let mut again = visitor.clone();
    let (first, second) =
        tokio::join!(visitor.post("/orders", &form), again.post("/orders", &form));
    assert_eq!((first.status, second.status), (StatusCode::SEE_OTHER, StatusCode::SEE_OTHER));

    let account = visitor.get("/account").await.body;
    assert_eq!(account.matches("£96.00").count(), 1);
    assert!(visitor.get("/cart").await.body.contains("Nothing on your hook yet."));
}

#[tokio::test]
async fn nobody_orders_without_signing_in() {
    let mut visitor = open_shop().await;
    visitor.post("/cart/add", "product=just-in-case&quantity=2").await;
    let order = visitor.post("/orders", "ticket=mine").await;
    assert_eq!(order.header(header::LOCATION), "/sign-in");
    assert!(visitor.get("/cart").await.body.contains("£96.00"));
}

#[tokio::test]
async fn a_visitor_is_sent_back_into_the_shop_and_nowhere_else() {
    let mut visitor = open_shop().await;
    let chosen = visitor.post("/theme", "theme=dark&back=%2Fcart").await;
    assert_eq!(chosen.header(header::LOCATION), "/cart");
    assert!(visitor.get("/").await.body.contains(r#"data-theme="dark""#));
    for elsewhere in ["https%3A%2F%2Fevil.example", "%2F%2Fevil.example", "%2F%5Cevil.example"] {
        let chosen = visitor.post("/theme", &format!("theme=light&back={elsewhere}")).await;
        assert_eq!(chosen.status, StatusCode::UNPROCESSABLE_ENTITY, "{elsewhere}");
    }
}

#[tokio::test]
async fn pages_are_not_kept_by_caches_and_run_no_script_but_the_shops() {
    let mut visitor = open_shop().await;
    visitor.post("/sign-up", SIGN_UP).await;
    for path in ["/", "/account", "/nowhere"] {
        let page = visitor.get(path).await;
        assert!(
            page.header(header::CONTENT_SECURITY_POLICY).starts_with(
                "default-src 'none'; script-src 'self'; connect-src 'self'; style-src"
            )
        );
        assert_eq!(page.header(header::X_CONTENT_TYPE_OPTIONS), "nosniff");
        assert!(page.header(header::CACHE_CONTROL).contains("no-store"), "{path}");
    }
    let page = visitor.get("/").await.body;
    let (_, rest) = page.split_once(r#"rel="stylesheet" href=""#).expect("a style sheet");
    let (address, _) = rest.split_once('"').expect("its end");
    let style_sheet = visitor.get(address).await;
    assert!(style_sheet.header(header::CACHE_CONTROL).contains("immutable"));
    assert_eq!(style_sheet.header(header::CONTENT_TYPE), "text/css; charset=utf-8");
    let (_, rest) = page.split_once(r#"<script src=""#).expect("a script");
    let (address, _) = rest.split_once('"').expect("its end");
    let script = visitor.get(address).await;
    assert_eq!(script.header(header::CONTENT_TYPE), "text/javascript; charset=utf-8");
    let signed_out = open_shop().await.get("/").await.body;
    assert!(!signed_out.contains("<script"), "nothing to listen for");
}

#[tokio::test]
async fn who_is_not_signed_in_is_told_so_at_once_and_keeps_their_messages() {
    let mut visitor = open_shop().await;
    visitor.post("/cart/add", "product=just-in-case&quantity=1").await;
    let told = visitor.get("/live").await;
    assert_eq!(told.header(header::CONTENT_TYPE), "text/event-stream");
    assert!(told.body.contains("event: signed-out"), "{}", told.body);
    assert!(
        visitor.get("/cart").await.body.contains("is in your cart"),
        "the message is still there"
    );
}

#[tokio::test]
async fn a_shop_that_closes_ends_what_goes_on() {
    let (mut visitor, closing) = open_with_closing().await;
    visitor.post("/sign-up", SIGN_UP).await;
    let mut listener = visitor.clone();
    let listening = tokio::spawn(async move { listener.get("/live").await });
    tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    assert!(!listening.is_finished());
    closing.begin();
    let told = listening.await.expect("it ends");
    assert!(!told.body.contains("signed-out"), "{}", told.body);
}

#[tokio::test]
async fn a_cookie_that_is_not_ours_is_no_cookie() {
    let mut visitor = open_shop().await;
    for cookie in ["session=forged", "session=", "session", "other=1; session=\"quoted\""] {
        visitor.cookie = Some(cookie.to_owned());
        let page = visitor.get("/").await;
        assert_eq!(page.status, StatusCode::OK, "{cookie}");
        assert!(!page.headers.contains_key(header::SET_COOKIE), "{cookie}");
    }
}

#[tokio::test]
async fn behind_https_the_cookie_never_travels_without_it() {
    let mut visitor = open(&[
        ("SHOP_HTTPS", "1"),
        ("SESSION_STORE", "memory:"),
        ("SESSION_SECRET", "thirty-two bytes that nobody guesses"),
    ])
    .await;
    let added = visitor.post("/cart/add", "product=just-in-case&quantity=1").await;
    let cookie = added.header(header::SET_COOKIE);
    assert!(cookie.starts_with("__Host-session=") && cookie.contains("; Secure"), "{cookie}");
    assert!(added.header(header::STRICT_TRANSPORT_SECURITY).starts_with("max-age="));
}
