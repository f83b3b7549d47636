//! Carries out what a request asked of its session: the loop round [`State::step`], and the look-up of records.

use std::sync::Arc;

use crate::events::Deed;
use crate::payload::Moved;
use crate::place::Place;
use crate::plan::Ending;
use crate::queue::Turn;
use crate::session::Work;
use crate::sessions::{Inner, OnCorrupt, OnTooMany};
use crate::state::{Next, State, Step};
use crate::store::Backend;
use crate::{Error, Event, Id, Operation, Outcome, Record, Refusal, Timestamp, UserId};

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
            sessions.overtaken(id, work);
        }
        turn = Some(mine);
    }
    attempts(work, ending, turn).await
}

/// Like [`commit`], on the spot: one attempt, at a store that answers at once, if nobody else is at it. `None` if it
/// takes more than that; `commit` then goes on from what this has noted.
pub(crate) fn commit_now(work: &Work, ending: Ending) -> Option<Result<(), Error>> {
    let sessions = work.sessions();
    let store = match &sessions.place {
        Place::Store(stored) if !stored.store.gathers() => &stored.store,
        _ => return None,
    };
    let _one_at_a_time = work.committing_now()?;
    let mut state = work.lock();
    if state.record().is_some_and(|record| sessions.queue(record.id).is_busy(record.id)) {
        return None;
    }
    let now = sessions.clock.now();
    match state.step(sessions, ending, now) {
        Ok(Step::Done) => Some(Ok(())),
        Ok(Step::Write { operation, token: None }) => match store.write_now(&operation)? {
            Ok(outcome) => {
                sessions.ring(&operation, &outcome);
                let deed = sessions.deed(&operation, &outcome, &state, now);
                let next = state.absorb(sessions, operation, None, outcome, now);
                drop(state);
                sessions.tell(deed);
                match next {
                    Ok(Next::Done) => Some(Ok(())),
                    Ok(Next::Again | Next::Overtaken(_)) => None,
                    Err(error) => Some(Err(error)),
                }
            }
            Err(error) => Some(Err(error.into())),
        },
        // A new token needs more care: its record may arrive although the store fails.
        Ok(Step::Write { .. } | Step::LookAgain { .. }) => None,
        Err(error) => Some(Err(error)),
    }
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
                work.lock().issue(&operation, token.as_ref());
                let present = || work.lock().present().cloned();
                let written = match sessions.write(&operation, present, now).await {
                    Ok(written) => written,
                    Err(error) => {
                        settle(work).await;
                        return Err(error);
                    }
                };
                let (next, deed, who) = {
                    let mut state = work.lock();
                    let deed = sessions.deed(&operation, &written.outcome, &state, now);
                    let who = state.sign_in.as_ref().map(|sign_in| sign_in.user.clone());
                    let next = state.absorb(sessions, operation, token, written.outcome, now)?;
                    if let Some(parts) = written.carried {
                        state.carry(parts);
                    }
                    if matches!(next, Next::Done)
                        && let Some(turn) = turn.take()
                    {
                        turn.hand_on(state.record());
                    }
                    (next, deed, who)
                };
                sessions.tell(deed);
                match next {
                    Next::Again => continue,
                    Next::Done => return end_oldest(work, who).await,
                    Next::Overtaken(known) => (id, known),
                }
            }
        };
        tracing::debug!(target: "cloakroom::commit", session = %id, "overtaken by another request");
        last = Some(id);
        if turn.is_none() {
            turn = Some(sessions.queue(id).wait(id).await);
        }
        match sessions.find(id, known, Asker::Insider, now).await? {
            Found::Live(fresh) => {
                work.rebase(fresh)?;
                sessions.overtaken(id, work);
            }
            Found::Gone | Found::Left => {
                tracing::debug!(target: "cloakroom::commit", session = %id, "ended by another request");
                work.lock().ended();
                return Ok(());
            }
        }
    }
    Err(Error::conflict(last))
}

/// Ends the oldest sessions of a user who has signed in, where they have too many now. After it was saved: of several at
/// once the last one sees them all.
async fn end_oldest(work: &Work, user: Option<UserId>) -> Result<(), Error> {
    let limit = work.sessions().settings.session_limit;
    if let (Some(user), Some(limit)) = (user, limit)
        && limit.on_too_many == OnTooMany::EndOldest
    {
        work.sessions.keep_newest(&user, limit.most).await?;
    }
    Ok(())
}

/// Finds out whether a token that was on its way has arrived, so that a renewal whose answer got lost does not lose
/// the session. If the store does not tell that either, nothing more can be done.
pub(crate) async fn settle(work: &Arc<Work>) {
    let issued = work.lock().issued.as_ref().map(|issued| issued.1.id);
    let Some(id) = issued else { return };
    if let Ok(Some(_)) = work.sessions().load(id).await {
        work.lock().arrived();
    }
}

/// Who asks where a session has moved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Asker {
    /// A request that comes with the old token: it is let in only during the grace.
    Newcomer,
    /// Work that was let in before a periodic renewal.
    Insider,
}

/// Where an id leads to.
pub(crate) enum Found {
    Gone,
    Live(Record),
    /// To a session that has moved on without a grace; not to be let in, but not long gone either.
    Left,
}

/// What a stored record is to a request that asks for it.
enum Judged {
    Final(Found),
    Moved(Id),
}

impl Inner {
    /// Returns the live record that `id` leads to. `known` saves the first load.
    pub(crate) async fn find(
        &self,
        id: Id,
        mut known: Option<Record>,
        asker: Asker,
        now: Timestamp,
    ) -> Result<Found, Error> {
        let mut id = id;
        // One place that waits, so that this future, of which each request has one, has room for one load.
        for _ in 0..=MOST_MOVES {
            let record = match known.take() {
                Some(record) => Some(record),
                None => self.load(id).await?,
            };
            match self.judge(id, record, asker, now)? {
                Judged::Final(found) => return Ok(found),
                Judged::Moved(to) => id = to,
            }
        }
        Ok(Found::Gone)
    }

    /// Returns what a write means to those who listen; `None` if nobody does.
    fn deed(
        &self,
        operation: &Operation,
        outcome: &Outcome,
        state: &State,
        now: Timestamp,
    ) -> Option<Deed> {
        let deed = || Deed::of(operation, outcome, state, &self.settings, now);
        self.observers.listen().then(deed).flatten()
    }

    /// Tells of a deed; not under the lock of a session, as applications listen.
    fn tell(&self, deed: Option<Deed>) {
        if let Some(deed) = deed {
            deed.tell(&self.observers);
        }
    }

    fn overtaken(&self, session: Id, work: &Work) {
        if self.observers.listen() {
            let replayed = work.lock().log.len();
            self.observers.tell(&Event::Overtaken { session, replayed });
        }
    }

    /// Like [`find`](Self::find), on the spot; `None` if that takes a trip.
    pub(crate) fn find_now(
        &self,
        store: &Backend,
        id: Id,
        now: Timestamp,
    ) -> Option<Result<Found, Error>> {
        let record = match store.load_now(id)? {
            Ok(record) => record,
            Err(error) => return Some(Err(error.into())),
        };
        match self.judge(id, record, Asker::Newcomer, now) {
            Ok(Judged::Final(found)) => Some(Ok(found)),
            Ok(Judged::Moved(_)) => None,
            Err(error) => Some(Err(error)),
        }
    }

    fn judge(
        &self,
        id: Id,
        record: Option<Record>,
        asker: Asker,
        now: Timestamp,
    ) -> Result<Judged, Error> {
        // What work that was let in before finds is told by whoever ended it.
        let refuse = |reason| {
            if asker == Asker::Newcomer {
                self.observers.tell(&Event::Refused { session: Some(id), reason });
            }
        };
        let Some(record) = record else {
            refuse(Refusal::Unknown);
            return Ok(Judged::Final(Found::Gone));
        };
        if let Err(why) = record.payload.check() {
            tracing::error!(target: "cloakroom::load", session = %record.id, error = %why, "unreadable record");
            return match self.settings.on_corrupt {
                OnCorrupt::Fail => Err(Error::corrupt(record.id, why)),
                OnCorrupt::Discard => Ok(Judged::Final(Found::Gone)),
            };
        }
        let extras = record.payload.extras();
        let found = match extras.moved {
            Some(Moved { to, until }) if now < until => return Ok(Judged::Moved(to)),
            // A renewal that a handler asked for has no grace at all.
            Some(Moved { to, until }) if asker == Asker::Insider && until > record.active_at => {
                return Ok(Judged::Moved(to));
            }
            Some(_) => {
                refuse(Refusal::Renewed);
                if now < record.expires_at { Found::Left } else { Found::Gone }
            }
            None if self.settings.limits.is_over(&record, extras.lifetime, now) => {
                if asker == Asker::Newcomer {
                    let (session, user) = (record.id, record.user.as_ref());
                    self.observers.tell(&Event::Expired { session, user });
                }
                Found::Gone
            }
            None => Found::Live(record),
        };
        Ok(Judged::Final(found))
    }
}
