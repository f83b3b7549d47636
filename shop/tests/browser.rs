//! The shop in a real browser: what a visitor sees, over real cookies, redirects and tabs.

mod harness;

use axum::{Router, extract::Path, response::Html, routing::get};
use cloakroom::{
    CookieDriver, Secret, Sessions,
    axum::{Error, Session},
    tower::SessionLayer,
};
use harness::{in_browser, in_browser_at, in_browsers_at, open_shop, open_the_shop, serve};
use thirtyfour::prelude::*;

const NAME: &str = "Ada Lovelace";
const EMAIL: &str = "ada@example.org";
const PASSWORD: &str = "a short sentence";

#[tokio::test(flavor = "multi_thread")]
async fn a_visitor_shops_without_an_account() {
    in_browser(|browser| async move {
        browser.visit("/").await?;
        assert!(
            browser.driver.get_all_cookies().await?.is_empty(),
            "a look round leaves no cookie"
        );

        browser.press("a[href='/products/harbour-duffle']").await?;
        browser.fill("#quantity", "2").await?;
        browser.press("#add").await?;
        browser.find_text("#cart-total", "£378.00").await?;
        browser.find_text("#cart-count", "2").await?;

        browser.take("just-in-case").await?;
        browser.find_text("#cart-total", "£426.00").await?;

        browser.fill("#quantity-harbour-duffle", "1").await?;
        browser
            .press("#quantity-harbour-duffle ~ button, .line:first-child .change button")
            .await?;
        browser.find_text("#cart-total", "£237.00").await?;

        browser.press(".line:first-child button[formaction='/cart/remove']").await?;
        browser.find_text("#cart-total", "£48.00").await?;
        browser.press(".line:first-child button[formaction='/cart/remove']").await?;
        browser.find_text(".empty .lead", "Nothing on your hook yet.").await?;
        Ok(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn signing_up_and_in_keeps_the_cart_and_changes_the_cookie() {
    in_browser(|browser| async move {
        browser.take("weekday-bowler").await?;
        let visitor = browser.cookie().await?;
        browser.sign_up(NAME, EMAIL, PASSWORD).await?;
        let signed_up = browser.cookie().await?;
        assert_ne!(visitor, signed_up, "sign-up renews the session");
        browser.find_text("#cart-count", "1").await?;

        browser.press("#sign-out").await?;
        browser.find("#sign-in").await?;
        browser.take("platform-trench").await?;
        browser.take("just-in-case").await?;
        let stranger = browser.cookie().await?;
        assert_ne!(signed_up, stranger);

        browser.sign_in(EMAIL, PASSWORD).await?;
        browser.find_text("#visitor", NAME).await?;
        let signed_in = browser.cookie().await?;
        assert_ne!(stranger, signed_in, "sign-in renews the session");
        browser.visit("/cart").await?;
        browser.find_text("#cart-total", "£263.00").await?;

        browser.visit("/account").await?;
        browser.find_text("#account-email", EMAIL).await?;

        // Whoever knew the cookie from before sign-in has nothing.
        browser.replay(&stranger).await?;
        browser.visit("/cart").await?;
        browser.find("#sign-in").await?;
        browser.find(".empty").await?;
        Ok(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_visitor_who_has_to_sign_in_comes_back_to_where_they_were_going() {
    in_browser(|browser| async move {
        browser.sign_up(NAME, EMAIL, PASSWORD).await?;
        browser.press("#sign-out").await?;
        browser.find("#sign-in").await?;

        browser.take("cloakroom-hanger").await?;
        browser.press("#checkout").await?;
        browser.find_text(".message.notice", "Please sign in first.").await?;
        browser.fill("#email", EMAIL).await?;
        browser.fill("#password", PASSWORD).await?;
        browser.press("#submit").await?;
        browser.press("#order").await?;
        browser.find("#account-name").await?;
        browser.find_text("#cart-count", "0").await?;
        Ok(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flash_message_shows_once() {
    in_browser(|browser| async move {
        browser.visit("/products/away-day-scarf").await?;
        browser.press("#add").await?;
        browser.find_text(".message.success", "Away-day scarf is in your cart.").await?;

        browser.driver.refresh().await?;
        browser.find(".lines").await?;
        assert!(!browser.has(".message").await?, "gone after a reload");

        browser.visit("/").await?;
        browser.find(".rail").await?;
        assert!(!browser.has(".message").await?, "and on other pages");
        Ok(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn signing_out_in_one_tab_ends_the_session_in_the_other() {
    in_browser(|browser| async move {
        browser.sign_up(NAME, EMAIL, PASSWORD).await?;
        browser.take("matinee-umbrella").await?;
        let first = browser.driver.window().await?;
        let second = browser.driver.new_tab().await?;

        browser.driver.switch_to_window(second.clone()).await?;
        browser.visit("/account").await?;
        browser.find_text("#account-name", NAME).await?;

        browser.driver.switch_to_window(first).await?;
        browser.press("#sign-out").await?;
        browser.find_text("h1", "You are signed out").await?;

        // The other one leaves by itself.
        browser.driver.switch_to_window(second).await?;
        browser.find_text("h1", "You are signed out").await?;
        browser.visit("/account").await?;
        browser.find_text("h1", "Sign in").await?;
        browser.visit("/cart").await?;
        browser.find(".empty").await?;
        Ok(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_old_cookie_does_nothing_after_sign_out() {
    in_browser(|browser| async move {
        browser.sign_up(NAME, EMAIL, PASSWORD).await?;
        browser.take("understudy-cloak").await?;
        let stolen = browser.cookie().await?;
        browser.press("#sign-out").await?;
        browser.find_text("h1", "You are signed out").await?;

        for path in ["/", "/cart", "/account"] {
            browser.replay(&stolen).await?;
            browser.visit(path).await?;
            browser.find("#sign-in").await?;
            browser.find_text("#cart-count", "0").await?;
        }
        assert_eq!(browser.path().await?, "/sign-in", "the account is behind the door");
        Ok(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_theme_that_was_chosen_lasts() {
    in_browser(|browser| async move {
        let paper = async || -> WebDriverResult<String> {
            browser.find("body").await?.css_value("background-color").await
        };
        browser.visit("/products/just-in-case").await?;
        browser.press("button[value='light']").await?;
        browser.find_text(".message", "The lights are on.").await?;
        let light = paper().await?;
        assert_eq!(browser.path().await?, "/products/just-in-case", "back where it was chosen");

        browser.press("button[value='dark']").await?;
        browser.find_text(".message", "The lights are low.").await?;
        assert_ne!(paper().await?, light);

        browser.visit("/sign-in").await?;
        browser.find("html[data-theme='dark']").await?;
        assert_ne!(paper().await?, light);
        Ok(())
    })
    .await;
}

/// What a screen reader, a keyboard or a strict browser would trip over. Returns one line for each.
const FAULTS: &str = r#"
    const faults = [];
    const all = (css) => [...document.querySelectorAll(css)];
    const text = (element) => (element.getAttribute("aria-label") || element.textContent).trim();
    if (!document.documentElement.lang) faults.push("no language");
    for (const one of ["h1", "main", "header", "title"])
        if (all(one).length !== 1) faults.push(`not one ${one}`);
    for (const field of all("input:not([type=hidden])"))
        if (!field.labels.length || !text(field.labels[0])) faults.push(`no label: ${field.outerHTML}`);
    for (const link of all("a, button"))
        if (!text(link)) faults.push(`no name: ${link.outerHTML}`);
    for (const picture of all("svg"))
        if (picture.getAttribute("aria-hidden") !== "true") faults.push("a picture that is read out as shapes");
    for (const part of all("nav, section, aside"))
        if (!part.ariaLabel && !document.getElementById(part.getAttribute("aria-labelledby"))
            && part.className !== "intro wrap") faults.push(`no name: ${part.cloneNode().outerHTML}`);
    for (const twice of all("[id]").filter((it, at, list) => list.some((other, i) => i < at && other.id === it.id)))
        faults.push(`id used twice: ${twice.id}`);
    for (const one of all("[aria-describedby]"))
        for (const id of one.getAttribute("aria-describedby").split(" "))
            if (!document.getElementById(id)) faults.push(`described by nothing: ${id}`);
    for (const script of all("script:not([src]), [style], [onclick]")) faults.push(`inline: ${script.outerHTML}`);
    if (document.documentElement.scrollWidth > innerWidth) faults.push("wider than the window");
    return faults;
"#;

#[tokio::test(flavor = "multi_thread")]
async fn every_page_works_without_eyes_mouse_or_script() {
    in_browser(|browser| async move {
        let check = async |path: &str| -> WebDriverResult<()> {
            browser.visit(path).await?;
            browser.find("h1").await?;
            let faults: Vec<String> = browser.driver.execute(FAULTS, vec![]).await?.convert()?;
            assert!(faults.is_empty(), "{path}: {faults:#?}");
            Ok(())
        };
        for path in ["/", "/?kind=hats", "/products/just-in-case", "/cart", "/sign-in", "/sign-up"]
        {
            check(path).await?;
        }
        browser.sign_up(NAME, EMAIL, PASSWORD).await?;
        browser.take("harbour-duffle").await?;
        for path in ["/cart", "/checkout", "/account", "/devices", "/signed-out"] {
            check(path).await?;
        }
        let complaints = browser.driver.browser_log().await?;
        assert!(complaints.is_empty(), "the browser complains: {complaints:#?}");
        check("/nowhere").await
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_shop_runs_on_the_visitors_own_cookie() {
    for store in ["cookie:", "cookie:signed"] {
        let shop = async |folder: &std::path::Path| open_shop(Some(store), folder).await;
        in_browser_at(shop, |browser| async move {
            browser.visit("/").await?;
            assert!(browser.driver.get_all_cookies().await?.is_empty());
            browser.take("weekday-bowler").await?;
            let visitor = browser.cookie().await?;
            browser.sign_up(NAME, EMAIL, PASSWORD).await?;
            let signed_in = browser.cookie().await?;
            assert_ne!(visitor, signed_in);
            browser.find_text("#cart-count", "1").await?;
            browser.take("platform-trench").await?;
            browser.find_text("#cart-count", "2").await?;
            let last = browser.cookie().await?;

            browser.press("#sign-out").await?;
            browser.find("#sign-in").await?;
            for old in [visitor, signed_in, last] {
                browser.replay(&old).await?;
                browser.visit("/cart").await?;
                browser.find("#sign-in").await?;
                browser.find(".empty").await?;
            }
            Ok(())
        })
        .await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_leaves_by_itself_when_its_visitor_is_signed_out_from_elsewhere() {
    let (tell, sessions) = std::sync::mpsc::channel();
    let open = async |folder: &std::path::Path| {
        let shop = open_the_shop(None, folder, &[]).await;
        tell.send(shop.sessions.clone()).expect("the test waits");
        shop::router::router(shop)
    };
    in_browsers_at(open, |[phone, desk]| async move {
        let sessions: Sessions = sessions.recv().expect("the shop is open");
        phone.sign_up(NAME, EMAIL, PASSWORD).await?;
        desk.sign_in(EMAIL, PASSWORD).await?;
        desk.find_text("#visitor", NAME).await?;
        for browser in [&phone, &desk] {
            browser.visit("/account").await?;
            browser.find_text("#account-name", NAME).await?;
        }
        let id = phone.find("#session-id").await?.text().await?;
        assert!(sessions.revoke(id.parse().expect("an id")).await.expect("a store"));
        phone.find_text("h1", "You are signed out").await?;
        assert_eq!(phone.path().await?, "/signed-out");
        assert!(!phone.has("#visitor").await?);
        if let Ok(folder) = std::env::var("SHOP_SCREENSHOTS") {
            phone.driver.screenshot(&std::path::Path::new(&folder).join("left.png")).await?;
        }
        // The other one stays, and goes on listening: also after it has renewed its session.
        desk.find_text("#account-name", NAME).await?;
        desk.visit("/").await?;
        desk.find_text("#visitor", NAME).await?;
        desk.visit("/account").await?;
        let id = desk.find("#session-id").await?.text().await?;
        assert!(sessions.revoke(id.parse().expect("an id")).await.expect("a store"));
        desk.find_text("h1", "You are signed out").await?;
        for browser in [phone, desk] {
            let complaints = browser.driver.browser_log().await?;
            assert!(complaints.is_empty(), "the browser complains: {complaints:#?}");
        }
        Ok(())
    })
    .await;
}

/// An application that puts as much into its session as it is asked to.
fn hoard(driver: CookieDriver) -> Router {
    let builder = Sessions::in_cookie(driver).secret(Secret::generate().expect("randomness"));
    let sessions = builder.insecure_http().build().expect("a configuration");
    async fn put(session: Session, Path(length): Path<usize>) -> Result<String, Error> {
        let before: Option<String> = session.get("hoard")?;
        session.set("hoard", &"x".repeat(length))?;
        if let Err(error) = session.save().await {
            session.set("hoard", &before)?;
            return Ok(error.to_string());
        }
        Ok("put".to_owned())
    }
    async fn look(session: Session) -> Result<String, Error> {
        let hoard: String = session.get("hoard")?.unwrap_or_default();
        Ok(hoard.len().to_string())
    }
    Router::new()
        .route("/put/{length}", get(put))
        .route("/look", get(look))
        .layer(SessionLayer::new(sessions))
}

async fn body(browser: &harness::Browser, path: &str) -> WebDriverResult<String> {
    browser.visit(path).await?;
    browser.find("body").await?.text().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_outgrows_its_cookie_is_split_and_shrinks_again() {
    in_browser_at(
        async |_| hoard(CookieDriver::encrypted().split(4)),
        |browser| async move {
            for (length, cookies) in [(100, 1), (9_000, 4), (5_000, 2), (100, 1), (7_000, 3)] {
                assert_eq!(body(&browser, &format!("/put/{length}")).await?, "put");
                assert_eq!(body(&browser, "/look").await?, length.to_string());
                assert_eq!(browser.driver.get_all_cookies().await?.len(), cookies, "{length}");
            }
            let refusal = body(&browser, "/put/20000").await?;
            assert!(refusal.contains("\"hoard\" (20002 bytes)"), "{refusal}");
            assert_eq!(body(&browser, "/look").await?, "7000", "and what was there stays");
            Ok(())
        },
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_splitting_the_application_sees_the_error() {
    in_browser_at(
        async |_| hoard(CookieDriver::signed()),
        |browser| async move {
            body(&browser, "/put/2500").await?;
            assert_eq!(body(&browser, "/look").await?, "2500", "nothing is dropped by the browser");
            let refusal = body(&browser, "/put/4000").await?;
            assert!(refusal.contains("\"hoard\" (4002 bytes)"), "{refusal}");
            assert_eq!(body(&browser, "/look").await?, "2500");
            Ok(())
        },
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_sees_where_they_are_signed_in_and_signs_out_there() {
    let shop = async |folder: &std::path::Path| open_shop(None, folder).await;
    in_browsers_at(shop, |[here, there]| async move {
        here.sign_up(NAME, EMAIL, PASSWORD).await?;
        here.press("#visitor").await?;
        here.press("#devices").await?;
        here.find_text("#only-here", "Only here.").await?;

        there.sign_in(EMAIL, PASSWORD).await?;
        there.find_text("#visitor", NAME).await?;
        here.visit("/devices").await?;
        here.find_text("#here .badge", "This device").await?;
        let devices = here.driver.find_all(By::Css(".device")).await?;
        assert_eq!(devices.len(), 2);
        for device in devices {
            let text = device.text().await?;
            assert!(text.contains("Chrome on Linux") && text.contains("127.0.0.1"), "{text}");
        }
        assert!(!here.has("#here form").await?, "this device is not ended from the list");

        here.press(".device form button").await?;
        here.find_text(".message.success", "Chrome on Linux is signed out.").await?;
        // It leaves by itself; only then is it asked for more.
        there.find_text("h1", "You are signed out").await?;
        there.visit("/account").await?;
        there.find_text("h1", "Sign in").await?;
        assert_eq!(there.path().await?, "/sign-in");
        here.visit("/account").await?;
        here.find_text("#account-name", NAME).await?;

        // All others, from the other side.
        there.sign_in(EMAIL, PASSWORD).await?;
        there.find_text("#visitor", NAME).await?;
        there.visit("/devices").await?;
        there.press("#end-others").await?;
        there.find_text(".message.success", "You are signed in here only.").await?;
        there.find("#only-here").await?;
        here.find_text("h1", "You are signed out").await?;
        here.visit("/account").await?;
        here.find_text("h1", "Sign in").await?;
        Ok(())
    })
    .await;
}

/// A page of somebody else with a form that goes to the shop.
fn foreign_page(shop: &str) -> Router {
    let page = format!(
        r#"<!DOCTYPE html><title>You have won</title><form action="{shop}/cart/add" method="post">
        <input type="hidden" name="product" value="harbour-duffle"><input type="hidden" name="quantity" value="9">
        <button id="win">Take your prize</button></form>"#
    );
    Router::new().route("/", get(async move || Html(page.clone())))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_on_another_origin_cannot_send_forms_to_the_shop() {
    in_browser(|browser| async move {
        browser.take("weekday-bowler").await?;
        let (_page, address) = serve(foreign_page(&browser.shop)).await;
        let port = address.rsplit(':').next().expect("a port").to_owned();
        // Another port is another origin of the same site, so that the cookie goes along; another name is another site.
        for origin in [format!("http://127.0.0.1:{port}"), format!("http://localhost:{port}")] {
            browser.driver.goto(&origin).await?;
            browser.press("#win").await?;
            browser.find_text("h1", "Not through this door").await?;
            browser.visit("/cart").await?;
            browser.find_text("#cart-count", "1").await?;
        }
        // The shop's own form passes.
        browser.take("harbour-duffle").await?;
        browser.find_text("#cart-count", "2").await?;
        Ok(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_ordinary_forms_pass_also_with_tokens_on() {
    for store in [None, Some("cookie:")] {
        let shop = async |folder: &std::path::Path| {
            shop::router::router(open_the_shop(store, folder, &[("SHOP_CSRF_TOKENS", "1")]).await)
        };
        in_browser_at(shop, |browser| async move {
            browser.take("weekday-bowler").await?;
            browser.press("button[value='dark']").await?;
            browser.find_text(".message", "The lights are low.").await?;
            browser.sign_up(NAME, EMAIL, PASSWORD).await?;
            browser.visit("/checkout").await?;
            browser.press("#order").await?;
            browser.find_text("#account-name", NAME).await?;
            browser.press("#sign-out").await?;
            browser.find_text("h1", "You are signed out").await?;
            browser.sign_in(EMAIL, PASSWORD).await?;
            browser.find_text("#visitor", NAME).await?;

            // Each form has one; another one than the session's is refused, and so is none.
            for spoil in ["field.value = 'A'.repeat(43)", "field.remove()"] {
                browser.visit("/products/just-in-case").await?;
                let script = format!(
                    "const forms = document.forms.length;
                     const fields = document.querySelectorAll('form > input[name=csrf_token]');
                     for (const field of fields) {{ {spoil} }}
                     return [forms, fields.length];"
                );
                let [forms, fields]: [u32; 2] =
                    browser.driver.execute(script, vec![]).await?.convert()?;
                assert_eq!(forms, fields);
                browser.press("#add").await?;
                browser.find_text("h1", "That ticket has run out").await?;
            }
            browser.visit("/cart").await?;
            browser.find_text("#cart-count", "0").await?;
            browser.take("just-in-case").await?;
            Ok(())
        })
        .await;
    }
}
