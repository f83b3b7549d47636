//! What happens between the listing of a user's sessions and their end.
#![cfg(feature = "conformance")]

use std::future::Future;
use std::num::NonZeroU32;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use cloakroom_core::conformance::Browser;
use cloakroom_core::*;

type Hook = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Lets something happen right after a listing.
#[derive(Clone, Default)]
struct Interrupted {
    store: MemoryStore,
    after_listing: Arc<Mutex<Option<Hook>>>,
}

impl Interrupted {
    fn after_listing(&self, hook: impl Future<Output = ()> + Send + 'static) {
        *self.after_listing.lock().unwrap() = Some(Box::pin(hook));
    }
}

impl Store for Interrupted {
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

    fn user_index(&self) -> Option<&dyn UserIndex> {
        Some(self)
    }
}

impl UserIndex for Interrupted {
    fn of_user<'a>(&'a self, user: &'a UserId, limit: NonZeroU32) -> Listing<'a> {
        Box::pin(async move {
            let listed = self.store.of_user(user, limit).await;
            let hook = self.after_listing.lock().unwrap().take();
            if let Some(hook) = hook {
                hook.await;
            }
            listed
        })
    }
}

struct Town {
    store: Interrupted,
    sessions: Sessions,
    clock: FrozenClock,
    ann: UserId,
}

impl Town {
    fn new() -> Self {
        let (store, clock) = (Interrupted::default(), FrozenClock::default());
        let builder = Sessions::builder(store.clone()).secret(Secret::generate().unwrap());
        let builder = builder.clock(clock.clone()).renewal_timeout(Duration::from_secs(600));
        let sessions = builder.build().unwrap();
        Self { store, sessions, clock, ann: UserId::new("ann").unwrap() }
    }

    async fn signed_in(&self) -> Browser {
        let mut browser = Browser::new(&self.sessions);
        browser.visit(|session| session.sign_in(&self.ann)).await.unwrap().unwrap();
        browser
    }
}

async fn is_signed_in(browser: &Browser) -> bool {
    browser.begin().await.unwrap().session().is_signed_in()
}

/// Renews when polled, and gives the browser back with its new cookie.
fn renewing(mut browser: Browser) -> (impl Future<Output = ()>, Arc<Mutex<Option<Browser>>>) {
    let renewed = Arc::new(Mutex::new(None));
    let out = renewed.clone();
    let renewal = async move {
        browser.visit(Session::renew).await.unwrap().unwrap();
        *out.lock().unwrap() = Some(browser);
    };
    (renewal, renewed)
}

#[tokio::test]
async fn a_session_that_moves_while_all_are_ended_ends_too() {
    let town = Town::new();
    let (renewal, renewed) = renewing(town.signed_in().await);
    town.store.after_listing(renewal);
    assert_eq!(town.sessions.revoke_all(&town.ann).await.unwrap(), 1);
    let renewed = renewed.lock().unwrap().take().unwrap();
    assert!(!is_signed_in(&renewed).await);
}

#[tokio::test]
async fn a_session_that_moves_is_kept_under_either_id() {
    for before_listing in [true, false] {
        let town = Town::new();
        let mut here = town.signed_in().await;
        let kept = here.visit(Session::id).await.unwrap().unwrap();
        let other = town.signed_in().await;
        town.clock.advance(Duration::from_secs(601));
        let mut renewal = here.clone();
        let renew = async move {
            renewal.visit(Session::id).await.unwrap();
        };
        if before_listing {
            renew.await;
        } else {
            town.store.after_listing(renew);
        }
        assert_eq!(town.sessions.revoke_others(&town.ann, kept).await.unwrap(), 1);
        assert!(is_signed_in(&here).await && !is_signed_in(&other).await);
    }
}

#[tokio::test]
async fn who_signs_in_after_the_listing_stays() {
    let town = Town::new();
    let first = town.signed_in().await;
    let (sessions, ann) = (town.sessions.clone(), town.ann.clone());
    town.store.after_listing(async move {
        Browser::new(&sessions).visit(|s| s.sign_in(&ann)).await.unwrap().unwrap();
    });
    assert_eq!(town.sessions.revoke_all(&town.ann).await.unwrap(), 1);
    assert!(!is_signed_in(&first).await);
    assert_eq!(town.sessions.of_user(&town.ann).await.unwrap().len(), 1);
}

#[tokio::test]
async fn more_sessions_than_fit_a_page_end_too() {
    let town = Town::new();
    for _ in 0..1_001 {
        town.signed_in().await;
    }
    town.clock.advance(Duration::from_secs(2));
    let newest = town.signed_in().await;
    assert_eq!(town.sessions.of_user(&town.ann).await.unwrap().len(), 1_000);
    assert_eq!(town.sessions.keep_newest(&town.ann, 2).await.unwrap(), 1_000);
    assert!(is_signed_in(&newest).await);
    assert_eq!(town.sessions.revoke_all(&town.ann).await.unwrap(), 2);
}

#[tokio::test]
async fn a_store_without_an_index_says_so() {
    struct Plain(MemoryStore);
    impl Store for Plain {
        type Error = MemoryFull;
        async fn load(&self, id: &Id) -> Result<Option<Record>, MemoryFull> {
            self.0.load(id).await
        }
        async fn write(&self, operation: &Operation) -> Result<Outcome, MemoryFull> {
            self.0.write(operation).await
        }
    }
    let builder = Sessions::builder(Plain(MemoryStore::new())).secret(Secret::generate().unwrap());
    let sessions = builder.build().unwrap();
    let error = sessions.of_user(&UserId::new("ann").unwrap()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
}
