//! Where the sessions of an application are kept.

use crate::carried::{Carrier, Copy, DenyList};
use crate::sessions::Inner;
use crate::store::Backend;
use crate::{Error, Id, Operation, Outcome, Record, StoreError, Timestamp};

#[derive(Debug)]
pub(crate) enum Place {
    /// In a store; the cookie brings a token.
    Store(Stored),
    /// In the cookie itself.
    Cookie(Carrier),
}

#[derive(Debug)]
pub(crate) struct Stored {
    pub(crate) store: Backend,
    /// A copy of the session in a second cookie.
    pub(crate) copy: Option<Copy>,
}

impl Place {
    /// Returns the store that has records to sweep: of sessions, or of cookies that are void.
    pub(crate) fn store(&self) -> Option<&Backend> {
        match self {
            Self::Store(stored) => Some(&stored.store),
            Self::Cookie(carrier) => carrier.denied.as_ref().map(DenyList::store),
        }
    }
}

/// What became of an operation.
pub(crate) struct Written {
    pub(crate) outcome: Outcome,
    /// What the cookie must hold then, if the session travels in it.
    pub(crate) carried: Option<Vec<String>>,
}

impl Inner {
    /// Loads a record; there is none where sessions travel in the cookie.
    pub(crate) async fn load(&self, id: Id) -> Result<Option<Record>, StoreError> {
        match &self.place {
            Place::Store(stored) => stored.store.load(id).await,
            Place::Cookie(_) => Ok(None),
        }
    }

    /// Carries out one operation on the session whose present record is `present`.
    pub(crate) async fn write(
        &self,
        operation: &Operation,
        present: impl FnOnce() -> Option<Record>,
        now: Timestamp,
    ) -> Result<Written, Error> {
        let carrier = match &self.place {
            Place::Store(stored) => {
                let outcome = stored.store.write(operation).await?;
                self.ring(operation, &outcome);
                return Ok(Written { outcome, carried: None });
            }
            Place::Cookie(carrier) => carrier,
        };
        // Sealed first: what does not fit must not have ended anything.
        let (outcome, carried) = match operation {
            Operation::Create(next) | Operation::Replace { next, .. } => {
                (Outcome::Applied, Some(carrier.write(next)?))
            }
            Operation::Touch { active_at, expires_at, .. } => match present() {
                Some(mut record) => {
                    (record.active_at, record.expires_at) = (*active_at, *expires_at);
                    (Outcome::Applied, Some(carrier.write(&record)?))
                }
                None => (Outcome::Stale(None), None),
            },
            Operation::Renew { next, moved, .. } => {
                let carried = carrier.write(next)?;
                match &carrier.denied {
                    Some(denied) if !denied.renew(moved, now).await? => {
                        (Outcome::Stale(None), None)
                    }
                    _ => (Outcome::Applied, Some(carried)),
                }
            }
            Operation::Delete(id) => match present() {
                Some(record) => {
                    if let Some(denied) = &carrier.denied {
                        denied.end(*id, now).await?;
                    }
                    (Outcome::Removed(record), None)
                }
                None => (Outcome::Stale(None), None),
            },
        };
        self.ring(operation, &outcome);
        Ok(Written { outcome, carried })
    }

    /// Wakes those who wait for what this has ended or moved.
    pub(crate) fn ring(&self, operation: &Operation, outcome: &Outcome) {
        match (operation, outcome) {
            (Operation::Delete(id), Outcome::Removed(_)) => self.watches.end(*id),
            (Operation::Renew { moved, .. }, Outcome::Applied) => self.watches.ring(moved.id),
            _ => {}
        }
    }
}
