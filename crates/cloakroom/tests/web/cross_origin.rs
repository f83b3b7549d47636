//! Other sites' pages cannot make a visitor's browser change anything, sign-in form included.
//!
//! The last test is about services of tower that are not axum's.

use axum::body::Body;
use axum::http::{Request, StatusCode};
use cloakroom::CrossOriginRefusal;
use cloakroom::axum::CrossOriginLayer;
use tower::{ServiceBuilder, ServiceExt as _, service_fn};

use crate::apps::{App, Framework};
use crate::support::Site;

on_every_store!(a_form_of_another_site_changes_nothing_and_signs_nobody_in);
on_every_framework!(an_outer_layer_sees_why_a_form_was_refused);

mod in_cookies {
    use super::*;

    on_every_cookie!(a_form_of_another_site_changes_nothing_and_signs_nobody_in);
}

async fn a_form_of_another_site_changes_nothing_and_signs_nobody_in(site: Site) {
    let site = site.serving(App::CrossOrigin).await;
    let mut visitor = site.visitor();
    let own = format!("http://{}", visitor.server());
    let evil = "https://evil.example";
    for path in ["/add", "/sign-in?user=eve"] {
        for headers in [
            &[("sec-fetch-site", "cross-site"), ("origin", evil)][..],
            &[("sec-fetch-site", "same-site"), ("origin", evil)],
            &[("sec-fetch-site", "cross-site")],
            &[("sec-fetch-site", "cross-site"), ("content-type", "text/plain")],
            &[("origin", evil)],
            &[("origin", "null")],
        ] {
            let answer = visitor.post(path, headers, "").await;
            assert_eq!(answer.status, StatusCode::FORBIDDEN, "{path} {headers:?}");
            assert_eq!(answer.set_cookie(), None);
            assert_eq!(answer.header("cache-control"), "no-store");
            let (name, value) = headers[0];
            let named =
                name == "origin" || answer.body.contains(&format!("Sec-Fetch-Site: {value}"));
            assert!(named && answer.body.contains("CrossOrigin::exempt"), "{}", answer.body);
            assert_eq!(
                answer.body.contains("trust_origin(\"https://evil.example\")"),
                answer.body.contains(evil)
            );
        }
    }
    assert_eq!(visitor.visit("/whose").await.body, "nobody 0");
    for headers in [
        &[("sec-fetch-site", "same-origin"), ("origin", &*own)][..],
        &[("sec-fetch-site", "none")],
        &[("origin", &*own)],
        &[],
        &[("sec-fetch-site", "cross-site"), ("origin", "https://trusted.example")],
    ] {
        assert_eq!(visitor.post("/add", headers, "").await.status, StatusCode::OK, "{headers:?}");
    }
    let answer = visitor.post("/hook/add", &[("sec-fetch-site", "cross-site")], "").await;
    assert_eq!((answer.status, answer.body.as_str()), (StatusCode::OK, "6"));
    visitor.post("/sign-in?user=ann", &[("sec-fetch-site", "same-origin")], "").await;
    assert_eq!(visitor.visit("/whose").await.body, "ann 1");
}

async fn an_outer_layer_sees_why_a_form_was_refused(framework: Framework) {
    let site = Site::in_memory(framework).await.serving(App::Drawn).await;
    let answer = site.visitor().post("/add", &[("sec-fetch-site", "cross-site")], "").await;
    let drawn = answer.body.starts_with("drawn: CrossOriginRefusal");
    assert!(drawn && answer.body.contains("cross-site"), "{}", answer.body);
}

#[tokio::test]
async fn any_tower_service_can_stand_behind_it_and_an_outer_layer_sees_why() {
    async fn serve(
        _: Request<Body>,
    ) -> Result<axum::http::Response<String>, std::convert::Infallible> {
        Ok(axum::http::Response::new("served".to_owned()))
    }
    let service =
        ServiceBuilder::new().layer(CrossOriginLayer::default()).service(service_fn(serve));
    let request =
        |site: &str| Request::put("/").header("sec-fetch-site", site).body(Body::empty()).unwrap();
    let Ok(response) = service.clone().oneshot(request("same-origin")).await;
    assert_eq!(response.body(), "served");
    let Ok(response) = service.oneshot(request("cross-site")).await;
    assert_eq!(response.status(), StatusCode::FORBIDDEN);
    assert!(response.extensions().get::<CrossOriginRefusal>().is_some());
}
