//! Moves all that is left in the old store, a page at a time: the same steps as at a write, for many records in a trip.

use std::collections::BTreeMap;
use std::num::NonZeroU32;

use super::frozen::{Frozen, permit};
use super::walk::no_walk;
use super::{Moving, random_id};
use crate::{Id, Operation, Outcome, Record, Store, StoreError, Timestamp, WalkCursor, WalkPage};

/// What one call of [`Moving::carry_over`] has done.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct CarriedOver {
    /// Records that stand in the new store now and have left the old one, those included whose move somebody else had
    /// begun.
    pub moved: u64,
    /// Records that somebody changed, moved or ended just then. The next walk finds those that are still there.
    pub overtaken: u64,
    /// Records that have expired. They are left for the sweep.
    pub expired: u64,
    /// Records that cannot be read, and stay where they are, to be looked at.
    pub unreadable: Vec<Id>,
    /// Where the next page begins; `None` at the end of the old store.
    pub next: Option<WalkCursor>,
}

impl<O: Store, N: Store> Moving<O, N> {
    /// Moves one page of what is in the old store to the new one, without waiting for it to be written: about `limit`
    /// records behind `after`, the place that the call before gave as [`next`](CarriedOver::next). Call it until that is
    /// `None`, and all that again until nothing was moved and nothing overtaken.
    ///
    /// Each record takes the steps that it takes at a write, so all of it may be broken off at any point, by an error or
    /// by the end of the process, and done again, by several processes at once and while requests run: nothing is lost,
    /// nothing is there twice, nothing that has ended comes back. What was frozen when a process died is brought to
    /// its end. There is no state to keep: what has moved is no longer in the old store.
    ///
    /// All processes must know both stores by then, and new sessions begin in the new one: the second step of the
    /// [drill](Self#the-drill), whose waiting this spares. While the first step is still deployed somewhere, sessions
    /// go on beginning in the old store.
    ///
    /// Records that expired by `now` are not moved. Pointers that renewals have left are moved like sessions. What was
    /// not noted yet of a visitor's activity in the moment of the move may be forgotten, as of any activity between two
    /// notes.
    ///
    /// ```
    /// use cloakroom_core::{Clock, MemoryStore, Moving, StoreError, SystemClock};
    /// use std::num::NonZeroU32;
    ///
    /// async fn carry_all(store: &Moving<MemoryStore, MemoryStore>) -> Result<(), StoreError> {
    ///     let page = NonZeroU32::new(256).unwrap();
    ///     loop {
    ///         let (mut next, mut rest) = (None, 0);
    ///         loop {
    ///             let carried = store.carry_over(next.as_ref(), page, SystemClock.now()).await?;
    ///             rest += carried.moved + carried.overtaken;
    ///             next = carried.next;
    ///             if next.is_none() {
    ///                 break;
    ///             }
    ///         }
    ///         if rest == 0 {
    ///             return Ok(());
    ///         }
    ///     }
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// If a store fails, or the old one has no [`Walk`](crate::Walk).
    pub async fn carry_over(
        &self,
        after: Option<&WalkCursor>,
        limit: NonZeroU32,
        now: Timestamp,
    ) -> Result<CarriedOver, StoreError> {
        let store = self.old.walk().ok_or_else(no_walk)?;
        let WalkPage { records, next } = store.page(after, limit).await?;
        let mut done = CarriedOver { next, ..CarriedOver::default() };
        let (mut frozen, mut ready) = (Vec::new(), BTreeMap::new());
        for stored in records {
            match lot(&stored, now) {
                Lot::Frozen(it) => frozen.push(it),
                Lot::Expired => done.expired += 1,
                Lot::Unreadable => done.unreadable.push(stored.id),
                // A page may have a record twice.
                Lot::Ready => drop(ready.insert(stored.id, stored)),
            }
        }
        let asked = ready.len() as u64;
        let begun = self.freeze_all(ready.into_values().collect()).await?;
        done.overtaken = asked - begun.len() as u64;
        frozen.extend(begun);
        done.moved = frozen.len() as u64;
        self.arrive_all(&frozen).await?;
        Ok(done)
    }

    /// Freezes those that have not changed, each with a permit of its own; returns them.
    async fn freeze_all(&self, records: Vec<Record>) -> Result<Vec<Frozen>, StoreError> {
        let permits =
            records.iter().map(|_| random_id()).collect::<Result<Vec<_>, StoreError>>()?;
        let pairs = || records.iter().zip(permits.iter().copied());
        let creates: Vec<_> =
            pairs().map(|(record, id)| Operation::Create(permit(id, record))).collect();
        let created = self.all_new(&creates).await?;
        // A taken id would be somebody else's permit.
        let pairs: Vec<_> = pairs()
            .zip(created)
            .filter(|(_, created)| *created == Outcome::Applied)
            .map(|(pair, _)| pair)
            .collect();
        let freezes: Vec<_> =
            pairs.iter().map(|(record, permit)| Frozen::freeze(record, *permit)).collect();
        let outcomes = self.all_old(&freezes).await?;
        let (mut frozen, mut unused) = (Vec::new(), Vec::new());
        for ((record, permit), outcome) in pairs.into_iter().zip(outcomes) {
            match outcome {
                Outcome::Applied => frozen.push(Frozen { record: record.clone(), permit }),
                _ => unused.push(Operation::Delete(permit)),
            }
        }
        let _nobody_names_them = self.all_new(&unused).await?;
        Ok(frozen)
    }

    /// Ends moves, as [`arrive`](Self::arrive) ends one.
    async fn arrive_all(&self, frozen: &[Frozen]) -> Result<(), StoreError> {
        let arrivals: Vec<_> = frozen.iter().map(Frozen::arrival).collect();
        let _by_us_or_by_somebody_else = self.all_new(&arrivals).await?;
        let gone: Vec<_> = frozen.iter().map(|it| Operation::Delete(it.record.id)).collect();
        let _cleared = self.all_old(&gone).await?;
        let used: Vec<_> = frozen.iter().map(|it| Operation::Delete(it.permit)).collect();
        let _cleared = self.all_new(&used).await?;
        Ok(())
    }

    async fn all_old(&self, operations: &[Operation]) -> Result<Vec<Outcome>, StoreError> {
        match operations {
            [] => Ok(Vec::new()),
            operations => self.old.write_many(operations).await.map_err(StoreError::new),
        }
    }

    async fn all_new(&self, operations: &[Operation]) -> Result<Vec<Outcome>, StoreError> {
        match operations {
            [] => Ok(Vec::new()),
            operations => self.new.write_many(operations).await.map_err(StoreError::new),
        }
    }
}

/// What is to be done with a record of the old store.
enum Lot {
    Frozen(Frozen),
    Expired,
    Unreadable,
    Ready,
}

fn lot(stored: &Record, now: Timestamp) -> Lot {
    match Frozen::of(stored) {
        Some(frozen) => Lot::Frozen(frozen),
        None if stored.expires_at <= now => Lot::Expired,
        None if stored.payload.is_of_any_version() => Lot::Ready,
        None => Lot::Unreadable,
    }
}
