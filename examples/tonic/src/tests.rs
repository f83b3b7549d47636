//! The program over a real port, by a client that keeps its cookie.

use super::*;

use cloakroom::ErrorKind;
use cloakroom::testing::Gauge;
use tonic::Code;
use tonic::transport::Channel;

struct Site {
    client: CounterClient<Channel>,
    gauge: Gauge,
}

impl Site {
    async fn new() -> Self {
        let gauge = Gauge::default();
        let builder = Sessions::builder(gauge.measure(MemoryStore::new()));
        let sessions = builder.secret(Secret::generate().unwrap()).insecure_http().build().unwrap();
        let incoming = TcpIncoming::bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let address = incoming.local_addr().unwrap();
        tokio::spawn(serve(incoming, sessions));
        let client = CounterClient::connect(format!("http://{address}")).await.unwrap();
        Self { client, gauge }
    }

    /// Adds one as a stranger; returns the cookie of the session that begins.
    async fn begin(&mut self) -> MetadataValue<Ascii> {
        let response = self.client.add(with_cookie(Amount { by: 1 }, None)).await.unwrap();
        let cookie = kept(&response).expect("a write sets the cookie");
        assert_eq!(self.gauge.take(), (0, 1));
        cookie
    }

    async fn look(&mut self, cookie: &MetadataValue<Ascii>) -> i64 {
        let response = self.client.look(with_cookie(Nothing {}, Some(cookie))).await.unwrap();
        assert_eq!(kept(&response), None);
        response.get_ref().count
    }

    async fn who(&mut self, cookie: &MetadataValue<Ascii>) -> Result<String, Code> {
        let response = self.client.who(with_cookie(Nothing {}, Some(cookie))).await;
        response.map(|name| name.into_inner().name).map_err(|status| status.code())
    }
}

#[tokio::test]
async fn who_only_looks_gets_no_cookie_and_costs_no_store_call() {
    let mut site = Site::new().await;
    let response = site.client.look(with_cookie(Nothing {}, None)).await.unwrap();
    assert_eq!(response.get_ref().count, 0);
    assert_eq!(kept(&response), None);
    assert_eq!(site.gauge.take(), (0, 0));
}

#[tokio::test]
async fn a_write_sets_the_cookie_and_the_session_comes_back() {
    let mut site = Site::new().await;
    let cookie = site.begin().await;
    assert_eq!(site.look(&cookie).await, 1);
    assert_eq!(site.gauge.take(), (1, 0));
}

#[tokio::test]
async fn who_signed_in_is_known_until_the_sign_out() {
    let mut site = Site::new().await;
    let anonymous = site.begin().await;
    assert_eq!(site.who(&anonymous).await, Err(Code::Unauthenticated));
    let name = Name { name: "ann".to_owned() };
    let signed_in = site.client.sign_in(with_cookie(name, Some(&anonymous))).await.unwrap();
    let ann = kept(&signed_in).expect("a sign-in renews");
    assert_eq!(site.who(&ann).await, Ok("ann".to_owned()));
    assert_eq!(site.look(&ann).await, 1, "the data is kept");
    assert_eq!(site.look(&anonymous).await, 0, "the old token is worth nothing");

    site.client.sign_out(with_cookie(Nothing {}, Some(&ann))).await.unwrap();
    assert_eq!(site.who(&ann).await, Err(Code::Unauthenticated));
}

#[tokio::test]
async fn a_forged_cookie_costs_no_store_call_and_is_not_adopted() {
    let mut site = Site::new().await;
    let genuine = site.begin().await;
    let (name, token) = genuine.to_str().unwrap().split_once('=').unwrap();
    let forged: String = token.chars().rev().collect();
    let forged = format!("{name}={forged}").parse().unwrap();
    assert_eq!(site.look(&forged).await, 0);
    assert_eq!(site.gauge.take(), (0, 0));
}

#[tokio::test]
async fn an_error_of_the_server_saves_nothing() {
    let mut site = Site::new().await;
    let cookie = site.begin().await;
    let too_much = with_cookie(Amount { by: 1_000 }, Some(&cookie));
    let refused = site.client.add(too_much).await.unwrap_err();
    assert_eq!(refused.code(), Code::Internal);
    assert_eq!(site.look(&cookie).await, 1);

    let stranger = site.client.add(with_cookie(Amount { by: 1_000 }, None)).await.unwrap_err();
    assert!(!stranger.metadata().contains_key("set-cookie"));
}

#[tokio::test]
async fn a_store_that_is_down_is_unavailable_and_well_again() {
    let mut site = Site::new().await;
    let cookie = site.begin().await;
    site.gauge.fail(true);
    assert_eq!(site.who(&cookie).await, Err(Code::Unavailable));
    // Here the handler succeeds and the layer cannot save: the client must not believe the handler.
    let unsaved = site.client.add(with_cookie(Amount { by: 1 }, None)).await.unwrap_err();
    assert_eq!(unsaved.code(), Code::Unavailable);
    site.gauge.fail(false);
    assert_eq!(site.look(&cookie).await, 1);
}

#[tokio::test]
async fn without_the_layer_the_error_says_what_to_do() {
    let error = Pending::of(&Extensions::new()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NoLayer);
    assert_eq!(session(&Extensions::new()).await.unwrap_err().code(), Code::Internal);
}
