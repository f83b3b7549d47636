//! The application's own user.

use std::cell::Cell;
use std::sync::atomic::{AtomicUsize, Ordering};

use actix_web::test::{TestRequest, call_service, init_service, read_body};
use actix_web::{App, web};
use cloakroom_actix::{CurrentUser, Session, SessionLayer};
use cloakroom_core::{LoadUser, UserId};

use crate::support::{ann, get, memory};

#[derive(Clone, Debug)]
struct User(String);

#[derive(Default)]
struct Users {
    loads: AtomicUsize,
}

impl LoadUser for User {
    type Source = Users;
    type Error = std::io::Error;

    async fn load(users: &Users, id: &UserId) -> Result<Option<Self>, Self::Error> {
        users.loads.fetch_add(1, Ordering::Relaxed);
        // So that the other extractors of the handler have their turn.
        tokio::task::yield_now().await;
        match id.as_str() {
            "nobody" => Ok(None),
            "broken" => Err(std::io::Error::other("the database is down")),
            name => Ok(Some(Self(name.to_owned()))),
        }
    }
}

async fn twice(one: CurrentUser<User>, two: Option<CurrentUser<User>>) -> String {
    format!("{} {}", one.0.0, two.is_some())
}

async fn maybe(user: Option<CurrentUser<User>>) -> String {
    user.map_or("stranger".to_owned(), |user| user.0.0)
}

#[actix_web::test]
async fn the_user_is_loaded_once_a_request_from_either_kind_of_data() {
    let sessions = memory();
    let cookie = ann(&sessions).await;
    let data = web::Data::new(Users::default());
    let wrapped = App::new().app_data(data.clone()).default_service(web::to(twice));
    let wrapped = init_service(wrapped.wrap(SessionLayer::new(sessions.clone()))).await;
    let response = call_service(&wrapped, get("/", &cookie).to_request()).await;
    assert_eq!(read_body(response).await, "ann true");
    assert_eq!(data.loads.load(Ordering::Relaxed), 1);
    let plain = App::new().app_data(Users::default()).default_service(web::to(twice));
    let plain = init_service(plain.wrap(SessionLayer::new(sessions))).await;
    let response = call_service(&plain, get("/", &cookie).to_request()).await;
    assert_eq!(read_body(response).await, "ann true");
}

#[actix_web::test]
async fn nobody_is_401_or_none_and_a_failure_is_neither() {
    let sessions = memory();
    let signs_in = async |session: Session, name: web::Path<String>| {
        session.sign_in(name.as_str()).unwrap();
        ""
    };
    let app = App::new()
        .app_data(web::Data::new(Users::default()))
        .route("/as/{name}", web::get().to(signs_in))
        .route("/twice", web::get().to(twice))
        .route("/maybe", web::get().to(maybe))
        .wrap(SessionLayer::new(sessions.clone()));
    let app = init_service(app).await;
    let stranger = call_service(&app, TestRequest::with_uri("/maybe").to_request()).await;
    assert_eq!(read_body(stranger).await, "stranger");
    let stranger = call_service(&app, TestRequest::with_uri("/twice").to_request()).await;
    assert_eq!(stranger.status(), 401);
    for (name, once, maybe) in [("ann", 200, 200), ("nobody", 401, 200), ("broken", 500, 500)] {
        for (path, status) in [("/twice", once), ("/maybe", maybe)] {
            let signed_in = TestRequest::with_uri(&format!("/as/{name}")).to_request();
            let cookie = crate::support::cookie_of(&call_service(&app, signed_in).await).unwrap();
            let response = call_service(&app, get(path, &cookie).to_request()).await;
            assert_eq!(response.status(), status, "{name} {path}");
            let alive = crate::support::visits(&sessions, &cookie).await.is_some();
            assert_eq!(alive, name != "nobody", "who is gone has no session");
        }
    }
}

#[actix_web::test]
async fn a_source_that_is_missing_is_told_also_where_the_user_is_optional() {
    let sessions = memory();
    let cookie = ann(&sessions).await;
    let app = App::new()
        .app_data(web::Data::new(Cell::new(0)))
        .route("/twice", web::get().to(twice))
        .route("/maybe", web::get().to(maybe))
        .wrap(SessionLayer::new(sessions));
    let app = init_service(app).await;
    for path in ["/twice", "/maybe"] {
        let response = call_service(&app, get(path, &cookie).to_request()).await;
        assert_eq!(response.status(), 500, "{path}");
        let text = String::from_utf8(read_body(response).await.to_vec()).unwrap();
        assert!(text.contains("Users`") && text.contains(".app_data("), "{path}: {text}");
    }
}
