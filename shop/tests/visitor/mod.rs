//! Somebody who shops by plain requests: with a cookie, or without one yet.

use axum::{
    Router,
    body::Body,
    http::{HeaderMap, Method, Request, StatusCode, header},
};
use http_body_util::BodyExt;
use shop::{closing::Closing, router::router, settings::Settings, state::Shop};
use tower::ServiceExt;

/// Sends requests to a shop in memory, and keeps the session cookie as a browser would.
#[derive(Clone)]
pub(super) struct Visitor {
    shop: Router,
    pub(super) cookie: Option<String>,
}

pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: String,
}

impl Answer {
    pub(super) fn header(&self, name: header::HeaderName) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().expect("text"))
    }
}

/// Opens a shop as on a developer's machine.
pub(super) async fn open_shop() -> Visitor {
    open(&[("SESSION_STORE", "memory:")]).await
}

/// Opens a shop as these variables say, and returns its first visitor.
pub(super) async fn open(variables: &[(&str, &str)]) -> Visitor {
    let owned = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    let settings = Settings::parse(owned).expect("settings");
    let shop = Shop::open(&settings).await.expect("the shop opens");
    Visitor { shop: router(shop), cookie: None }
}

/// Opens a shop as on a developer's machine, and returns what closes it.
pub(super) async fn open_with_closing() -> (Visitor, Closing) {
    let variables = [("SESSION_STORE".to_owned(), "memory:".to_owned())];
    let settings = Settings::parse(variables).expect("settings");
    let shop = Shop::open(&settings).await.expect("the shop opens");
    let closing = shop.closing.clone();
    (Visitor { shop: router(shop), cookie: None }, closing)
}

impl Visitor {
    pub(super) async fn get(&mut self, path: &str) -> Answer {
        let request = Request::builder().uri(path).body(Body::empty());
        self.send(request.expect("a request")).await
    }

    pub(super) async fn post(&mut self, path: &str, form: &str) -> Answer {
        self.send(Self::form(path, form)).await
    }

    pub(super) fn form(path: &str, form: &str) -> Request<Body> {
        Request::builder()
            .method(Method::POST)
            .uri(path)
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(Body::from(form.to_owned()))
            .expect("a request")
    }

    /// Sends a request as a browser would: with the cookie, and keeping the one that comes back.
    pub(super) async fn send(&mut self, mut request: Request<Body>) -> Answer {
        request.headers_mut().insert(header::ACCEPT, "text/html,*/*".parse().expect("a header"));
        if let Some(cookie) = &self.cookie {
            let cookie = cookie.parse().expect("a header");
            request.headers_mut().insert(header::COOKIE, cookie);
        }
        let response = self.shop.clone().oneshot(request).await.expect("an answer");
        let (parts, body) = response.into_parts();
        let body = body.collect().await.expect("a body").to_bytes();
        if let Some(cookie) = parts.headers.get(header::SET_COOKIE) {
            let (pair, _) = cookie.to_str().expect("text").split_once(';').expect("attributes");
            let removed = pair.ends_with('=');
            self.cookie = (!removed).then(|| pair.to_owned());
        }
        Answer {
            status: parts.status,
            headers: parts.headers,
            body: String::from_utf8(body.to_vec()).expect("text"),
        }
    }
}
