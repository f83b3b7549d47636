//! Other sites' pages cannot make a visitor's browser change anything, sign-in form included.

use axum::Router;
use axum::body::Body;
use axum::extract::Query;
use axum::http::{Request, StatusCode};
use axum::routing::{get, post};
use cloakroom::axum::{CrossOriginLayer, Error, Session, SessionLayer};
use cloakroom::{CrossOrigin, CrossOriginRefusal, Sessions};
use tower::{ServiceBuilder, ServiceExt as _, service_fn};

use crate::support::Site;

on_every_store!(a_form_of_another_site_changes_nothing_and_signs_nobody_in);

mod in_cookies {
    use super::*;

    on_every_cookie!(a_form_of_another_site_changes_nothing_and_signs_nobody_in);
}

fn app(sessions: &Sessions) -> Router {
    async fn sign_in(
        session: Session,
        Query(user): Query<Vec<(String, String)>>,
    ) -> Result<(), Error> {
        Ok(session.sign_in(&user[0].1)?)
    }
    async fn add(session: Session) -> Result<String, Error> {
        Ok(session.increment("n", 1)?.to_string())
    }
    async fn who(session: Session) -> String {
        format!("{:?} {}", session.user(), session.all().len())
    }
    let policy = CrossOrigin::new().trust_origin("https://trusted.example").unwrap();
    let policy = policy.exempt("/hook/{*rest}").unwrap();
    Router::new()
        .route("/sign-in", post(sign_in))
        .route("/add", post(add))
        .route("/hook/add", post(add))
        .route("/who", get(who))
        .layer(CrossOriginLayer::new(policy))
        .layer(SessionLayer::new(sessions.clone()))
}

async fn a_form_of_another_site_changes_nothing_and_signs_nobody_in(site: Site) {
    let site = site.serving(|builder| builder, app).await;
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
    assert_eq!(visitor.visit("/who").await.body, "None 0");
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
    assert_eq!(visitor.visit("/who").await.body, r#"Some(UserId("ann")) 1"#);
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
