//! A visitor: keeps one cookie, as a browser does, and asks a server by HTTP or a router directly.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::body::{Body, Bytes, HttpBody};
use axum::http::header::{CONTENT_TYPE, COOKIE, HOST, SET_COOKIE, USER_AGENT};
use axum::http::{HeaderMap, HeaderValue, Request, Response, StatusCode};
use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioIo};
use serde_json::Value;
use tokio::net::TcpStream;
use tokio::sync::Mutex;
use tower::ServiceExt as _;

use crate::apps::Server;

type Error = Box<dyn std::error::Error + Send + Sync>;

/// Clones have the same cookie and the same connections.
#[derive(Clone)]
pub(crate) struct Visitor {
    door: Door,
    cookie: Option<String>,
    agent: Option<&'static str>,
}

#[derive(Clone)]
#[expect(clippy::large_enum_variant, reason = "a test has a few visitors")]
enum Door {
    Port(Client<HttpConnector, Body>, Server),
    /// One connection, kept alive.
    Connection(Arc<Mutex<SendRequest<Body>>>),
    Router(Router),
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

impl Visitor {
    /// A visitor without a cookie who comes by HTTP.
    pub(crate) fn new(server: &Server) -> Self {
        let client = Client::builder(TokioExecutor::new()).build_http();
        Self { door: Door::Port(client, server.clone()), cookie: None, agent: None }
    }

    /// A visitor without a cookie who has the application in the same program.
    pub(crate) fn of(router: &Router) -> Self {
        Self { door: Door::Router(router.clone()), cookie: None, agent: None }
    }

    /// The same visitor at another server.
    pub(crate) fn at(&self, server: &Server) -> Self {
        let Door::Port(client, _) = &self.door else { panic!("not a visitor by HTTP") };
        Self { door: Door::Port(client.clone(), server.clone()), ..self.clone() }
    }

    /// The same visitor where another one goes.
    pub(crate) fn with_door(&self, other: &Self) -> Self {
        Self { door: other.door.clone(), ..self.clone() }
    }

    /// A visitor without a cookie whose requests all go through one new connection to the same server.
    pub(crate) async fn on_one_connection(&self) -> Self {
        let stream = TcpStream::connect(self.server()).await.unwrap();
        let (requests, connection) = handshake(TokioIo::new(stream)).await.unwrap();
        tokio::spawn(connection);
        Self { door: Door::Connection(Arc::new(Mutex::new(requests))), cookie: None, agent: None }
    }

    /// Another visitor who shares connections with this one, as behind a proxy.
    pub(crate) fn stranger(&self) -> Self {
        Self { door: self.door.clone(), cookie: None, agent: None }
    }

    /// The same visitor with a browser that calls itself `agent`.
    pub(crate) fn with_agent(self, agent: &'static str) -> Self {
        Self { agent: Some(agent), ..self }
    }

    /// The cookie as `name=value`.
    pub(crate) fn cookie(&self) -> Option<&str> {
        self.cookie.as_deref()
    }

    /// The token alone.
    pub(crate) fn token(&self) -> &str {
        self.cookie().and_then(|cookie| cookie.split_once('=')).expect("the visitor has a cookie").1
    }

    /// The server's address.
    pub(crate) fn server(&self) -> SocketAddr {
        let Door::Port(_, server) = &self.door else { panic!("not a visitor by HTTP") };
        server.address
    }

    /// Asks and keeps the cookie.
    pub(crate) async fn visit(&mut self, path: &str) -> Answer {
        let answer = self.get(path).await;
        self.receive(&answer);
        answer
    }

    /// Asks and has not looked at the answer yet.
    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.try_get(path).await.expect("the server answers")
    }

    /// Asks a server that may break off.
    pub(crate) async fn try_get(&self, path: &str) -> Result<Answer, Error> {
        let cookie = self.cookie().map(|cookie| HeaderValue::from_str(cookie).unwrap());
        self.send(path, cookie.as_slice()).await
    }

    /// Asks with these `Cookie` lines in place of the visitor's own.
    pub(crate) async fn send(&self, path: &str, cookies: &[HeaderValue]) -> Result<Answer, Error> {
        let mut request = Request::get(path).body(Body::empty()).unwrap();
        for cookie in cookies {
            request.headers_mut().append(COOKIE, cookie.clone());
        }
        self.deliver(request).await
    }

    /// Sends a form with these headers and keeps the cookie.
    pub(crate) async fn post(
        &mut self,
        path: &str,
        headers: &[(&str, &str)],
        form: impl Into<Body>,
    ) -> Answer {
        let mut request = Request::post(path);
        if !headers.iter().any(|(name, _)| *name == "content-type") {
            request = request.header(CONTENT_TYPE, "application/x-www-form-urlencoded");
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.ask(request.body(form.into()).unwrap()).await
    }

    /// Asks by a request of any kind, with the visitor's cookie added, and keeps the cookie.
    pub(crate) async fn ask(&mut self, mut request: Request<Body>) -> Answer {
        if let Some(cookie) = self.cookie() {
            request.headers_mut().append(COOKIE, HeaderValue::from_str(cookie).unwrap());
        }
        let answer = self.deliver(request).await.expect("the server answers");
        self.receive(&answer);
        answer
    }

    async fn deliver(&self, mut request: Request<Body>) -> Result<Answer, Error> {
        if let Door::Port(_, server) = &self.door {
            *request.uri_mut() = format!("http://{}{}", server.address, request.uri()).parse()?;
        }
        if let Some(agent) = self.agent {
            request.headers_mut().insert(USER_AGENT, HeaderValue::from_static(agent));
        }
        Ok(match &self.door {
            Door::Port(client, _) => Answer::of(client.request(request).await?).await,
            Door::Connection(requests) => {
                let mut requests = requests.lock().await;
                requests.ready().await?;
                request.headers_mut().insert(HOST, HeaderValue::from_static("localhost"));
                Answer::of(requests.send_request(request).await?).await
            }
            Door::Router(router) => {
                let Ok(response) = router.clone().oneshot(request).await;
                Answer::of(response).await
            }
        })
    }

    /// The same door, with somebody else's cookie: another tab of theirs.
    pub(crate) fn with_cookie_of(self, other: &Self) -> Self {
        Self { cookie: other.cookie.clone(), ..self }
    }

    /// Opens a stream.
    pub(crate) async fn stream(&self, path: &str) -> Stream {
        let Door::Port(client, server) = &self.door else { panic!("not a visitor by HTTP") };
        let request = Request::get(format!("http://{}{path}", server.address));
        let request = request.header(COOKIE, self.cookie().expect("a session"));
        let response = client.request(request.body(Body::empty()).unwrap()).await.unwrap();
        assert_eq!(response.status(), StatusCode::OK);
        Stream(response.into_body())
    }

    /// Opens the stream that tells how the session ends and has read its first line.
    pub(crate) async fn listen(&self) -> Stream {
        let mut stream = self.stream("/events").await;
        assert_eq!(stream.line().await, "open\n");
        stream
    }

    /// Takes an answer in: keeps or forgets the cookie.
    pub(crate) fn receive(&mut self, answer: &Answer) {
        let Some(line) = answer.set_cookie() else { return };
        let cookie = line.split(';').next().unwrap_or_default();
        self.cookie = Some(cookie.to_owned()).filter(|cookie| !cookie.ends_with('='));
    }

    /// All data of the visitor's session.
    pub(crate) async fn data(&self) -> Value {
        let answer = self.get("/dump").await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
        serde_json::from_str(&answer.body).unwrap()
    }

    /// Tells whether the visitor's cookie leads to a session that holds something.
    pub(crate) async fn is_alive(&self) -> bool {
        self.data().await.as_object().is_some_and(|data| !data.is_empty())
    }
}

/// A stream of lines.
pub(crate) struct Stream(Incoming);

impl Stream {
    /// Returns the next line.
    pub(crate) async fn line(&mut self) -> String {
        let frame = self.0.frame().await.expect("the stream goes on").unwrap();
        String::from_utf8(frame.into_data().unwrap().into()).unwrap()
    }

    /// Returns the last line, once the server has closed the stream.
    pub(crate) async fn end(mut self) -> String {
        let line = self.line().await;
        self.closed().await;
        line
    }

    /// Waits until the server closes the stream, and nothing came before.
    pub(crate) async fn closed(mut self) {
        assert!(self.0.frame().await.is_none(), "closed");
    }
}

impl Answer {
    pub(crate) async fn of<B>(response: Response<B>) -> Self
    where
        B: HttpBody<Data = Bytes, Error: std::fmt::Debug>,
    {
        let (head, body) = response.into_parts();
        let body = body.collect().await.expect("a whole body").to_bytes();
        Self {
            status: head.status,
            headers: head.headers,
            body: String::from_utf8(body.into()).expect("text"),
        }
    }

    /// The only `Set-Cookie` line, if there is one.
    pub(crate) fn set_cookie(&self) -> Option<&str> {
        let mut lines = self.headers.get_all(SET_COOKIE).into_iter();
        let line = lines.next()?.to_str().expect("visible text");
        assert!(lines.next().is_none(), "one cookie at most");
        Some(line)
    }

    /// The values of a header, joined.
    pub(crate) fn header(&self, name: &str) -> String {
        let values = self.headers.get_all(name).into_iter();
        values.map(|value| value.to_str().unwrap()).collect::<Vec<_>>().join(", ")
    }
}
