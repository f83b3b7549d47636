//! What the outcome of a step makes of the work.

use super::{CookieChange, Standing, State};
use crate::draft::Draft;
use crate::payload::Payload;
use crate::plan::Asked;
use crate::sessions::{Inner, Settings};
use crate::token::Token;
use crate::{Error, Operation, Outcome, Record, Timestamp};

/// What an outcome means for the commit.
#[derive(Debug)]
pub(crate) enum Next {
    /// Take the next step.
    Again,
    Done,
    /// Somebody else was first; find the present record, starting from this one.
    Overtaken(Option<Record>),
}

impl State {
    /// Notes what became of a step.
    pub(crate) fn absorb(
        &mut self,
        sessions: &Inner,
        operation: Operation,
        token: Option<Token>,
        outcome: Outcome,
        now: Timestamp,
    ) -> Result<Next, Error> {
        self.issued = None;
        match (operation, outcome) {
            (Operation::Create(record), Outcome::Applied)
            | (Operation::Renew { next: record, .. }, Outcome::Applied) => {
                self.cookie = token.clone().map(|token| CookieChange::set(token, &record));
                self.saved(record, token);
                Ok(Next::Done)
            }
            (Operation::Replace { next, .. }, Outcome::Applied) => {
                let Standing::Live { record, token } = &self.standing else {
                    return Ok(Next::Done);
                };
                let longer = next.payload.extras().lifetime != record.payload.extras().lifetime;
                let token = token.clone();
                if let Some(token) = token.clone().filter(|_| longer) {
                    self.cookie = Some(CookieChange::set(token, &next));
                }
                self.saved(next, token);
                Ok(Next::Done)
            }
            (Operation::Touch { active_at, expires_at, .. }, Outcome::Applied) => {
                if let Standing::Live { record, .. } = &mut self.standing {
                    record.active_at = active_at;
                    record.expires_at = expires_at;
                    self.copy_due = true;
                }
                Ok(Next::Done)
            }
            (Operation::Delete(_), Outcome::Removed(removed)) => {
                Ok(self.removed(&sessions.settings, &removed, now))
            }
            (Operation::Delete(_), Outcome::Applied | Outcome::Stale(_)) => {
                self.ended();
                Ok(Next::Done)
            }
            // 122 random bits met twice; the next step draws again.
            (Operation::Create(_), _) => {
                self.next = None;
                Ok(Next::Again)
            }
            // Whoever was first was active too.
            (Operation::Touch { .. }, _) => Ok(Next::Done),
            (_, Outcome::Stale(current)) => Ok(Next::Overtaken(current)),
            (_, Outcome::Removed(_)) => Ok(Next::Overtaken(None)),
        }
    }

    /// An end follows the session to wherever it has moved. Of what was over already there is no end.
    fn removed(&mut self, settings: &Settings, removed: &Record, now: Timestamp) -> Next {
        let extras = removed.payload.extras();
        match (extras.moved, &mut self.standing) {
            // A pointer has no activity of its own.
            (Some(moved), Standing::Live { record, .. }) if now < removed.expires_at => {
                record.id = moved.to;
                Next::Again
            }
            (None, _) if !settings.limits.is_over(removed, extras.lifetime, now) => {
                self.standing = Standing::Nowhere;
                self.asked = Asked::Nothing;
                self.cookie = Some(Box::new(CookieChange::Remove));
                Next::Again
            }
            _ => {
                self.ended();
                Next::Done
            }
        }
    }

    pub(super) fn saved(&mut self, record: Record, token: Option<Token>) {
        self.draft.saved(record.payload.clone());
        self.log.clear();
        self.asked = Asked::Nothing;
        (self.next, self.wanted) = (None, false);
        self.sign_in = None;
        self.copy_due = true;
        self.standing = Standing::Live { record, token };
    }

    /// Takes a fresher record, and the draft that was made on it.
    pub(crate) fn rebased(&mut self, fresh: Record, draft: Draft) {
        self.draft = draft;
        let token = match &self.standing {
            Standing::Live { record, token } if record.id == fresh.id => token.clone(),
            _ => None,
        };
        self.standing = Standing::Live { record: fresh, token };
    }

    /// Notes that somebody else ended the session; nothing of it may be saved.
    pub(crate) fn ended(&mut self) {
        self.standing = Standing::Ended;
        (self.next, self.wanted) = (None, false);
        self.sign_in = None;
        self.draft = Draft::load(Payload::default());
        self.log.clear();
        self.asked = Asked::Nothing;
    }
}

impl CookieChange {
    pub(super) fn set(token: Token, record: &Record) -> Box<Self> {
        let extras = record.payload.extras().clone();
        Box::new(Self::Set { token, created_at: record.created_at, extras })
    }
}
