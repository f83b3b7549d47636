//! All sessions of an application: judged, walked over, ended, also while they get other ids.
#![cfg(feature = "conformance")]

use std::num::NonZeroU32;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use cloakroom_core::conformance::Browser;
use cloakroom_core::*;

const MANY: NonZeroU32 = NonZeroU32::new(1_000).unwrap();

fn sessions(store: impl Store, clock: &FrozenClock) -> Sessions {
    let secret = Secret::new("a3f1c2d4e5968778695a4b3c2d1e0f00").unwrap();
    Sessions::builder(store).secret(secret).clock(clock.clone()).build().unwrap()
}

async fn begin(sessions: &Sessions, user: Option<&str>) -> (Browser, Id) {
    let mut browser = Browser::new(sessions);
    let filled = browser.visit(|session| match user {
        Some(user) => session.sign_in(user),
        None => session.set("cart", &["hat"]),
    });
    filled.await.unwrap().unwrap();
    let id = browser.visit(Session::id).await.unwrap().unwrap();
    (browser, id)
}

#[tokio::test]
async fn each_record_is_judged_as_a_request_would() {
    let (store, clock) = (MemoryStore::new(), FrozenClock::default());
    let sessions = sessions(store.clone(), &clock);
    let (_, old) = begin(&sessions, None).await;
    clock.advance(Duration::from_secs(119 * 60));
    let (_, ann) = begin(&sessions, Some("ann")).await;
    let (mut browser, before) = begin(&sessions, None).await;
    browser.visit(Session::renew).await.unwrap().unwrap();
    let after = browser.visit(Session::id).await.unwrap().unwrap();
    let foreign = Record {
        id: Id::from_bytes([7; 16]),
        version: Version::FIRST,
        user: None,
        created_at: clock.now(),
        active_at: clock.now(),
        expires_at: Timestamp::MAX,
        payload: Payload::from_text("hunter2"),
    };
    let _ = store.write(&Operation::Create(foreign.clone())).await.unwrap();
    clock.advance(Duration::from_secs(60));

    let page = sessions.entries(None, MANY).await.unwrap();
    assert_eq!((page.entries.len(), page.next), (5, None));
    let status = |id| page.entries.iter().find(|entry| entry.info.id == id).unwrap().status.clone();
    assert_eq!(status(old), Status::Expired);
    assert_eq!(status(ann), Status::Live);
    assert_eq!(status(before), Status::Moved { to: after });
    assert_eq!(status(after), Status::Live);
    let Status::Unreadable(why) = status(foreign.id) else { panic!("it cannot be read") };
    assert!(!why.contains("hunter2"), "{why}");

    let entry = sessions.look(after).await.unwrap().unwrap();
    assert_eq!(entry.data().collect::<Vec<_>>(), [("cart", r#"["hat"]"#)]);
    assert_eq!(entry.info.expires_at, clock.now().plus(Duration::from_secs(119 * 60)));
    assert!(!format!("{entry:?}").contains("hat"));
    let entry = sessions.look(ann).await.unwrap().unwrap();
    assert!(entry.signed_in_at.is_some() && entry.info.user.is_some());
    assert!(sessions.look(Id::from_bytes([9; 16])).await.unwrap().is_none());
}

/// Renews a session, and begins another one, whenever a page of the first walk has been read.
#[derive(Clone, Default)]
struct Restless {
    store: MemoryStore,
    hooks: Arc<Mutex<Vec<Browser>>>,
    begun: Arc<Mutex<Vec<Browser>>>,
}

impl Store for Restless {
    type Error = MemoryFull;

    async fn load(&self, id: &Id) -> Result<Option<Record>, MemoryFull> {
        self.store.load(id).await
    }

    async fn write(&self, operation: &Operation) -> Result<Outcome, MemoryFull> {
        self.store.write(operation).await
    }

    fn gathers(&self) -> bool {
        false
    }

    fn walk(&self) -> Option<&dyn Walk> {
        Some(self)
    }
}

impl Walk for Restless {
    fn page<'a>(&'a self, after: Option<&'a WalkCursor>, limit: NonZeroU32) -> Walking<'a> {
        Box::pin(async move {
            let page = self.store.page(after, limit.min(NonZeroU32::new(5).unwrap())).await;
            let browser = self.hooks.lock().unwrap().pop();
            if let Some(mut browser) = browser {
                browser.visit(Session::renew).await.unwrap().unwrap();
                self.begun.lock().unwrap().push(browser);
            }
            page
        })
    }
}

#[tokio::test]
async fn everybody_ends_also_who_gets_another_id_meanwhile_and_newcomers_stay() {
    let (store, clock) = (Restless::default(), FrozenClock::default());
    let sessions = sessions(store.clone(), &clock);
    let mut browsers = Vec::new();
    for n in 0..40 {
        let user = n.to_string();
        browsers.push(begin(&sessions, (n % 2 == 0).then_some(&*user)).await.0);
    }
    *store.hooks.lock().unwrap() = browsers.clone();
    let late = {
        let ahead = FrozenClock::at(clock.now().plus(Duration::from_millis(1)));
        begin(&self::sessions(store.clone(), &ahead), Some("late")).await.1
    };
    let mut told = Vec::new();
    let done = sessions.revoke_everybody(|ended| told.push(ended)).await.unwrap();
    assert_eq!((done.ended, done.unreadable), (40, 0));
    assert!(told.is_sorted() && told.last() == Some(&40));
    browsers.append(&mut store.begun.lock().unwrap());
    assert!(browsers.len() > 45, "some were renewed on the way");
    for browser in &mut browsers {
        let holds = browser.visit(|session| session.user().is_some() || session.contains("cart"));
        assert!(!holds.await.unwrap(), "a session is still there");
    }
    assert!(sessions.look(late).await.unwrap().is_some_and(|entry| entry.status == Status::Live));
}

#[tokio::test]
async fn what_cannot_be_walked_over_says_so() {
    let clock = FrozenClock::default();
    let secret = Secret::generate().unwrap();
    let carried = Sessions::in_cookie(CookieDriver::signed()).secret(secret).build().unwrap();
    let stored = sessions(Blind, &clock);
    for sessions in [carried, stored] {
        let kind = sessions.entries(None, MANY).await.unwrap_err().kind();
        assert_eq!(kind, ErrorKind::Unsupported);
        let kind = sessions.revoke_everybody(|_| ()).await.unwrap_err().kind();
        assert_eq!(kind, ErrorKind::Unsupported);
    }
}

/// A store with nothing but what must be.
struct Blind;

impl Store for Blind {
    type Error = MemoryFull;

    async fn load(&self, _: &Id) -> Result<Option<Record>, MemoryFull> {
        Ok(None)
    }

    async fn write(&self, _: &Operation) -> Result<Outcome, MemoryFull> {
        Ok(Outcome::Stale(None))
    }
}
