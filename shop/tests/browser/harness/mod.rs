//! An open shop and a browser in front of it: started for one test, and ended with it, whatever happens.

use std::{
    future::Future, net::SocketAddr, panic, path::Path, process::Stdio, sync::Arc, time::Duration,
};

use axum::Router;
use shop::{router::router, settings::Settings, state::Shop};
use thirtyfour::{
    ChromiumLikeCapabilities, DesiredCapabilities, LoggingPrefsLogLevel, WebDriver, WebElement,
    extensions::query::{ElementPollerWithTimeout, ElementQueryable},
    prelude::*,
};
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    net::TcpListener,
    process::{Child, Command},
    sync::Semaphore,
};

/// How long to wait for something to appear. Only a failing test waits so long.
const PATIENCE: Duration = Duration::from_secs(20);
const POLL: Duration = Duration::from_millis(25);

/// How many browsers run at once: they are heavy, and tests start all together.
static ROOM: Semaphore = Semaphore::const_new(2);

/// A headless browser and the address of a shop that is open for it alone.
#[derive(Clone, Debug)]
pub(super) struct Browser {
    pub(super) driver: WebDriver,
    pub(super) shop: String,
}

/// Runs `test` with a browser in front of the shop as it is by default.
pub(super) async fn in_browser<F, T>(test: F)
where
    F: FnOnce(Browser) -> T,
    T: Future<Output = WebDriverResult<()>> + Send + 'static,
{
    in_browser_at(async |folder| open_shop(None, folder).await, test).await;
}

/// Returns a shop with its files in `folder`, and its sessions there too unless in `store`.
pub(super) async fn open_shop(store: Option<&str>, folder: &Path) -> Router {
    router(open_the_shop(store, folder, &[]).await)
}

/// The same, for tests that want more of it, and with other settings too.
pub(super) async fn open_the_shop(
    store: Option<&str>,
    folder: &Path,
    others: &[(&str, &str)],
) -> Shop {
    let database = folder.join("shop.db").display().to_string();
    let store = store.map_or_else(|| format!("sqlite:{database}"), str::to_owned);
    let variables = [("SESSION_STORE", store), ("SHOP_DATABASE", database)];
    let others = others.iter().map(|&(name, value)| (name, value.to_owned()));
    let variables = variables.into_iter().chain(others);
    let variables = variables.map(|(name, value)| (name.to_owned(), value));
    let settings = Settings::parse(variables).expect("settings");
    Shop::open(&settings).await.expect("the shop opens")
}

/// Runs `test` with a browser in front of what `open` makes. Ends browser, driver and shop before it reports how the test went.
pub(super) async fn in_browser_at<F, T>(open: impl AsyncFnOnce(&Path) -> Router, test: F)
where
    F: FnOnce(Browser) -> T,
    T: Future<Output = WebDriverResult<()>> + Send + 'static,
{
    in_browsers_at(open, |[browser]| test(browser)).await;
}

/// Runs `test` with several browsers in front of one shop, each with a profile of its own.
pub(super) async fn in_browsers_at<F, T, const N: usize>(
    open: impl AsyncFnOnce(&Path) -> Router,
    test: F,
) where
    F: FnOnce([Browser; N]) -> T,
    T: Future<Output = WebDriverResult<()>> + Send + 'static,
{
    let _room = ROOM.acquire().await.expect("the semaphore is never closed");
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (shop, address) = serve(open(folder.path()).await).await;
    let (mut chromedriver, driver_url) = start_chromedriver().await;
    let mut browsers = Vec::new();
    for n in 0..N {
        let driver = start_browser(&driver_url, &folder.path().join(format!("profile {n}"))).await;
        browsers.push(Browser { driver, shop: address.clone() });
    }
    let drivers: Vec<_> = browsers.iter().map(|browser| browser.driver.clone()).collect();
    let browsers = <[Browser; N]>::try_from(browsers).expect("as many as were started");
    // In a task of its own, so that a failing assertion does not keep us from tidying up.
    let outcome = tokio::spawn(test(browsers)).await;

    let mut quits = Vec::new();
    for driver in drivers {
        quits.push(driver.quit().await);
    }
    chromedriver.kill().await.expect("chromedriver ends");
    shop.abort();
    match outcome {
        Ok(Ok(())) => {}
        Ok(Err(error)) => panic!("{error}"),
        Err(failure) => panic::resume_unwind(failure.into_panic()),
    }
    for quit in quits {
        quit.expect("the browser ends");
    }
}

/// Opens `app` on a free port until the task ends; returns its address with `http://`.
pub(super) async fn serve(app: Router) -> (tokio::task::JoinHandle<()>, String) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("an address");
    let app = app.into_make_service_with_connect_info::<SocketAddr>();
    let serve = async move { axum::serve(listener, app).await.expect("the shop stays open") };
    (tokio::spawn(serve), format!("http://{address}"))
}

async fn start_chromedriver() -> (Child, String) {
    let mut child = Command::new("chromedriver")
        .arg("--port=0")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .unwrap_or_else(|error| {
            panic!(
                "cannot start chromedriver ({error}). These tests use a real browser: `cargo xtask test` \
                 installs it, or on Debian `apt-get install chromium chromium-driver`"
            )
        });
    let output = child.stdout.take().expect("its output is piped");
    let mut lines = BufReader::new(output).lines();
    while let Some(line) = lines.next_line().await.expect("chromedriver speaks") {
        if let Some((_, port)) = line.split_once("started successfully on port ") {
            let port = port.trim_end_matches('.');
            let url = format!("http://127.0.0.1:{port}");
            // Whatever else it says must not fill the pipe.
            tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
            return (child, url);
        }
    }
    panic!("chromedriver ended without opening a port");
}

async fn start_browser(driver_url: &str, profile: &Path) -> WebDriver {
    let mut capabilities = DesiredCapabilities::chrome();
    let profile = format!("--user-data-dir={}", profile.display());
    for argument in [
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-dev-shm-usage",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--window-size=1280,900",
        &profile,
    ] {
        capabilities.add_arg(argument).expect("a list of arguments");
    }
    capabilities
        .set_logging_prefs("browser", LoggingPrefsLogLevel::All)
        .expect("a logging preference");
    WebDriver::builder(driver_url, capabilities)
        .poller(Arc::new(ElementPollerWithTimeout::new(PATIENCE, POLL)))
        .connect()
        .await
        .expect("chromedriver starts a browser (is Chromium installed?)")
}

impl Browser {
    /// Goes to a page of the shop.
    pub(super) async fn visit(&self, path: &str) -> WebDriverResult<()> {
        self.driver.goto(format!("{}{path}", self.shop)).await
    }

    /// Returns the path of the page on show.
    pub(super) async fn path(&self) -> WebDriverResult<String> {
        Ok(self.driver.current_url().await?.path().to_owned())
    }

    /// Waits for an element.
    pub(super) async fn find(&self, css: &str) -> WebDriverResult<WebElement> {
        self.driver.query(By::Css(css.to_owned())).first().await
    }

    /// Waits for an element that says exactly this. One that goes away while it is read, because its page does,
    /// is not it.
    pub(super) async fn find_text(&self, css: &str, text: &str) -> WebDriverResult<WebElement> {
        let found = self.driver.query(By::Css(css.to_owned()));
        found.ignore_errors(true).with_text(text.to_owned()).first().await
    }

    /// Tells whether an element is there now. Ask after waiting for something else on the same page.
    pub(super) async fn has(&self, css: &str) -> WebDriverResult<bool> {
        self.driver.query(By::Css(css.to_owned())).nowait().exists().await
    }

    /// Waits for an element and presses it.
    pub(super) async fn press(&self, css: &str) -> WebDriverResult<()> {
        self.find(css).await?.click().await
    }

    /// Waits for a field and types in it, instead of what it says.
    pub(super) async fn fill(&self, css: &str, text: &str) -> WebDriverResult<()> {
        let field = self.find(css).await?;
        field.clear().await?;
        field.send_keys(text).await
    }

    /// Puts one of a product in the cart.
    pub(super) async fn take(&self, product: &str) -> WebDriverResult<()> {
        self.visit(&format!("/products/{product}")).await?;
        self.press("#add").await?;
        self.find(".lines").await?;
        Ok(())
    }

    /// Opens an account and is signed in.
    pub(super) async fn sign_up(
        &self,
        name: &str,
        email: &str,
        password: &str,
    ) -> WebDriverResult<()> {
        self.visit("/sign-up").await?;
        self.fill("#name", name).await?;
        self.fill("#email", email).await?;
        self.fill("#password", password).await?;
        self.press("#submit").await?;
        self.find_text("#visitor", name).await?;
        Ok(())
    }

    /// Signs in, in the hope that it works.
    pub(super) async fn sign_in(&self, email: &str, password: &str) -> WebDriverResult<()> {
        self.visit("/sign-in").await?;
        self.fill("#email", email).await?;
        self.fill("#password", password).await?;
        self.press("#submit").await
    }

    /// Returns the value of the session cookie.
    pub(super) async fn cookie(&self) -> WebDriverResult<String> {
        Ok(self.driver.get_named_cookie("session").await?.value)
    }

    /// Forgets all cookies and takes this one for the session's.
    pub(super) async fn replay(&self, cookie: &str) -> WebDriverResult<()> {
        self.driver.delete_all_cookies().await?;
        self.driver.add_cookie(thirtyfour::Cookie::new("session", cookie)).await
    }
}
