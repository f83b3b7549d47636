//! Events as log lines.

use super::{Event, Observer};

/// Tells every [`Event`] by `tracing`, with the target `cloakroom::event`. The names below stay.
///
#[doc = include_str!("table.md")]
///
/// ```
/// use cloakroom_core::{LogEvents, MemoryStore, Secret, Sessions};
///
/// let sessions = Sessions::builder(MemoryStore::new()).secret(Secret::generate()?).observer(LogEvents).build()?;
/// # Ok::<(), cloakroom_core::ConfigError>(())
/// ```
///
/// Ids and users are in them, so that one can tell who was signed in when (ASVS 16.3.1); tokens and session data are not.
#[derive(Clone, Copy, Debug, Default)]
pub struct LogEvents;

macro_rules! log {
    ($level:ident, $event:expr, $sentence:literal $(, $field:ident = $value:expr)*) => {
        tracing::$level!(target: "cloakroom::event", event = $event.name(), $($field = $value,)* $sentence)
    };
}

impl Observer for LogEvents {
    fn event(&self, event: &Event<'_>) {
        match event {
            Event::Created { session, user } => {
                log!(
                    debug,
                    event,
                    "a session was created",
                    session = display(session),
                    user = user.map(display)
                );
            }
            Event::SignedIn { session, user } => {
                log!(
                    info,
                    event,
                    "a user signed in",
                    session = display(session),
                    user = display(user)
                );
            }
            Event::Renewed { session, before, user, cause } => log!(
                debug,
                event,
                "a session got a new id",
                session = display(session),
                before = display(before),
                user = user.map(display),
                cause = cause.name()
            ),
            Event::Destroyed { session, user } => {
                log!(
                    info,
                    event,
                    "a session was destroyed",
                    session = display(session),
                    user = user.map(display)
                );
            }
            Event::Expired { session, user } => {
                log!(
                    debug,
                    event,
                    "a session is over",
                    session = display(session),
                    user = user.map(display)
                );
            }
            Event::Revoked { session, user } => log!(
                info,
                event,
                "a session was revoked",
                session = session.as_ref().map(display),
                user = user.map(display)
            ),
            Event::Refused { session, reason } => log!(
                debug,
                event,
                "a cookie was refused",
                session = session.as_ref().map(display),
                reason = reason.name()
            ),
            Event::Overtaken { session, replayed } => {
                log!(
                    debug,
                    event,
                    "overtaken by another request",
                    session = display(session),
                    replayed = *replayed
                );
            }
        }
    }
}
