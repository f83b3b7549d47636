//! One user in two browsers: where they are signed in, and signing out there.

use super::*;

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
