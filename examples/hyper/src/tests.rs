//! The program over a real port, by a client that keeps its cookie.

use super::*;

use cloakroom::testing::{self, Gauge};
use http::HeaderValue;
use http::header::{COOKIE, SET_COOKIE};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;

/// What a browser does: it sends the newest cookie, and takes the one that comes.
struct Visitor {
    client: Client<HttpConnector, Full<Bytes>>,
    site: String,
    gauge: Gauge,
    cookie: Option<HeaderValue>,
}

struct Seen {
    status: StatusCode,
    text: String,
    sets_cookie: bool,
}

impl Visitor {
    async fn of_a_new_site() -> Self {
        let gauge = Gauge::default();
        let builder = Sessions::builder(gauge.measure(MemoryStore::new()));
        let sessions = builder.secret(Secret::generate().unwrap()).insecure_http().build().unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let site = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(serve(listener, sessions));
        let client = Client::builder(TokioExecutor::new()).build_http();
        Self { client, site, gauge, cookie: None }
    }

    async fn get(&mut self, path: &str) -> Seen {
        self.ask(Method::GET, path, "").await
    }

    async fn post(&mut self, path: &str, body: &'static str) -> Seen {
        self.ask(Method::POST, path, body).await
    }

    async fn ask(&mut self, method: Method, path: &str, body: &'static str) -> Seen {
        let mut request = Request::builder().method(method).uri(format!("{}{path}", self.site));
        if let Some(cookie) = &self.cookie {
            request = request.header(COOKIE, cookie);
        }
        let response = self.client.request(request.body(Full::from(body)).unwrap()).await.unwrap();
        let (head, body) = response.into_parts();
        let sets_cookie = head.headers.contains_key(SET_COOKIE);
        if sets_cookie {
            self.cookie = testing::kept(&head.headers);
        }
        let body = body.collect().await.unwrap().to_bytes();
        Seen { status: head.status, text: String::from_utf8(body.into()).unwrap(), sets_cookie }
    }
}

#[tokio::test]
async fn who_only_looks_gets_no_cookie_and_costs_no_store_call() {
    let mut visitor = Visitor::of_a_new_site().await;
    let seen = visitor.get("/").await;
    assert_eq!((seen.status, &*seen.text), (StatusCode::OK, "0 so far\n"));
    assert!(!seen.sets_cookie);
    assert_eq!(visitor.gauge.take(), (0, 0));
}

#[tokio::test]
async fn a_write_sets_the_cookie_and_the_session_comes_back() {
    let mut visitor = Visitor::of_a_new_site().await;
    let seen = visitor.post("/count", "").await;
    assert!(seen.sets_cookie);
    assert_eq!(visitor.gauge.take(), (0, 1));
    let seen = visitor.post("/count", "").await;
    assert_eq!(seen.text, "2 so far\n");
    assert!(!seen.sets_cookie, "the browser holds the right one");
    assert_eq!(visitor.gauge.take(), (1, 1));
    assert_eq!(visitor.get("/").await.text, "2 so far\n");
}

#[tokio::test]
async fn who_signed_in_passes_the_guard_until_the_sign_out() {
    let mut visitor = Visitor::of_a_new_site().await;
    visitor.post("/count", "").await;
    assert_eq!(visitor.get("/orders").await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(visitor.post("/sign-in", "").await.status, StatusCode::BAD_REQUEST);
    let anonymous = visitor.cookie.clone();
    assert!(visitor.post("/sign-in", "ann").await.sets_cookie);
    assert_ne!(visitor.cookie, anonymous);
    assert_eq!(visitor.get("/orders").await.text, "the orders of ann\n");
    assert_eq!(visitor.get("/").await.text, "1 so far\n", "the data is kept");

    let stolen = visitor.cookie.clone();
    assert!(visitor.post("/sign-out", "").await.sets_cookie);
    assert_eq!(visitor.cookie, None, "the cookie is removed");
    visitor.cookie = stolen;
    assert_eq!(visitor.get("/orders").await.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn a_forged_cookie_costs_no_store_call_and_is_not_adopted() {
    let mut visitor = Visitor::of_a_new_site().await;
    visitor.post("/count", "").await;
    let genuine = visitor.cookie.clone().unwrap();
    let forged = genuine.to_str().unwrap().chars().rev();
    let name = genuine.to_str().unwrap().split('=').next().unwrap().to_owned();
    let forged: String = forged.take_while(|&c| c != '=').collect();
    visitor.cookie = Some(HeaderValue::try_from(format!("{name}={forged}")).unwrap());
    let _before = visitor.gauge.take();
    let seen = visitor.get("/").await;
    assert_eq!(seen.text, "0 so far\n");
    assert!(!seen.sets_cookie);
    assert_eq!(visitor.gauge.take(), (0, 0));
}

#[tokio::test]
async fn a_store_that_is_down_is_no_empty_session() {
    let mut visitor = Visitor::of_a_new_site().await;
    visitor.post("/count", "").await;
    visitor.gauge.fail(true);
    assert_eq!(visitor.get("/").await.status, StatusCode::SERVICE_UNAVAILABLE);
    visitor.gauge.fail(false);
    assert_eq!(visitor.get("/").await.text, "1 so far\n");
}

#[tokio::test]
async fn without_the_layer_the_error_says_what_to_do() {
    let error = session(&Extensions::new()).await.unwrap_err();
    assert_eq!(error.kind(), cloakroom::ErrorKind::NoLayer);
    assert!(error.to_string().contains("SessionLayer::new(sessions)"));
}
