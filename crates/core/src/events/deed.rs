//! What a write means to those who listen, if it took effect.

use super::{Event, Observers, Renewal};
use crate::sessions::Settings;
use crate::state::State;
use crate::{Id, Operation, Outcome, Record, Timestamp, UserId};

/// Something that was done to a session.
#[derive(Debug)]
pub(crate) struct Deed {
    what: What,
    user: Option<UserId>,
    signed_in: bool,
}

#[derive(Debug)]
enum What {
    Created(Id),
    Renewed { session: Id, before: Id, cause: Renewal },
    Destroyed(Id),
}

impl Deed {
    /// Reads it from a write and its outcome, before `state` takes them in.
    pub(crate) fn of(
        operation: &Operation,
        outcome: &Outcome,
        state: &State,
        settings: &Settings,
        now: Timestamp,
    ) -> Option<Self> {
        let begun = |what, record: &Record| {
            Some(Self { what, user: record.user.clone(), signed_in: state.sign_in.is_some() })
        };
        match (operation, outcome) {
            (Operation::Create(record), Outcome::Applied) => {
                begun(What::Created(record.id), record)
            }
            (Operation::Renew { next, moved, .. }, Outcome::Applied) => {
                // Without a grace the pointer has been void for ever.
                let pointer = moved.payload.extras().moved;
                let periodic = pointer.is_some_and(|pointer| pointer.until > Timestamp::default());
                let cause = if periodic { Renewal::Periodic } else { Renewal::Asked };
                begun(What::Renewed { session: next.id, before: moved.id, cause }, next)
            }
            (Operation::Delete(_), Outcome::Removed(record)) => {
                let extras = record.payload.extras();
                let over = settings.limits.is_over(record, extras.lifetime, now);
                let user = record.user.clone();
                let ended = Self { what: What::Destroyed(record.id), user, signed_in: false };
                (extras.moved.is_none() && !over).then_some(ended)
            }
            _ => None,
        }
    }

    pub(crate) fn tell(&self, observers: &Observers) {
        let user = self.user.as_ref();
        let (session, event) = match self.what {
            What::Created(session) => (session, Event::Created { session, user }),
            What::Renewed { session, before, cause } => {
                (session, Event::Renewed { session, before, user, cause })
            }
            What::Destroyed(session) => (session, Event::Destroyed { session, user }),
        };
        observers.tell(&event);
        if let Some(user) = user.filter(|_| self.signed_in) {
            observers.tell(&Event::SignedIn { session, user });
        }
    }
}
