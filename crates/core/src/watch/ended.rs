//! Waits for the end of a session.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use super::Watch;
use crate::payload::Moved;
use crate::place::Place;
use crate::session::Work;
use crate::sessions::Inner;
use crate::{Error, Id, Record, Session, Timestamp};

/// Most pointers to follow at once.
const MOST_MOVES: u32 = 4;

/// How often a session is looked at although its store sends signals: a connection may be dead without anybody noticing.
const AT_LEAST: Duration = Duration::from_secs(30);

/// How [`Session::ended`] came to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum End {
    /// The session is over: signed out, destroyed, revoked, expired; or it was never stored.
    Over,
    /// The session got a new token because rights changed: somebody signed in, or a handler called
    /// [`renew`](Session::renew). Whoever has the new token may come again with it; nobody else may.
    Renewed,
    /// More sessions are watched than one process watches at once (65,536), so nobody would tell.
    Unwatched,
}

impl Session {
    /// Resolves when this session has ended, wherever that happened: so that an event stream or a WebSocket can close
    /// itself. It holds nothing but a place in a list, and may be dropped at any time.
    ///
    /// What this process ends is seen at once; what another one ends, within milliseconds where the store sends
    /// [`Signals`](crate::Signals) (Redis, Postgres). Else sessions are looked at together, twice a second and at most some
    /// 10,000 a second (SQLite, stores of your own, a deny list); an expiry is seen within a second. While the store is down nothing is known, and the wait goes on.
    ///
    /// A periodic renewal is followed. One that a handler asked for, or a sign-in, is an end of its own kind,
    /// [`End::Renewed`]: the old token must be worth nothing then, also to who opened a stream with it. A browser just
    /// connects again with its new cookie, as `EventSource` does by itself.
    ///
    /// ```
    /// # use cloakroom_core::{End, Session};
    /// async fn serve(session: Session) {
    ///     let ended = session.ended();
    ///     // in a `select!`, beside what the stream sends:
    ///     if ended.await == End::Over {
    ///         // tell the page that its visitor was signed out
    ///     }
    /// }
    /// ```
    ///
    /// Of a visitor who has no session yet when this is first polled it resolves at once. Of a session that travels in the
    /// cookie only its own process and the deny list know the end, and each renewal is an [`End::Renewed`].
    pub fn ended(&self) -> impl Future<Output = End> + Send + use<> {
        let work = self.work().clone();
        async move {
            let record = work.lock().present().cloned();
            match record {
                Some(record) => watch(&work, record).await,
                None => End::Over,
            }
        }
    }
}

/// What a look at the session showed.
enum Look {
    Live(Record),
    End(End),
}

async fn watch(work: &Arc<Work>, mut record: Record) -> End {
    let sessions = work.sessions();
    let mut place: Option<Watch> = None;
    loop {
        // First the place, then the look: what happens after the look is heard.
        let here = match place.take().filter(|place| place.id() == record.id) {
            Some(here) => here,
            None => match sessions.watches.enter(record.id) {
                Some(here) => here,
                None => return End::Unwatched,
            },
        };
        let signalled = sessions.listen();
        let now = sessions.clock.now();
        if here.is_over() {
            return End::Over;
        }
        let due = match sessions.look(&record, now).await {
            Ok(Look::End(end)) => return end,
            Ok(Look::Live(fresh)) => {
                let moved = fresh.id != record.id;
                record = fresh;
                if moved {
                    continue;
                }
                let next = now.plus(if signalled { AT_LEAST } else { sessions.watches.rest() });
                next.min(sessions.end_of(&record))
            }
            // It is down; nothing is known of the session until it is back.
            Err(_) => now.plus(sessions.watches.rest()),
        };
        here.rung(due).await;
        place = Some(here);
    }
}

impl Inner {
    /// Has the store send signals, if it does; tells whether.
    fn listen(&self) -> bool {
        let Place::Store(stored) = &self.place else { return false };
        let listen = || stored.store.listen(self.watches.ears());
        self.listening.get_or_init(listen).is_some()
    }

    /// Looks how `known` stands now.
    async fn look(&self, known: &Record, now: Timestamp) -> Result<Look, Error> {
        match &self.place {
            Place::Store(_) => self.look_up(known.id, now).await,
            Place::Cookie(carrier) => {
                if now >= self.end_of(known) {
                    return Ok(Look::End(End::Over));
                }
                Ok(match &carrier.denied {
                    Some(denied) if denied.has(known, now).await? => {
                        let renewed = denied.has_moved(known.id).await?;
                        Look::End(if renewed { End::Renewed } else { End::Over })
                    }
                    _ => Look::Live(known.clone()),
                })
            }
        }
    }

    async fn look_up(&self, id: Id, now: Timestamp) -> Result<Look, Error> {
        let mut id = id;
        for _ in 0..MOST_MOVES {
            let Some(record) = self.load(id).await? else { return Ok(Look::End(End::Over)) };
            let extras = record.payload.extras();
            match extras.moved {
                // Long past: there was no grace.
                Some(Moved { until, .. }) if until <= record.active_at => {
                    return Ok(Look::End(End::Renewed));
                }
                Some(Moved { to, .. }) => id = to,
                None if self.settings.limits.is_over(&record, extras.lifetime, now) => {
                    return Ok(Look::End(End::Over));
                }
                None => return Ok(Look::Live(record)),
            }
        }
        Ok(Look::End(End::Over))
    }

    /// Returns when the session ends if nothing more happens.
    fn end_of(&self, record: &Record) -> Timestamp {
        let lifetime = record.payload.extras().lifetime;
        let limits = &self.settings.limits;
        record.expires_at.min(limits.deadline(record.created_at, record.active_at, lifetime))
    }
}
