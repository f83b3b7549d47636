//! What visitors do: they look, buy, sign in and out, and see well.

use super::*;

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
