//! The sessions of a user: listed, and ended from elsewhere.

use std::net::IpAddr;
use std::num::NonZeroU32;

use futures_util::future::try_join_all;

use crate::commit::{Asker, Found};
use crate::place::Place;
use crate::{Error, Event, Id, Operation, Outcome, Record, Sessions, Timestamp, UserId};

/// Most sessions that are listed at once.
const PAGE: NonZeroU32 = NonZeroU32::new(1_000).unwrap();

/// Most pages that are ended in one call; a user who signs in faster than that is no user.
const MOST_PAGES: usize = 1_000;

/// Most pointers to follow from an id to its session.
const MOST_MOVES: u32 = 4;

/// One of a user's sessions, as device lists show it. Holds nothing of the session's content.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SessionInfo {
    /// What to give to [`Sessions::revoke`]; equal to [`Session::id`](crate::Session::id) in the session itself. Not
    /// a secret.
    pub id: Id,
    /// Whose session it is.
    pub user: Option<UserId>,
    /// When the user signed in.
    pub created_at: Timestamp,
    /// The last activity that was written down; early by up to a tenth of the idle timeout.
    pub active_at: Timestamp,
    /// When it ends if nothing more happens.
    pub expires_at: Timestamp,
    /// Where the user signed in from, if the application's layer was told how to know it.
    pub address: Option<IpAddr>,
    /// What the browser said it is (`User-Agent`), at most 256 bytes.
    pub user_agent: Option<String>,
}

/// Per-user sessions. These need a store with a [`UserIndex`](crate::UserIndex): memory, SQLite, Postgres and Redis have
/// one; without it they are [`ErrorKind::Unsupported`](crate::ErrorKind::Unsupported). If the store fails they are
/// [`ErrorKind::Unavailable`](crate::ErrorKind::Unavailable), and what was ended stays so.
///
/// ```
/// # use cloakroom_core::{Error, Id, Sessions, UserId};
/// async fn sign_out_everywhere_else(sessions: &Sessions, user: &UserId, here: Id) -> Result<u64, Error> {
///     sessions.revoke_others(user, here).await
/// }
/// ```
impl Sessions {
    /// Returns the live sessions of a user, the newest sign-in first; at most 1,000.
    ///
    /// # Errors
    ///
    /// If the store fails or has no index.
    pub async fn of_user(&self, user: &UserId) -> Result<Vec<SessionInfo>, Error> {
        Ok(self.page(user).await?.live.iter().map(SessionInfo::of).collect())
    }

    /// Ends one session, wherever it has moved; tells whether it was there. A request of it that is under way can no
    /// longer save anything.
    ///
    /// Of a session that travels in the cookie nobody knows whether it is there: then this tells whether it was not
    /// void before, and needs a [`deny_list`](crate::CookieDriver::deny_list).
    ///
    /// # Errors
    ///
    /// If the store fails.
    pub async fn revoke(&self, id: Id) -> Result<bool, Error> {
        let inner = self.inner();
        let store = match &inner.place {
            Place::Store(stored) => &stored.store,
            Place::Cookie(carrier) => {
                let denied = carrier.denied.as_ref().ok_or_else(Error::no_deny_list)?;
                let ended = denied.end(id, inner.clock.now()).await?;
                inner.watches.end(id);
                if ended {
                    inner.observers.tell(&Event::Revoked { session: Some(id), user: None });
                }
                return Ok(ended);
            }
        };
        let mut id = id;
        for _ in 0..MOST_MOVES {
            let delete = Operation::Delete(id);
            let outcome = store.write(&delete).await?;
            inner.ring(&delete, &outcome);
            let Outcome::Removed(record) = outcome else { return Ok(false) };
            let extras = record.payload.extras();
            match extras.moved {
                Some(moved) => id = moved.to,
                None => {
                    let now = inner.clock.now();
                    let live = !inner.settings.limits.is_over(&record, extras.lifetime, now);
                    if live {
                        let (session, user) = (Some(id), record.user.as_ref());
                        inner.observers.tell(&Event::Revoked { session, user });
                    }
                    return Ok(live);
                }
            }
        }
        Ok(false)
    }

    /// Ends all sessions of a user; returns how many that were. A sign-in that happens meanwhile may be spared.
    ///
    /// Sessions that travel in the cookie are void from now on if they began before, and nobody counts them: 0. That
    /// needs a [`deny_list`](crate::CookieDriver::deny_list).
    ///
    /// # Errors
    ///
    /// If the store fails or has no index.
    pub async fn revoke_all(&self, user: &UserId) -> Result<u64, Error> {
        if let Place::Cookie(carrier) = &self.inner().place {
            let denied = carrier.denied.as_ref().ok_or_else(Error::no_deny_list)?;
            denied.deny_user(user, self.inner().clock.now()).await?;
            self.inner().watches.ring_all();
            self.inner().observers.tell(&Event::Revoked { session: None, user: Some(user) });
            return Ok(0);
        }
        self.revoke_but(user, Spared::Nobody).await
    }

    /// Ends all sessions of a user but the one with the id `keep`; returns how many that were.
    ///
    /// # Errors
    ///
    /// If the store fails or has no index.
    pub async fn revoke_others(&self, user: &UserId, keep: Id) -> Result<u64, Error> {
        self.revoke_but(user, Spared::One(keep)).await
    }

    /// Ends all sessions of a user but the `newest` ones by sign-in; returns how many that were. However many run at
    /// once, the newest stay.
    ///
    /// # Errors
    ///
    /// If the store fails or has no index.
    pub async fn keep_newest(&self, user: &UserId, newest: usize) -> Result<u64, Error> {
        self.revoke_but(user, Spared::Newest(newest)).await
    }

    /// Ends page after page, beginning with the newest.
    async fn revoke_but(&self, user: &UserId, spared: Spared) -> Result<u64, Error> {
        let mut ended = 0;
        for _ in 0..MOST_PAGES {
            let Page { live, over, full } = self.page(user).await?;
            let live = live.iter().map(|record| record.id);
            let ids: Vec<_> = match spared {
                Spared::Nobody => live.collect(),
                Spared::Newest(count) => live.skip(count).collect(),
                Spared::One(keep) => {
                    // Found after the listing, so that a renewal in between is no mistake: the listing has either the
                    // id or where it went.
                    let now = self.inner().clock.now();
                    let kept = match self.inner().find(keep, None, Asker::Insider, now).await? {
                        Found::Live(record) => record.id,
                        Found::Gone | Found::Left => keep,
                    };
                    live.filter(|&id| id != keep && id != kept).collect()
                }
            };
            ended += self.revoke_each(&ids).await?;
            if !full || (ids.is_empty() && over.is_empty()) {
                break;
            }
            // What is over makes room for the rest of the listing.
            self.revoke_each(&over).await?;
        }
        Ok(ended)
    }

    /// Together, so that they leave as one batch.
    pub(crate) async fn revoke_each(&self, ids: &[Id]) -> Result<u64, Error> {
        let ended = try_join_all(ids.iter().map(|&id| self.revoke(id))).await?;
        Ok(ended.into_iter().map(u64::from).sum())
    }

    /// Returns a user's newest records. Of two that began in the same instant, every process takes the same one for the
    /// newer.
    async fn page(&self, user: &UserId) -> Result<Page, Error> {
        let inner = self.inner();
        let Place::Store(stored) = &inner.place else { return Err(Error::no_index()) };
        let listed = stored.store.of_user(user, PAGE).await.ok_or_else(Error::no_index)??;
        let now = inner.clock.now();
        let full = listed.len() >= PAGE.get() as usize;
        let (mut live, mut over) = (Vec::new(), Vec::new());
        // What cannot be read signs nobody in, and stays to be looked at.
        for record in listed.into_iter().filter(|record| record.payload.check().is_ok()) {
            let extras = record.payload.extras();
            if extras.moved.is_some()
                || inner.settings.limits.is_over(&record, extras.lifetime, now)
            {
                over.push(record.id);
            } else {
                live.push(record);
            }
        }
        live.sort_by_key(|record| std::cmp::Reverse((record.created_at, record.id)));
        Ok(Page { live, over, full })
    }
}

/// Which of a user's sessions stay.
#[derive(Clone, Copy, Debug)]
enum Spared {
    Nobody,
    Newest(usize),
    One(Id),
}

/// A user's newest records.
struct Page {
    live: Vec<Record>,
    /// Expired, and not swept yet.
    over: Vec<Id>,
    /// There may be more.
    full: bool,
}

impl SessionInfo {
    pub(crate) fn of(record: &Record) -> Self {
        let signed_in = record.payload.extras().signed_in.as_deref();
        Self {
            id: record.id,
            user: record.user.clone(),
            created_at: record.created_at,
            active_at: record.active_at,
            expires_at: record.expires_at,
            address: signed_in.and_then(|signed_in| signed_in.address),
            user_agent: signed_in.and_then(|signed_in| signed_in.agent.clone()),
        }
    }
}
