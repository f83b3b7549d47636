//! Where the layer stands: on one route, a group or everything, twice, not at all, and round services that are not a
//! framework's.
//!
//! The last test is about a service of tower.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use axum::http::{Request, Response, StatusCode};
use cloakroom::conformance::Gauge;
use cloakroom::{CookieSettings, MemoryStore, Pending, Sessions};
use http_body::{Body, Frame, SizeHint};
use tower::{ServiceBuilder, ServiceExt as _};

use crate::apps::{App, Framework};
use crate::support::{Visitor, secret};

on_every_framework!(nested_layers_do_not_double_up);
on_every_framework!(an_inner_layer_of_other_sessions_serves_its_own_routes);
on_every_framework!(the_layer_may_stand_on_one_route_a_group_or_everything);
on_every_framework!(where_the_layer_is_missing_the_answer_says_how_to_add_it);
on_every_framework!(a_lazy_session_costs_nothing_until_it_is_loaded_and_is_loaded_once);
on_every_framework!(all_extractors_of_a_request_share_one_session);

fn measured() -> (Sessions, Gauge) {
    let gauge = Gauge::default();
    let builder = Sessions::builder(gauge.measure(MemoryStore::new())).secret(secret());
    (builder.build().unwrap(), gauge)
}

/// A visitor where layers stand in all places; within them one of other sessions, whose cookie is called `admin`.
async fn in_places(framework: Framework) -> (Visitor, Gauge) {
    let (sessions, gauge) = measured();
    let admins = Sessions::builder(MemoryStore::new()).secret(secret());
    let admins = admins.cookie(CookieSettings::new("admin")).build().unwrap();
    (framework.serve(&App::Places(admins), &sessions).await.visitor(), gauge)
}

async fn nested_layers_do_not_double_up(framework: Framework) {
    let (mut visitor, gauge) = in_places(framework).await;
    let first = visitor.visit("/nested/count").await;
    assert!(first.set_cookie().is_some());
    assert_eq!(first.header("vary"), "cookie");
    assert_eq!(first.header("cache-control"), "no-cache=\"set-cookie\"");
    assert_eq!(gauge.take(), (0, 1));
    let second = visitor.visit("/nested/count").await;
    assert_eq!((second.body.as_str(), second.set_cookie()), ("4", None));
    assert_eq!(second.header("vary"), "cookie");
    assert_eq!(gauge.take(), (1, 1));
}

async fn an_inner_layer_of_other_sessions_serves_its_own_routes(framework: Framework) {
    let (mut visitor, _) = in_places(framework).await;
    let mut admin = visitor.clone();
    visitor.visit("/both/count").await;
    admin.visit("/both/admin").await;
    assert!(visitor.cookie().unwrap().starts_with("__Host-session="));
    assert!(admin.cookie().unwrap().starts_with("__Host-admin="));
    assert_eq!(visitor.visit("/both/count").await.body, "2");
    assert_eq!(admin.visit("/both/admin").await.body, "2");
}

async fn the_layer_may_stand_on_one_route_a_group_or_everything(framework: Framework) {
    let (in_places, _) = in_places(framework).await;
    let everywhere = framework.serve(&App::Everything, &measured().0).await.visitor();
    for (mut visitor, with, without) in [
        (in_places.clone(), "/route/with", Some("/route/without")),
        (in_places, "/group/with", Some("/without")),
        (everywhere.clone(), "/with", None),
        (everywhere, "/anything", None),
    ] {
        assert_eq!(visitor.visit(with).await.body, "1");
        assert_eq!(visitor.visit(with).await.body, "2");
        if let Some(without) = without {
            let answer = visitor.visit(without).await;
            assert_eq!(answer.status, StatusCode::INTERNAL_SERVER_ERROR);
        }
    }
}

async fn where_the_layer_is_missing_the_answer_says_how_to_add_it(framework: Framework) {
    let (visitor, _) = in_places(framework).await;
    for path in ["/without", "/lazy"] {
        let answer = visitor.get(path).await;
        assert_eq!(answer.status, StatusCode::INTERNAL_SERVER_ERROR);
        let help = framework.how_to_add_the_layer();
        assert_eq!(answer.body, format!("this route has no session: {help}\n"));
    }
    assert_eq!(visitor.get("/maybe").await.body, "false");
    let everywhere = framework.serve(&App::Everything, &measured().0).await.visitor();
    assert_eq!(everywhere.get("/maybe").await.body, "true");
}

async fn a_lazy_session_costs_nothing_until_it_is_loaded_and_is_loaded_once(framework: Framework) {
    let (sessions, gauge) = measured();
    let mut visitor = framework.serve(&App::Main, &sessions).await.visitor();
    visitor.visit("/lazy?times=1").await;
    let _ = gauge.take();
    let unused = visitor.visit("/lazy?times=0").await;
    assert_eq!((gauge.take(), unused.header("vary")), ((0, 0), String::new()));
    let used = visitor.visit("/lazy?times=3").await;
    assert_eq!((used.body.as_str(), used.header("vary").as_str()), ("4", "cookie"));
    assert_eq!(gauge.take(), (1, 1));
}

async fn all_extractors_of_a_request_share_one_session(framework: Framework) {
    let (sessions, gauge) = measured();
    let mut visitor = framework.serve(&App::Main, &sessions).await.visitor();
    assert_eq!(visitor.visit("/shared").await.body, "Some(1) Some(1)");
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
