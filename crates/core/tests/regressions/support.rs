//! What these tests share.

pub(crate) use std::sync::Arc;
pub(crate) use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
pub(crate) use std::time::Duration;

pub(crate) use cloakroom_core::conformance::{Browser, Gauge, Response};
pub(crate) use cloakroom_core::*;
pub(crate) use http::header::VARY;
pub(crate) use http::{HeaderMap, StatusCode};

pub(crate) const MIN: Duration = Duration::from_secs(60);

pub(crate) fn house(
    store: impl Store,
    set: impl Fn(SessionsBuilder) -> SessionsBuilder,
) -> (Sessions, FrozenClock) {
    let clock = FrozenClock::default();
    let builder = Sessions::builder(store).secret(Secret::generate().unwrap()).clock(clock.clone());
    (set(builder).build().unwrap(), clock)
}

pub(crate) async fn started(sessions: &Sessions) -> Browser {
    let mut browser = Browser::new(sessions);
    browser.visit(|s| s.set("user", "ann")).await.unwrap().unwrap();
    browser
}

pub(crate) async fn alive(browser: &Browser) -> bool {
    browser.begin().await.unwrap().session().contains("user")
}

/// A store whose `nth` write from now is applied, or not, and then fails.
#[derive(Clone)]
pub(crate) struct Flaky {
    store: MemoryStore,
    fail_after: Arc<AtomicUsize>,
    applies: bool,
}

impl Flaky {
    pub(crate) fn new(applies: bool) -> Self {
        Self { store: MemoryStore::new(), fail_after: Arc::new(AtomicUsize::new(0)), applies }
    }
    /// Makes the nth write from now fail.
    pub(crate) fn arm(&self, nth: usize) {
        self.fail_after.store(nth, Ordering::SeqCst);
    }
}

impl Store for Flaky {
    type Error = StoreError;
    async fn load(&self, id: &Id) -> Result<Option<Record>, StoreError> {
        self.store.load(id).await.map_err(StoreError::new)
    }
    async fn write(&self, operation: &Operation) -> Result<Outcome, StoreError> {
        let left = self.fail_after.load(Ordering::SeqCst);
        if left > 0 {
            self.fail_after.store(left - 1, Ordering::SeqCst);
        }
        if left == 1 {
            if self.applies {
                let _ = self.store.write(operation).await;
            }
            return Err(StoreError::new(std::io::Error::other("answer lost")));
        }
        self.store.write(operation).await.map_err(StoreError::new)
    }
    fn gathers(&self) -> bool {
        false
    }
}

/// Keeps payloads as text, as every database does.
#[derive(Clone, Default)]
pub(crate) struct Text(MemoryStore);

impl Store for Text {
    type Error = MemoryFull;
    async fn load(&self, id: &Id) -> Result<Option<Record>, MemoryFull> {
        let fresh = |r: Record| Record { payload: Payload::from_text(r.payload.as_str()), ..r };
        Ok(self.0.load(id).await?.map(fresh))
    }
    async fn write(&self, operation: &Operation) -> Result<Outcome, MemoryFull> {
        self.0.write(operation).await
    }
    fn gathers(&self) -> bool {
        false
    }
}
