//! All sessions of an application, as administrators see them: listed, looked at, ended.

use std::fmt;
use std::num::NonZeroU32;

use crate::place::Place;
use crate::store::Backend;
use crate::{Error, Id, Record, SessionInfo, Sessions, Timestamp, WalkCursor};

/// How many records are looked at together while all sessions end.
const PAGE: NonZeroU32 = NonZeroU32::new(256).unwrap();

/// Walks over all sessions to end them; each but the last finds some that got another id during the one before.
const MOST_WALKS: usize = 100;

/// One record of the store, and what the engine makes of it. Neither tokens nor data show in `Debug`.
#[derive(Clone)]
#[non_exhaustive]
pub struct Entry {
    /// Whose session it is, since when and from where; ends at [`expires_at`](SessionInfo::expires_at), whatever the record
    /// says that the present limits do not.
    pub info: SessionInfo,
    /// When the user signed in, if anybody is.
    pub signed_in_at: Option<Timestamp>,
    /// What the engine makes of it.
    pub status: Status,
    /// Length of the content, in bytes.
    pub bytes: usize,
    record: Record,
}

/// What the engine makes of a record.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Status {
    /// A session that a request would find.
    Live,
    /// Over, and not swept yet.
    Expired,
    /// Only a pointer: the session was renewed, and has this id now.
    Moved {
        /// Where the session is.
        to: Id,
    },
    /// The record cannot be read, for this reason. No request gets it.
    Unreadable(String),
}

/// A part of all records.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Entries {
    /// The records.
    pub entries: Vec<Entry>,
    /// Where the next part begins; `None` at the end.
    pub next: Option<WalkCursor>,
}

/// What [`Sessions::revoke_everybody`] did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Everybody {
    /// Sessions that were ended.
    pub ended: u64,
    /// Records that cannot be read, and stay. This process lets nobody in by them; one of a newer version might.
    pub unreadable: u64,
}

/// All sessions. These need a store with a [`Walk`](crate::Walk), as memory, SQLite, Postgres and Redis have; without it
/// they are [`ErrorKind::Unsupported`](crate::ErrorKind::Unsupported), and so they are where sessions travel in the
/// cookie. They are for administrators: no request should wait for them.
///
/// ```
/// use cloakroom_core::{Error, Sessions, Status};
/// use std::num::NonZeroU32;
///
/// async fn count(sessions: &Sessions) -> Result<usize, Error> {
///     let (mut live, mut next) = (0, None);
///     loop {
///         let page = sessions.entries(next.as_ref(), NonZeroU32::new(500).unwrap()).await?;
///         live += page.entries.iter().filter(|entry| entry.status == Status::Live).count();
///         next = page.next;
///         if next.is_none() {
///             return Ok(live);
///         }
///     }
/// }
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # use cloakroom_core::{MemoryStore, Secret};
/// # let sessions = Sessions::builder(MemoryStore::new()).secret(Secret::generate()?).build()?;
/// # sessions.create(&Default::default(), |session| session.set("n", &1)).await?;
/// # assert_eq!(count(&sessions).await?, 1);
/// # Ok(())
/// # }
/// ```
impl Sessions {
    /// Returns about `limit` records of the store behind `after`, the place that the call before gave as
    /// [`next`](Entries::next): also those that have expired or cannot be read.
    ///
    /// A record that is there all the time is found, once or several times; one that comes or goes meanwhile may be. So
    /// a session that is renewed may be missed, or found under both ids.
    ///
    /// # Errors
    ///
    /// If the store fails or cannot be walked over.
    pub async fn entries(
        &self,
        after: Option<&WalkCursor>,
        limit: NonZeroU32,
    ) -> Result<Entries, Error> {
        let now = self.inner().clock.now();
        let page = self.stored()?.page(after, limit).await.ok_or_else(Error::no_walk)??;
        let entries = page.records.into_iter().map(|record| self.entry(record, now)).collect();
        Ok(Entries { entries, next: page.next })
    }

    /// Returns the record under this very id, whatever it is; `None` if there is none. Follows no renewal, notes no
    /// activity, changes nothing.
    ///
    /// # Errors
    ///
    /// If the store fails, or sessions travel in the cookie.
    pub async fn look(&self, id: Id) -> Result<Option<Entry>, Error> {
        let now = self.inner().clock.now();
        let record = self.stored()?.load(id).await?;
        Ok(record.map(|record| self.entry(record, now)))
    }

    /// Ends all sessions that began before this call, of users and visitors, wherever they move meanwhile. `told` is called
    /// with how many it has ended so far, after each page.
    ///
    /// To end all at once and without a store, replace the secret.
    ///
    /// # Errors
    ///
    /// If the store fails or cannot be walked over; what was ended stays so. Once more goes on.
    pub async fn revoke_everybody(&self, mut told: impl FnMut(u64)) -> Result<Everybody, Error> {
        let began = self.inner().clock.now();
        let mut done = Everybody::default();
        for _ in 0..MOST_WALKS {
            let before = done.ended;
            let (mut next, mut unreadable) = (None, 0);
            loop {
                let page = self.entries(next.as_ref(), PAGE).await?;
                let mut ids = Vec::with_capacity(page.entries.len());
                for entry in &page.entries {
                    match entry.status {
                        Status::Live if entry.info.created_at <= began => ids.push(entry.info.id),
                        Status::Unreadable(_) => unreadable += 1,
                        // Where a pointer leads there is a session to be met, or a newer one to be spared.
                        _ => {}
                    }
                }
                done.ended += self.revoke_each(&ids).await?;
                told(done.ended);
                next = page.next;
                if next.is_none() {
                    break;
                }
            }
            done.unreadable = unreadable;
            if done.ended == before {
                break;
            }
        }
        Ok(done)
    }

    fn stored(&self) -> Result<&Backend, Error> {
        match &self.inner().place {
            Place::Store(stored) => Ok(&stored.store),
            Place::Cookie(_) => Err(Error::not_by_id()),
        }
    }

    /// Judges a record.
    pub(crate) fn entry(&self, record: Record, now: Timestamp) -> Entry {
        let limits = &self.inner().settings.limits;
        let extras = record.payload.extras();
        let (lifetime, moved) = (extras.lifetime, extras.moved);
        let status = match (record.payload.check(), moved) {
            (Err(why), _) => Status::Unreadable(why.to_string()),
            (Ok(()), Some(moved)) => Status::Moved { to: moved.to },
            (Ok(()), None) if limits.is_over(&record, lifetime, now) => Status::Expired,
            (Ok(()), None) => Status::Live,
        };
        let deadline = limits.deadline(record.created_at, record.active_at, lifetime);
        let info =
            SessionInfo { expires_at: record.expires_at.min(deadline), ..SessionInfo::of(&record) };
        let signed_in_at = extras.signed_in.as_deref().map(|signed_in| signed_in.at);
        let bytes = record.payload.as_str().len();
        Entry { info, signed_in_at, status, bytes, record }
    }
}

impl Entry {
    /// Returns the values of the session, by key, as JSON texts. They are the visitor's: show them to nobody who need not
    /// see them.
    pub fn data(&self) -> impl Iterator<Item = (&str, &str)> {
        self.record.payload.data()
    }

    /// Returns the flash messages that wait for the next request, by key, as JSON texts.
    pub fn flash(&self) -> impl Iterator<Item = (&str, &str)> {
        self.record.payload.flash()
    }
}

impl fmt::Debug for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Entry")
            .field("info", &self.info)
            .field("signed_in_at", &self.signed_in_at)
            .field("status", &self.status)
            .field("bytes", &self.bytes)
            .finish_non_exhaustive()
    }
}
