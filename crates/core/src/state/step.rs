//! The next step that saves a request's work, as a value.

use std::time::Duration;

use super::{Standing, State};
use crate::payload::{Extras, Moved, Payload};
use crate::plan::{Ending, Plan};
use crate::sessions::{Inner, Settings};
use crate::token::Token;
use crate::{Error, Id, Operation, Record, Timestamp, Version};

/// How long a renewed session can be found from its old id by a sign-out that was under way.
const POINTER_LIFE: Duration = Duration::from_secs(60);

/// The next thing to do about a session.
#[derive(Debug)]
pub(crate) enum Step {
    Done,
    /// By what is known the session is over; but another request may have been active since it was loaded.
    LookAgain {
        id: Id,
    },
    Write {
        operation: Operation,
        token: Option<Token>,
    },
}

impl State {
    /// Turns the plan into one operation on the store.
    pub(crate) fn step(
        &self,
        sessions: &Inner,
        ending: Ending,
        now: Timestamp,
    ) -> Result<Step, Error> {
        let settings = &sessions.settings;
        let plan = self.plan(settings, ending, now);
        let Standing::Live { record, .. } = &self.standing else {
            return match plan {
                Plan::Create if self.detached => Err(Error::no_cookie()),
                Plan::Create => self.create(sessions, now),
                _ => Ok(Step::Done),
            };
        };
        // An end cannot be overtaken by the clock; everything else can.
        let over = settings.limits.is_over(record, record.payload.extras().lifetime, now);
        if over && !matches!(plan, Plan::Delete | Plan::Nothing) {
            return Ok(Step::LookAgain { id: record.id });
        }
        let write = |operation| Ok(Step::Write { operation, token: None });
        match plan {
            Plan::Nothing | Plan::Create => Ok(Step::Done),
            Plan::Delete => write(Operation::Delete(record.id)),
            Plan::Touch => {
                let lifetime = self.draft.extras.lifetime;
                let expires_at = settings.limits.deadline(record.created_at, now, lifetime);
                let (id, version) = (record.id, record.version);
                write(Operation::Touch { id, version, active_at: now, expires_at })
            }
            Plan::Replace => {
                let next = self.next(settings, record, self.draft.extras.clone(), now)?;
                write(Operation::Replace { version: record.version, next })
            }
            Plan::Renew { .. } if self.detached => Err(Error::no_cookie()),
            Plan::Renew { grace } => self.renewal(sessions, record, grace, now),
        }
    }

    fn create(&self, sessions: &Inner, now: Timestamp) -> Result<Step, Error> {
        let (settings, token) = (&sessions.settings, self.next_token(&sessions.keys)?);
        let user = self.sign_in.as_ref().map(|sign_in| sign_in.user.clone());
        let signed_in = self.sign_in.as_ref().map(|sign_in| sign_in.at(now));
        let record = Record {
            id: token.id(),
            version: Version::FIRST,
            user,
            created_at: now,
            active_at: now,
            expires_at: settings.limits.deadline(now, now, self.draft.extras.lifetime),
            payload: self.payload(settings, Extras { signed_in, ..self.draft.extras.clone() })?,
        };
        Ok(Step::Write { operation: Operation::Create(record), token: Some(token) })
    }

    fn renewal(
        &self,
        sessions: &Inner,
        record: &Record,
        grace: bool,
        now: Timestamp,
    ) -> Result<Step, Error> {
        let (settings, token) = (&sessions.settings, self.next_token(&sessions.keys)?);
        // Whoever asks for a new id wants nothing of before to be good any more.
        let renewed_from = grace.then_some(record.id);
        let mut extras = Extras { renewed: Some(now), renewed_from, ..self.draft.extras.clone() };
        let mut begun = record.clone();
        if let Some(sign_in) = &self.sign_in {
            // Who signs in begins a session (ASVS 7.3.2), whatever visitor's data it takes over.
            begun.user = Some(sign_in.user.clone());
            begun.created_at = now;
            extras.signed_in = Some(sign_in.at(now));
        }
        let next = Record { id: token.id(), ..self.next(settings, &begun, extras, now)? };
        let grace_end = now.plus(settings.limits.renewal_grace);
        // Long past by any process's clock.
        let until = if grace { grace_end } else { Timestamp::default() };
        // Also without a grace the pointer stays a while: a sign-out that is under way must find the session. With one
        // it stays as long as the session would, for work that began before and outlives its response.
        let least = grace_end.max(now.plus(POINTER_LIFE));
        let moved = Record {
            version: record.version.next(),
            user: None,
            active_at: now,
            expires_at: if grace { least.max(next.expires_at) } else { least },
            payload: Payload::moved(Moved { to: next.id, until }),
            ..record.clone()
        };
        let operation = Operation::Renew { version: record.version, next, moved };
        Ok(Step::Write { operation, token: Some(token) })
    }

    fn next(
        &self,
        settings: &Settings,
        record: &Record,
        extras: Extras,
        now: Timestamp,
    ) -> Result<Record, Error> {
        let active_at = record.active_at.max(now);
        let lifetime = extras.lifetime;
        Ok(Record {
            version: record.version.next(),
            active_at,
            expires_at: settings.limits.deadline(record.created_at, active_at, lifetime),
            payload: self.payload(settings, extras)?,
            ..record.clone()
        })
    }

    fn payload(&self, settings: &Settings, extras: Extras) -> Result<Payload, Error> {
        let payload = self.draft.to_payload(extras);
        let size = payload.as_str().len();
        // What was larger before the limit came down may still shrink and age.
        if size > settings.max_payload.max(self.draft.base_len()) {
            let largest = self.draft.data().into_iter().max_by_key(|(_, value)| value.len());
            let largest = largest.map_or("", |(key, _)| key);
            return Err(Error::too_large(size, settings.max_payload, largest));
        }
        Ok(payload)
    }
}
