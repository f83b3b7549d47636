//! Carries out what a request asked of its session: the loop round [`State::step`], and the look-up of records.

use std::sync::Arc;

use crate::payload::Moved;
use crate::plan::Ending;
use crate::queue::Turn;
use crate::session::Work;
use crate::sessions::{Inner, OnCorrupt};
use crate::state::{Next, Step};
use crate::{Error, Id, Record, Timestamp};

/// Attempts to save before the commit gives up. After the first one that was overtaken, the commits of one session
/// in this process queue up; so only other processes can overtake, and this is plenty.
const MOST_ATTEMPTS: u32 = 64;

/// Most pointers to follow from a token to its session.
const MOST_MOVES: u32 = 4;

/// Saves `work`. Lost races are resolved here; an error means that nothing is certain.
pub(crate) async fn commit(work: &Arc<Work>, ending: Ending) -> Result<(), Error> {
    let _one_at_a_time = work.committing().await;
    let sessions = work.sessions();
    let seen = work.lock().record().map(|record| (record.id, record.version));
    let mut turn = None;
    if let Some((id, seen)) = seen
        && sessions.queue(id).is_busy(id)
    {
        let mut mine = sessions.queue(id).wait(id).await;
        if let Some(fresh) = mine.handed(id, seen) {
            work.rebase(fresh)?;
        }
        turn = Some(mine);
    }
    attempts(work, ending, turn).await
}

async fn attempts(
    work: &Arc<Work>,
    ending: Ending,
    mut turn: Option<Turn<'_>>,
) -> Result<(), Error> {
    let sessions = work.sessions();
    let mut last = None;
    for _ in 0..MOST_ATTEMPTS {
        let now = sessions.clock.now();
        let step = work.lock().step(sessions, ending, now)?;
        let (id, known) = match step {
            Step::Done => return Ok(()),
            Step::LookAgain { id } => (id, None),
            Step::Write { operation, token } => {
                let id = *operation.id();
                let outcome = sessions.store.write(&operation).await?;
                let mut state = work.lock();
                match state.absorb(sessions, operation, token, outcome, now)? {
                    Next::Again => continue,
                    Next::Done => {
                        if let Some(turn) = turn {
                            turn.hand_on(state.record());
                        }
                        return Ok(());
                    }
                    Next::Overtaken(known) => (id, known),
                }
            }
        };
        tracing::debug!(target: "cloakroom::commit", session = %id, "overtaken by another request");
        last = Some(id);
        if turn.is_none() {
            turn = Some(sessions.queue(id).wait(id).await);
        }
        match sessions.find(id, known, now).await? {
            Some(fresh) => work.rebase(fresh)?,
            None => {
                tracing::debug!(target: "cloakroom::commit", session = %id, "ended by another request");
                work.lock().ended();
                return Ok(());
            }
        }
    }
    Err(Error::conflict(last))
}

/// What a stored record is to a request that asks for it.
enum Found {
    Gone,
    Live(Record),
    Moved(Id),
}

impl Inner {
    /// Returns the live record that `id` leads to. `known` saves the first load.
    pub(crate) async fn find(
        &self,
        id: Id,
        known: Option<Record>,
        now: Timestamp,
    ) -> Result<Option<Record>, Error> {
        let mut record = match known {
            Some(record) => Some(record),
            None => self.store.load(id).await?,
        };
        for _ in 0..MOST_MOVES {
            match self.judge(record, now)? {
                Found::Gone => return Ok(None),
                Found::Live(record) => return Ok(Some(record)),
                Found::Moved(to) => record = self.store.load(to).await?,
            }
        }
        Ok(None)
    }

    /// Like [`find`](Self::find), on the spot; `None` if that takes a trip.
    pub(crate) fn find_now(&self, id: Id, now: Timestamp) -> Option<Result<Option<Record>, Error>> {
        let record = match self.store.load_now(id)? {
            Ok(record) => record,
            Err(error) => return Some(Err(error.into())),
        };
        match self.judge(record, now) {
            Ok(Found::Gone) => Some(Ok(None)),
            Ok(Found::Live(record)) => Some(Ok(Some(record))),
            Ok(Found::Moved(_)) => None,
            Err(error) => Some(Err(error)),
        }
    }

    fn judge(&self, record: Option<Record>, now: Timestamp) -> Result<Found, Error> {
        let Some(record) = record else { return Ok(Found::Gone) };
        if let Err(why) = record.payload.check() {
            tracing::error!(target: "cloakroom::load", session = %record.id, error = %why, "unreadable record");
            return match self.settings.on_corrupt {
                OnCorrupt::Fail => Err(Error::corrupt(record.id, why)),
                OnCorrupt::Discard => Ok(Found::Gone),
            };
        }
        let extras = record.payload.extras();
        Ok(match extras.moved {
            Some(Moved { to, until }) if now < until => Found::Moved(to),
            Some(_) => Found::Gone,
            None if self.settings.limits.is_over(&record, extras.lifetime, now) => Found::Gone,
            None => Found::Live(record),
        })
    }
}
