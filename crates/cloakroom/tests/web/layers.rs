//! Where the layer stands: on one route, a group or everything, twice, not at all, and round services that are not
//! axum's.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use axum::Router;
use axum::extract::Query;
use axum::http::{Request, Response, StatusCode};
use axum::middleware::{Next, from_fn};
use axum::routing::get;
use cloakroom::axum::{Error, Lazy, Session, SessionLayer};
use cloakroom::conformance::Gauge;
use cloakroom::{CookieSettings, MemoryStore, Pending, Sessions};
use http_body::{Body, Frame, SizeHint};
use tower::{ServiceBuilder, ServiceExt as _};

use crate::support::{Visitor, secret};

fn measured() -> (Sessions, Gauge) {
    let gauge = Gauge::default();
    let builder = Sessions::builder(gauge.measure(MemoryStore::new())).secret(secret());
    (builder.build().unwrap(), gauge)
}

async fn count(session: Session) -> Result<String, Error> {
    Ok(session.increment("n", 1)?.to_string())
}

/// A layer between others that uses the session too.
async fn counting(
    session: Session,
    request: Request<axum::body::Body>,
    next: Next,
) -> Response<axum::body::Body> {
    session.increment("n", 1).unwrap();
    next.run(request).await
}

#[tokio::test]
async fn nested_layers_do_not_double_up() {
    let (sessions, gauge) = measured();
    let layer = || SessionLayer::new(sessions.clone());
    let inner = Router::new().route("/count", get(count).layer(layer())).layer(layer());
    let inner = inner.layer(from_fn(counting));
    let router = Router::new().nest("/group", inner).layer(layer()).layer(layer());
    let mut visitor = Visitor::of(&router);
    let first = visitor.visit("/group/count").await;
    assert!(first.set_cookie().is_some());
    assert_eq!(first.header("vary"), "cookie");
    assert_eq!(first.header("cache-control"), "no-cache=\"set-cookie\"");
    assert_eq!(gauge.take(), (0, 1));
    let second = visitor.visit("/group/count").await;
    assert_eq!((second.body.as_str(), second.set_cookie()), ("4", None));
    assert_eq!(second.header("vary"), "cookie");
    assert_eq!(gauge.take(), (1, 1));
}

#[tokio::test]
async fn an_inner_layer_of_other_sessions_serves_its_own_routes() {
    let (everybody, _) = measured();
    let admins = Sessions::builder(MemoryStore::new()).secret(secret());
    let admins = admins.cookie(CookieSettings::new("admin")).build().unwrap();
    let inner = Router::new().route("/admin", get(count)).layer(SessionLayer::new(admins));
    let router = Router::new().route("/count", get(count)).merge(inner);
    let router = router.layer(SessionLayer::new(everybody));
    let (mut visitor, mut admin) = (Visitor::of(&router), Visitor::of(&router));
    visitor.visit("/count").await;
    admin.visit("/admin").await;
    assert!(visitor.cookie().unwrap().starts_with("__Host-session="));
    assert!(admin.cookie().unwrap().starts_with("__Host-admin="));
    assert_eq!(visitor.visit("/count").await.body, "2");
    assert_eq!(admin.visit("/admin").await.body, "2");
}

#[tokio::test]
async fn the_layer_may_stand_on_one_route_a_group_or_everything() {
    let (sessions, _) = measured();
    let layer = || SessionLayer::new(sessions.clone());
    let route =
        Router::new().route("/with", get(count).layer(layer())).route("/without", get(count));
    let group = Router::new()
        .nest("/group", Router::new().route("/with", get(count)).layer(layer()))
        .route("/without", get(count));
    let all = Router::new().route("/with", get(count)).fallback(count).layer(layer());
    for (router, with, without) in [
        (&route, "/with", Some("/without")),
        (&group, "/group/with", Some("/without")),
        (&all, "/with", None),
        (&all, "/anything", None),
    ] {
        let mut visitor = Visitor::of(router);
        assert_eq!(visitor.visit(with).await.body, "1");
        assert_eq!(visitor.visit(with).await.body, "2");
        if let Some(without) = without {
            let answer = visitor.visit(without).await;
            assert_eq!(answer.status, StatusCode::INTERNAL_SERVER_ERROR);
        }
    }
}

#[tokio::test]
async fn where_the_layer_is_missing_the_answer_says_how_to_add_it() {
    async fn lazy(_: Lazy) {}
    async fn maybe(session: Option<Session>) -> String {
        session.is_some().to_string()
    }
    let router = Router::new()
        .route("/count", get(count))
        .route("/lazy", get(lazy))
        .route("/maybe", get(maybe));
    let visitor = Visitor::of(&router);
    for path in ["/count", "/lazy"] {
        let answer = visitor.get(path).await;
        assert_eq!(answer.status, StatusCode::INTERNAL_SERVER_ERROR);
        let message = "this route has no session: add `.layer(SessionLayer::new(sessions))` to its router, \
                       after the route\n";
        assert_eq!(answer.body, message);
    }
    assert_eq!(visitor.get("/maybe").await.body, "false");
    let router = router.layer(SessionLayer::new(measured().0));
    assert_eq!(Visitor::of(&router).get("/maybe").await.body, "true");
}

#[tokio::test]
async fn a_lazy_session_costs_nothing_until_it_is_loaded_and_is_loaded_once() {
    #[derive(serde::Deserialize)]
    struct Asked {
        loads: u32,
    }
    async fn page(Query(asked): Query<Asked>, lazy: Lazy) -> Result<String, Error> {
        let mut n = 0;
        for _ in 0..asked.loads {
            n = lazy.load().await?.increment("n", 1)?;
        }
        Ok(n.to_string())
    }
    let (sessions, gauge) = measured();
    let router = Router::new().route("/", get(page)).layer(SessionLayer::new(sessions));
    let mut visitor = Visitor::of(&router);
    visitor.visit("/?loads=1").await;
    let _ = gauge.take();
    let unused = visitor.visit("/?loads=0").await;
    assert_eq!((gauge.take(), unused.header("vary")), ((0, 0), String::new()));
    let used = visitor.visit("/?loads=3").await;
    assert_eq!((used.body.as_str(), used.header("vary").as_str()), ("4", "cookie"));
    assert_eq!(gauge.take(), (1, 1));
}

#[tokio::test]
async fn all_extractors_of_a_request_share_one_session() {
    async fn page(first: Session, lazy: Lazy, second: Session) -> Result<String, Error> {
        first.set("n", &1)?;
        let third = lazy.load().await?;
        Ok(format!("{:?} {:?}", second.get::<u32>("n")?, third.get::<u32>("n")?))
    }
    let (sessions, gauge) = measured();
    let router = Router::new().route("/", get(page)).layer(SessionLayer::new(sessions));
    assert_eq!(Visitor::of(&router).visit("/").await.body, "Some(1) Some(1)");
    assert_eq!(gauge.take(), (0, 1));
}

/// A body that is neither of axum nor of bytes, and has no default.
struct Page(VecDeque<u8>);

impl Body for Page {
    type Data = VecDeque<u8>;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<VecDeque<u8>>, Infallible>>> {
        let data = std::mem::take(&mut self.0);
        Poll::Ready((!data.is_empty()).then_some(Ok(Frame::data(data))))
    }

    fn is_end_stream(&self) -> bool {
        self.0.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.0.len() as u64)
    }
}

#[tokio::test]
async fn any_tower_service_with_any_body_can_have_sessions() {
    async fn serve(request: Request<()>) -> Result<Response<Page>, cloakroom::Error> {
        let pending = request.extensions().get::<Pending>().expect("the layer is there");
        let n = pending.load().await?.increment("n", 1)?;
        Ok(Response::new(Page(n.to_string().into_bytes().into())))
    }
    let (sessions, gauge) = measured();
    let layer = cloakroom::tower::SessionLayer::new(sessions);
    let service = ServiceBuilder::new().layer(layer).service_fn(serve);
    let ask = async |cookie: &str| {
        let request = Request::get("/").header("cookie", cookie).body(()).unwrap();
        let response = service.clone().oneshot(request).await.unwrap();
        let (head, mut body) = response.into_parts();
        let size = body.size_hint().exact();
        let mut text = String::new();
        while let Some(frame) = http_body_util::BodyExt::frame(&mut body).await {
            text.extend(frame.unwrap().into_data().unwrap().into_iter().map(char::from));
        }
        (head, size, text)
    };
    let (head, size, text) = ask("x=y").await;
    assert_eq!((size, text.as_str()), (Some(1), "1"));
    let cookie = head.headers["set-cookie"].to_str().unwrap().split(';').next().unwrap();
    assert_eq!(ask(cookie).await.2, "2");
    gauge.fail(true);
    let (head, size, text) = ask("x=y").await;
    assert_eq!(head.status, StatusCode::SERVICE_UNAVAILABLE, "the session cannot be saved");
    assert_eq!((size, text.as_str()), (Some(0), ""));
}
