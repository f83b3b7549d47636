//! Moving house: a store made of two, for a fleet that changes its store while visitors are there.
//!
//! A record is at any moment in one of the two, and only there it is written. It moves at its next write, and never
//! back. The move takes one conditional write in each store, so that it cannot happen twice and cannot undo an end:
//!
//! 1. A *permit* is put into the new store, under an id of its own.
//! 2. The record is *frozen* in the old store, if it has not changed: it keeps its content, is closed to writes, and
//!    names the permit.
//! 3. In one step of the new store the permit is used up and the record stands there, as it was.
//! 4. The frozen record and the permit are cleared away.
//!
//! Whoever meets a frozen record, after a crash or in a race, goes on with step 3. Of all who try one succeeds; who
//! comes late, when the session may have been ended, finds the permit used, and nothing comes back.

mod carry;
mod frozen;
mod listing;
mod walk;

use std::collections::BTreeMap;
use std::fmt;
use std::num::NonZeroU32;

use futures_util::future::try_join_all;

pub use self::carry::CarriedOver;
#[cfg(feature = "fuzzing")]
pub(crate) use self::frozen::agree;
use self::frozen::{Frozen, permit};
use crate::{
    Ears, Id, Listening, Operation, Outcome, Record, Signals, Store, StoreError, Timestamp,
    UserIndex, Version, Walk,
};

/// Reads from an old store and a new one, and moves each session to the new one at its next write: the fleet changes
/// store, and nobody is signed out.
///
/// # The drill
///
/// 1. Deploy [`Moving::prepare`] everywhere. Every process now knows both stores; everything is still kept in the old
///    one.
/// 2. Deploy [`Moving::new`] everywhere. New sessions begin in the new store; each old one moves when it is written, at
///    the latest when its activity is next written down.
/// 3. *Wait* for the idle timeout, or for the longest [`Lifetime::idle`](crate::Lifetime::idle) that you hand out. What
///    has not moved by then has expired. Or do not wait: [`carry_over`](Moving::carry_over) moves what is left at once, and
///    `cloakroom move` on the command line calls it.
/// 4. Deploy the new store alone.
///
/// Within each deployment, processes before and after it work together: no update is lost, nothing that has ended
/// comes back. A deployment may be taken back to the step before.
///
/// Leaving out step 1 is not safe. A process that knows only the old store sees no session that has moved: its
/// visitors look signed out there, begin anew, and a sign-out there does not end the session that has moved. So is
/// leaving out step 3: the sessions that have not moved are lost, which signs their visitors out.
///
/// ```
/// use cloakroom_core::{MemoryStore, Moving, Secret, Sessions};
///
/// # let (old, new) = (MemoryStore::new(), MemoryStore::new());
/// let store = Moving::prepare(old.clone(), new.clone()); // the first deployment
/// let store = Moving::new(old, new);                     // the second one
/// let sessions = Sessions::builder(store).secret(Secret::generate()?).build()?;
/// # Ok::<(), cloakroom_core::ConfigError>(())
/// ```
///
/// # What it costs
///
/// A session in the new store costs what it costs there: a read asks nothing else. One that is still in the old store
/// takes a call more to be found, and about six more once, when it moves. Both stores must be up. To end a session asks
/// both. A user's sessions are found if both stores have a [`UserIndex`]. [`sweep`](crate::Sessions::sweep) goes over
/// both.
#[derive(Clone)]
pub struct Moving<O, N> {
    old: O,
    new: N,
    stage: Stage,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// Writes where a session is; begins in the old store.
    Prepare,
    /// Moves what is written; begins in the new store.
    Move,
}

impl<O: Store, N: Store> Moving<O, N> {
    /// The first step: knows both stores, and keeps everything in the old one. A session that another process has moved
    /// already is found in the new one.
    #[must_use]
    pub fn prepare(old: O, new: N) -> Self {
        Self { old, new, stage: Stage::Prepare }
    }

    /// The second step: moves each session to the new store at its next write. Only once all processes know both.
    #[must_use]
    pub fn new(old: O, new: N) -> Self {
        Self { old, new, stage: Stage::Move }
    }

    async fn old(&self, operation: &Operation) -> Result<Outcome, StoreError> {
        self.old.write(operation).await.map_err(StoreError::new)
    }

    async fn new_(&self, operation: &Operation) -> Result<Outcome, StoreError> {
        self.new.write(operation).await.map_err(StoreError::new)
    }

    /// Moves `record`, which stood in the old store; tells whether it was still as it was.
    async fn move_over(&self, record: Record) -> Result<bool, StoreError> {
        let id = random_id()?;
        let created = self.new_(&Operation::Create(permit(id, &record))).await?;
        // Of an error nobody knows whether it froze, so the permit stays. The sweep takes it.
        if created == Outcome::Applied
            && self.old(&Frozen::freeze(&record, id)).await? == Outcome::Applied
        {
            self.arrive(Frozen { record, permit: id }).await?;
            return Ok(true);
        }
        let _nobody_names_it = self.new_(&Operation::Delete(id)).await?;
        Ok(false)
    }

    /// Ends a move, or finds that somebody else has ended it.
    async fn arrive(&self, frozen: Frozen) -> Result<(), StoreError> {
        let _by_us_or_by_somebody_else = self.new_(&frozen.arrival()).await?;
        // A frozen record never thaws where it is, so this takes nothing but that.
        let _cleared = self.old(&Operation::Delete(frozen.record.id)).await?;
        let _cleared = self.new_(&Operation::Delete(frozen.permit)).await?;
        Ok(())
    }

    /// Carries out a change of a record that the new store does not have, or that is stale there.
    async fn change_old(&self, operation: &Operation) -> Result<Outcome, StoreError> {
        let stored = self.old.load(operation.id()).await.map_err(StoreError::new)?;
        // Nowhere, or moved meanwhile: whoever asks looks again.
        let Some(stored) = stored else { return Ok(Outcome::Stale(None)) };
        if let Some(frozen) = Frozen::of(&stored) {
            self.arrive(frozen).await?;
            return self.new_(operation).await;
        }
        // What would be stale anyway moves nothing.
        if Some(stored.version) != expected(operation) {
            return Ok(Outcome::Stale(Some(stored)));
        }
        match self.stage {
            Stage::Prepare => Ok(match self.old(operation).await? {
                // What is there may be frozen now.
                Outcome::Stale(_) => Outcome::Stale(None),
                outcome => outcome,
            }),
            Stage::Move if self.move_over(stored).await? => self.new_(operation).await,
            Stage::Move => Ok(Outcome::Stale(None)),
        }
    }

    async fn change(&self, operation: &Operation) -> Result<Outcome, StoreError> {
        match self.new_(operation).await? {
            Outcome::Stale(None) => self.change_old(operation).await,
            outcome => Ok(outcome),
        }
    }

    /// Ends a session wherever it is. The old store first: a record moves only from there to the new one, so what is in
    /// neither then is nowhere.
    async fn end(&self, id: Id) -> Result<Outcome, StoreError> {
        let mut ended = None;
        if let Outcome::Removed(stored) = self.old(&Operation::Delete(id)).await? {
            ended = match Frozen::of(&stored) {
                None => Some(stored),
                // Nobody may go on with the move. If somebody has, the record is in the new store, or has ended there.
                Some(Frozen { record, permit }) => match self
                    .new_(&Operation::Delete(permit))
                    .await?
                {
                    Outcome::Removed(permit) if permit.version == Version::FIRST => Some(record),
                    _ => None,
                },
            };
        }
        match self.new_(&Operation::Delete(id)).await? {
            Outcome::Removed(record) => Ok(Outcome::Removed(record)),
            _ => Ok(ended.map_or(Outcome::Stale(None), Outcome::Removed)),
        }
    }
}

/// Draws the id of a permit.
fn random_id() -> Result<Id, StoreError> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).map_err(|error| StoreError::new(NoRandomness(error)))?;
    Ok(Id::from_bytes(bytes))
}

/// The version that a change needs.
fn expected(operation: &Operation) -> Option<Version> {
    match operation {
        Operation::Replace { version, .. }
        | Operation::Renew { version, .. }
        | Operation::Touch { version, .. } => Some(*version),
        Operation::Create(_) | Operation::Delete(_) => None,
    }
}

/// What may leave in one trip.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Begin,
    Change,
    End,
}

fn kind(operation: &Operation) -> Kind {
    match operation {
        Operation::Create(_) => Kind::Begin,
        Operation::Delete(_) => Kind::End,
        Operation::Replace { .. } | Operation::Renew { .. } | Operation::Touch { .. } => {
            Kind::Change
        }
    }
}

impl<O: Store, N: Store> Store for Moving<O, N> {
    type Error = StoreError;

    async fn load(&self, id: &Id) -> Result<Option<Record>, StoreError> {
        if let Some(record) = self.new.load(id).await.map_err(StoreError::new)? {
            return Ok(Some(record));
        }
        if let Some(stored) = self.old.load(id).await.map_err(StoreError::new)? {
            match Frozen::of(&stored) {
                None => return Ok(Some(stored)),
                Some(frozen) => self.arrive(frozen).await?,
            }
        }
        // It may have moved between the two looks.
        self.new.load(id).await.map_err(StoreError::new)
    }

    async fn write(&self, operation: &Operation) -> Result<Outcome, StoreError> {
        match (kind(operation), self.stage) {
            (Kind::Begin, Stage::Prepare) => self.old(operation).await,
            (Kind::Begin, Stage::Move) => self.new_(operation).await,
            (Kind::Change, _) => self.change(operation).await,
            (Kind::End, _) => self.end(*operation.id()).await,
        }
    }

    async fn load_many(&self, ids: &[Id]) -> Result<Vec<Option<Record>>, StoreError> {
        let mut found = self.new.load_many(ids).await.map_err(StoreError::new)?;
        let mut missing: Vec<_> = (0..ids.len()).filter(|&n| found[n].is_none()).collect();
        if missing.is_empty() {
            return Ok(found);
        }
        let wanted: Vec<_> = missing.iter().map(|&n| ids[n]).collect();
        let old = self.old.load_many(&wanted).await.map_err(StoreError::new)?;
        for (&n, stored) in missing.iter().zip(old) {
            match stored.as_ref().map(Frozen::of) {
                Some(None) => found[n] = stored,
                Some(Some(frozen)) => self.arrive(frozen).await?,
                None => {}
            }
        }
        missing.retain(|&n| found[n].is_none());
        if missing.is_empty() {
            return Ok(found);
        }
        let wanted: Vec<_> = missing.iter().map(|&n| ids[n]).collect();
        let moved = self.new.load_many(&wanted).await.map_err(StoreError::new)?;
        for (n, record) in missing.into_iter().zip(moved) {
            found[n] = record;
        }
        Ok(found)
    }

    async fn write_many(&self, operations: &[Operation]) -> Result<Vec<Outcome>, StoreError> {
        let mut outcomes = Vec::with_capacity(operations.len());
        for run in operations.chunk_by(|one, next| kind(one) == kind(next)) {
            outcomes.extend(match (kind(&run[0]), self.stage) {
                (Kind::Begin, Stage::Prepare) => {
                    self.old.write_many(run).await.map_err(StoreError::new)?
                }
                (Kind::Begin, Stage::Move) => {
                    self.new.write_many(run).await.map_err(StoreError::new)?
                }
                (Kind::Change, _) => self.change_many(run).await?,
                (Kind::End, _) => {
                    try_join_all(run.iter().map(|operation| self.end(*operation.id()))).await?
                }
            });
        }
        Ok(outcomes)
    }

    async fn delete_expired(&self, now: Timestamp, limit: NonZeroU32) -> Result<u32, StoreError> {
        let new = self.new.delete_expired(now, limit).await.map_err(StoreError::new)?;
        let Some(rest) = NonZeroU32::new(limit.get().saturating_sub(new)) else { return Ok(new) };
        let old = self.old.delete_expired(now, rest).await.map_err(StoreError::new)?;
        Ok(new + old)
    }

    fn gathers(&self) -> bool {
        self.old.gathers() || self.new.gathers()
    }

    fn user_index(&self) -> Option<&dyn UserIndex> {
        self.old.user_index()?;
        self.new.user_index()?;
        Some(self)
    }

    fn signals(&self) -> Option<&dyn Signals> {
        self.old.signals()?;
        self.new.signals()?;
        Some(self)
    }

    fn walk(&self) -> Option<&dyn Walk> {
        self.old.walk()?;
        self.new.walk()?;
        Some(self)
    }
}

/// A session may end in either, and its move is heard as an end in the old one: who hears of it looks.
impl<O: Store, N: Store> Signals for Moving<O, N> {
    fn listen(&self, ears: Ears) -> Option<Listening> {
        let old = self.old.signals()?.listen(ears.clone())?;
        let new = self.new.signals()?.listen(ears)?;
        Some(Listening::new(move || drop((old, new))))
    }
}

impl<O: Store, N: Store> Moving<O, N> {
    async fn change_many(&self, operations: &[Operation]) -> Result<Vec<Outcome>, StoreError> {
        let mut outcomes = self.new.write_many(operations).await.map_err(StoreError::new)?;
        let mut rest: BTreeMap<Id, Vec<usize>> = BTreeMap::new();
        for (n, outcome) in outcomes.iter().enumerate() {
            if *outcome == Outcome::Stale(None) {
                rest.entry(*operations[n].id()).or_default().push(n);
            }
        }
        // Those of one record in turn, the others together.
        let changes = rest.into_values().map(async |places| {
            let mut changed = Vec::with_capacity(places.len());
            for n in places {
                changed.push((n, self.change_old(&operations[n]).await?));
            }
            Ok::<_, StoreError>(changed)
        });
        for (n, outcome) in try_join_all(changes).await?.into_iter().flatten() {
            outcomes[n] = outcome;
        }
        Ok(outcomes)
    }
}

/// No permit could be made.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("the operating system gave no randomness to move a session")]
struct NoRandomness(#[source] getrandom::Error);

impl<O, N> fmt::Debug for Moving<O, N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Moving").field("stage", &self.stage).finish_non_exhaustive()
    }
}
