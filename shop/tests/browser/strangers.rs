//! Forms of other sites, and our own with tokens.

use super::*;

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
