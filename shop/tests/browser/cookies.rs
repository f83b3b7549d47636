//! Sessions in the visitor's own cookie, in a browser that keeps to its limits.

use super::*;

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
