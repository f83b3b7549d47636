//! A store that breaks off where a test wants it to.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::Poll;

use cloakroom_core::{
    Id, MemoryStore, Operation, Outcome, Record, Store, StoreError, Timestamp, UserId,
};

/// A store that lets others go first at each call, and may fail at one.
pub(crate) struct Faulty(pub(crate) MemoryStore, pub(crate) Option<Arc<Fault>>);

pub(crate) struct Fault {
    /// Calls that still work.
    pub(crate) left: AtomicUsize,
    /// The one that fails has its effect.
    pub(crate) arrives: bool,
}

#[derive(Debug, thiserror::Error)]
#[error("the process died, as the test wanted")]
struct Died;

impl Faulty {
    async fn call<T, E>(&self, work: impl Future<Output = Result<T, E>>) -> Result<T, StoreError>
    where
        E: std::error::Error + Send + Sync + 'static,
    {
        let mut waited = false;
        std::future::poll_fn(|_| {
            if std::mem::replace(&mut waited, true) { Poll::Ready(()) } else { Poll::Pending }
        })
        .await;
        if let Some(fault) = &self.1 {
            let left = fault.left.load(Ordering::Relaxed);
            fault.left.store(left.saturating_sub(1), Ordering::Relaxed);
            if left == 0 {
                if fault.arrives {
                    let _nobody_hears = work.await;
                }
                return Err(StoreError::new(Died));
            }
        }
        work.await.map_err(StoreError::new)
    }
}

impl Store for Faulty {
    type Error = StoreError;

    async fn load(&self, id: &Id) -> Result<Option<Record>, StoreError> {
        self.call(self.0.load(id)).await
    }

    async fn write(&self, operation: &Operation) -> Result<Outcome, StoreError> {
        self.call(self.0.write(operation)).await
    }

    async fn delete_expired(
        &self,
        now: Timestamp,
        limit: std::num::NonZeroU32,
    ) -> Result<u32, StoreError> {
        self.call(self.0.delete_expired(now, limit)).await
    }

    fn user_index(&self) -> Option<&dyn cloakroom_core::UserIndex> {
        Some(self)
    }

    fn walk(&self) -> Option<&dyn cloakroom_core::Walk> {
        Some(self)
    }
}

impl cloakroom_core::Walk for Faulty {
    fn page<'a>(
        &'a self,
        after: Option<&'a cloakroom_core::WalkCursor>,
        limit: std::num::NonZeroU32,
    ) -> cloakroom_core::Walking<'a> {
        let walk = self.0.walk().expect("memory has one");
        Box::pin(self.call(walk.page(after, limit)))
    }
}

impl cloakroom_core::UserIndex for Faulty {
    fn of_user<'a>(
        &'a self,
        user: &'a UserId,
        limit: std::num::NonZeroU32,
    ) -> cloakroom_core::Listing<'a> {
        let index = self.0.user_index().expect("memory has one");
        Box::pin(self.call(index.of_user(user, limit)))
    }
}
