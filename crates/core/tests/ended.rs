//! How the wait for the end of a session ends, by a clock that the test holds.
#![cfg(feature = "conformance")]

use std::future::Future;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use cloakroom_core::conformance::{Browser, Gauge};
use cloakroom_core::*;
use futures_util::FutureExt as _;
use http::StatusCode;

const MINUTE: Duration = Duration::from_secs(60);

fn secret() -> Secret {
    Secret::new("Jq0vPpXw3sO9ZkYc7RtLb2NhUe5GmAfD8iVxKo4W").unwrap()
}

/// A wait, begun in a request of this browser and driven by a task.
async fn begin(browser: &Browser) -> tokio::task::JoinHandle<End> {
    let visit = browser.begin().await.unwrap();
    let ended = visit.session().ended();
    visit.end(StatusCode::OK).await.unwrap();
    tokio::spawn(ended)
}

/// Fails a test that hangs.
async fn in_time<T>(work: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(30), work).await.expect("it hangs")
}

/// Lets the wait look at least twice at the session, and sees that it goes on.
async fn goes_on(wait: &tokio::task::JoinHandle<End>) {
    tokio::time::sleep(Duration::from_millis(1200)).await;
    assert!(!wait.is_finished());
}

async fn signed_in(sessions: &Sessions) -> Browser {
    let mut browser = Browser::new(sessions);
    browser.visit(|session| session.sign_in("ann")).await.unwrap().unwrap();
    browser
}

fn periodic(clock: &FrozenClock) -> SessionsBuilder {
    let builder = Sessions::builder(MemoryStore::new()).secret(secret()).clock(clock.clone());
    builder.renewal_timeout(10 * MINUTE).idle_timeout(60 * MINUTE)
}

#[tokio::test]
async fn a_periodic_renewal_is_followed() {
    let clock = FrozenClock::at(Timestamp::from_millis(1_780_000_000_000));
    let sessions = periodic(&clock).build().unwrap();
    let mut browser = signed_in(&sessions).await;
    let wait = begin(&browser).await;
    for _ in 0..3 {
        clock.advance(11 * MINUTE);
        let before = browser.cookie().map(str::to_owned);
        browser.visit(|_| ()).await.unwrap();
        assert_ne!(browser.cookie().map(str::to_owned), before, "renewed");
    }
    goes_on(&wait).await;
    browser.visit(Session::sign_out).await.unwrap().unwrap();
    assert_eq!(in_time(wait).await.unwrap(), End::Over);
}

#[tokio::test]
async fn a_session_that_expires_has_ended_and_activity_puts_it_off() {
    let clock = FrozenClock::at(Timestamp::from_millis(1_780_000_000_000));
    let builder = Sessions::builder(MemoryStore::new()).secret(secret()).clock(clock.clone());
    let sessions = builder.idle_timeout(30 * MINUTE).build().unwrap();
    let mut browser = signed_in(&sessions).await;
    let wait = begin(&browser).await;
    clock.advance(29 * MINUTE);
    browser.visit(|_| ()).await.unwrap();
    clock.advance(2 * MINUTE);
    goes_on(&wait).await;
    clock.advance(28 * MINUTE);
    assert_eq!(in_time(wait).await.unwrap(), End::Over);
}

#[tokio::test]
async fn while_the_store_is_down_the_wait_goes_on() {
    let gauge = Gauge::default();
    let sessions =
        Sessions::builder(gauge.measure(MemoryStore::new())).secret(secret()).build().unwrap();
    let browser = signed_in(&sessions).await;
    let wait = begin(&browser).await;
    gauge.fail(true);
    goes_on(&wait).await;
    gauge.fail(false);
    goes_on(&wait).await;
    sessions.revoke_all(&UserId::new("ann").unwrap()).await.unwrap();
    assert_eq!(in_time(wait).await.unwrap(), End::Over);
}

#[tokio::test]
async fn what_the_same_process_ends_is_seen_at_once() {
    let sessions = Sessions::builder(MemoryStore::new()).secret(secret()).build().unwrap();
    let ann = UserId::new("ann").unwrap();
    for (way, expected) in [(0, End::Over), (1, End::Over), (2, End::Over), (3, End::Renewed)] {
        let mut browser = signed_in(&sessions).await;
        let visit = browser.begin().await.unwrap();
        let id = visit.session().id().unwrap();
        let mut ended = Box::pin(visit.session().ended());
        visit.end(StatusCode::OK).await.unwrap();
        assert!((&mut ended).now_or_never().is_none());
        match way {
            0 => assert!(sessions.revoke(id).await.unwrap()),
            1 => assert_eq!(sessions.revoke_all(&ann).await.unwrap(), 1),
            2 => browser.visit(Session::sign_out).await.unwrap().unwrap(),
            _ => browser.visit(Session::renew).await.unwrap().unwrap(),
        }
        assert_eq!((&mut ended).now_or_never(), Some(expected), "{way}");
        sessions.revoke_all(&ann).await.unwrap();
    }
}

#[tokio::test]
async fn who_has_no_session_has_nothing_to_wait_for() {
    let sessions = Sessions::builder(MemoryStore::new()).secret(secret()).build().unwrap();
    let wait = begin(&Browser::new(&sessions)).await;
    assert_eq!(in_time(wait).await.unwrap(), End::Over);
}

#[tokio::test]
async fn a_detached_session_can_wait_too() {
    let sessions = Sessions::builder(MemoryStore::new()).secret(secret()).build().unwrap();
    let mut browser = signed_in(&sessions).await;
    let visit = browser.begin().await.unwrap();
    let detached = visit.session().detach().unwrap();
    visit.end(StatusCode::OK).await.unwrap();
    let wait = tokio::spawn(detached.ended());
    goes_on(&wait).await;
    browser.visit(Session::destroy).await.unwrap().unwrap();
    assert_eq!(in_time(wait).await.unwrap(), End::Over);
    assert_eq!(in_time(detached.ended()).await, End::Over, "and again at once");
}

#[tokio::test]
async fn of_a_session_in_the_cookie_the_deny_list_knows_the_end() {
    let list = Arc::new(MemoryStore::new());
    let open = |list: &Arc<MemoryStore>| {
        let driver = CookieDriver::encrypted().deny_list(Shared(list.clone()));
        Sessions::in_cookie(driver).secret(secret()).build().unwrap()
    };
    // Two processes with one list.
    let (here, there) = (open(&list), open(&list));
    let mut browser = signed_in(&here).await;
    let wait = begin(&browser).await;
    goes_on(&wait).await;
    browser.at(&there).visit(Session::sign_out).await.unwrap().unwrap();
    assert_eq!(in_time(wait).await.unwrap(), End::Over);
    let renewed = signed_in(&here).await;
    let wait = begin(&renewed).await;
    renewed.at(&there).visit(Session::renew).await.unwrap().unwrap();
    assert_eq!(in_time(wait).await.unwrap(), End::Renewed);
    browser = signed_in(&here).await;
    let wait = begin(&browser).await;
    there.revoke_all(&UserId::new("ann").unwrap()).await.unwrap();
    assert_eq!(in_time(wait).await.unwrap(), End::Over);
}

#[tokio::test]
async fn without_a_list_the_same_process_knows_it_all_the_same() {
    let sessions = Sessions::in_cookie(CookieDriver::signed()).secret(secret()).build().unwrap();
    let mut browser = signed_in(&sessions).await;
    let wait = begin(&browser).await;
    goes_on(&wait).await;
    browser.visit(Session::sign_out).await.unwrap().unwrap();
    assert_eq!(in_time(wait).await.unwrap(), End::Over);
}

/// Everything that an application hears.
#[derive(Clone, Default)]
struct Tape(Arc<Mutex<Vec<String>>>);

impl Observer for Tape {
    fn event(&self, event: &Event<'_>) {
        self.0.lock().unwrap().push(format!("{event:?}"));
    }
}

#[tokio::test]
async fn what_expires_and_what_is_renewed_by_the_clock_is_told() {
    let (clock, tape) =
        (FrozenClock::at(Timestamp::from_millis(1_780_000_000_000)), Tape::default());
    let sessions = periodic(&clock).observer(tape.clone()).build().unwrap();
    let mut browser = signed_in(&sessions).await;
    clock.advance(11 * MINUTE);
    browser.visit(|_| ()).await.unwrap();
    clock.advance(61 * MINUTE);
    browser.visit(|_| ()).await.unwrap();
    let told = tape.0.lock().unwrap();
    let kinds: Vec<_> = told.iter().map(|event| event.split(' ').next().unwrap()).collect();
    assert_eq!(kinds, ["Created", "SignedIn", "Renewed", "Expired"]);
    assert!(told[2].contains("cause: Periodic"), "{}", told[2]);
}

#[tokio::test]
async fn an_observer_may_use_the_session_that_it_is_told_of() {
    /// Asks the sessions themselves, which would hang if it were called under a lock.
    #[derive(Clone, Default)]
    struct Curious(Arc<Mutex<Option<Session>>>);

    impl Observer for Curious {
        fn event(&self, _: &Event<'_>) {
            let session = self.0.lock().unwrap().clone();
            session.map(|session| session.keys());
        }
    }

    let curious = Curious::default();
    let builder = Sessions::builder(MemoryStore::new()).secret(secret());
    let sessions = builder.observer(curious.clone()).build().unwrap();
    let visit = Browser::new(&sessions).begin().await.unwrap();
    visit.session().set("n", &1).unwrap();
    *curious.0.lock().unwrap() = Some(visit.session().clone());
    in_time(visit.end(StatusCode::OK)).await.unwrap();
}

/// One store of two.
struct Shared(Arc<MemoryStore>);

impl Store for Shared {
    type Error = MemoryFull;

    async fn load(&self, id: &Id) -> Result<Option<Record>, MemoryFull> {
        self.0.load(id).await
    }

    async fn write(&self, operation: &Operation) -> Result<Outcome, MemoryFull> {
        self.0.write(operation).await
    }
}
