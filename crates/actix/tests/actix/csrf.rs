//! CSRF tokens in forms, which are read and handed on.

use actix_web::body::MessageBody;
use actix_web::dev::{Payload, ServiceRequest, ServiceResponse};
use actix_web::error::PayloadError;
use actix_web::http::Method;
use actix_web::middleware::{Next, from_fn};
use actix_web::test::{TestRequest, call_service, init_service, read_body};
use actix_web::{App, HttpResponse, web};
use cloakroom_actix::{CsrfLayer, Error, Session, SessionLayer};
use cloakroom_core::{Csrf, CsrfRefusal};
use futures_util::{StreamExt as _, stream};

use crate::support::{ann, get, memory};

async fn token(session: Session) -> Result<String, Error> {
    Ok(session.csrf_token()?)
}

#[actix_web::test]
async fn a_form_with_its_token_comes_to_the_handler_unchanged() {
    let sessions = memory();
    let app = App::new()
        .route("/", web::get().to(token))
        .route("/", web::post().to(async |body: web::Bytes| HttpResponse::Ok().body(body)))
        .route(
            "/form",
            web::post().to(async |form: web::Form<Vec<(String, String)>>| form[1].1.clone()),
        )
        .wrap(CsrfLayer::new(Csrf::new().largest_form(200)))
        .wrap(SessionLayer::new(sessions.clone()));
    let app = init_service(app).await;
    let cookie = ann(&sessions).await;
    let page = read_body(call_service(&app, get("/", &cookie).to_request()).await).await;
    let token = String::from_utf8(page.to_vec()).unwrap();

    let post = |path: &str, body: String| {
        let request = get(path, &cookie).method(Method::POST);
        request
            .insert_header(("content-type", "application/x-www-form-urlencoded"))
            .set_payload(body)
    };
    let form = format!("csrf_token={token}&name=Zo%C3%AB+X&empty=");
    let response = call_service(&app, post("/", form.clone()).to_request()).await;
    assert_eq!(read_body(response).await, form.as_bytes());
    let response = call_service(&app, post("/form", form.clone()).to_request()).await;
    assert_eq!(read_body(response).await, "Zoë X");

    let large = format!("{form}{}", "x".repeat(200 - form.len()));
    assert_eq!(large.len(), 200);
    let wrong = "A".repeat(token.len());
    for (form, status, refusal) in [
        (large.clone(), 200, None),
        (large + "x", 413, Some(CsrfRefusal::FormTooLarge)),
        ("name=Zo".to_owned(), 403, Some(CsrfRefusal::Missing)),
        (format!("csrf_token={wrong}"), 403, Some(CsrfRefusal::Wrong)),
    ] {
        let response = call_service(&app, post("/", form.clone()).to_request()).await;
        assert_eq!(response.status(), status, "{form}");
        assert_eq!(response.response().extensions().get().copied(), refusal, "{form}");
    }

    let scripted = get("/", &cookie).method(Method::POST);
    let scripted = scripted.insert_header(("x-csrf-token", token)).set_payload("x".repeat(300));
    let response = call_service(&app, scripted.to_request()).await;
    assert_eq!(read_body(response).await.len(), 300, "with the header the body is not read");
    let stranger = TestRequest::post().set_payload(form).to_request();
    let response = call_service(&app, stranger).await;
    assert_eq!(response.response().extensions().get(), Some(&CsrfRefusal::NoSession));
}

/// Takes the rest of each body away, as a connection does that breaks.
async fn breaks_off(
    mut request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> actix_web::Result<ServiceResponse<impl MessageBody>> {
    let chunks = [Ok("csrf_token=".into()), Err(PayloadError::Incomplete(None))];
    request.set_payload(Payload::Stream { payload: stream::iter(chunks).boxed_local() });
    next.call(request).await
}

#[actix_web::test]
async fn a_form_that_breaks_off_is_refused() {
    let sessions = memory();
    let app = App::new()
        .default_service(web::to(async || "done"))
        .wrap(CsrfLayer::default())
        .wrap(SessionLayer::new(sessions.clone()))
        .wrap(from_fn(breaks_off));
    let request = get("/", &ann(&sessions).await).method(Method::POST);
    let request = request.insert_header(("content-type", "application/x-www-form-urlencoded"));
    let response = call_service(&init_service(app).await, request.to_request()).await;
    assert_eq!(response.status(), 400);
    assert_eq!(response.response().extensions().get(), Some(&CsrfRefusal::Unreadable));
}
