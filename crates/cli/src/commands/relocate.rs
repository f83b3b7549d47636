//! `move`: all sessions from one store to another, while both are in use.

use std::io::{self, Write};
use std::num::NonZeroU32;

use cloakroom::{Clock as _, Moving, Store, StoreError, SystemClock};
use serde::Serialize;

use crate::{Failure, Progress, Report};

/// How many records move together: enough to share the trips, few enough that visitors do not wait for them.
const PAGE: NonZeroU32 = NonZeroU32::new(256).unwrap();

/// Walks over the old store. A second one finds what was busy during the first; where sessions go on beginning in the old
/// store there is no end to it.
const MOST_WALKS: u32 = 20;

/// How many expired records are deleted together.
const SWEEP: NonZeroU32 = NonZeroU32::new(500).unwrap();

/// What has moved.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Relocated {
    /// Records that moved, pointers of renewals included. A session that is written meanwhile moves by itself and is not
    /// counted.
    pub moved: u64,
    /// Records that had expired, and were deleted in the old store.
    pub expired: u64,
    /// Records that cannot be read, by their ids: they are still in the old store.
    pub unreadable: Vec<String>,
    /// Whether the last walk over the old store found nothing to move.
    pub complete: bool,
}

/// Moves all sessions from `old` to `new`; deletes in `old` what has expired. The application must know both stores by then,
/// as `Moving::new(old, new)`: see [`Moving`].
///
/// It may be broken off at any point and begun again, and run while visitors change, begin and end sessions: nothing is
/// lost, nothing is there twice, nothing that has ended comes back.
///
/// # Errors
///
/// [`Failure::Store`] if a store fails or cannot be walked over; what has moved stays so, and once more goes on.
pub async fn relocate<O: Store + Clone, N: Store>(
    old: O,
    new: N,
    progress: &Progress,
) -> Result<Relocated, Failure> {
    let moving = Moving::new(old.clone(), new);
    let mut done = Relocated::default();
    for _ in 0..MOST_WALKS {
        let (mut next, mut busy) = (None, 0);
        done.unreadable.clear();
        loop {
            let carried = moving.carry_over(next.as_ref(), PAGE, SystemClock.now()).await;
            let carried = carried.map_err(Failure::Store)?;
            done.moved += carried.moved;
            busy += carried.moved + carried.overtaken;
            done.unreadable.extend(carried.unreadable.iter().map(ToString::to_string));
            progress.at(done.moved);
            next = carried.next;
            if next.is_none() {
                break;
            }
        }
        if busy == 0 {
            done.complete = true;
            break;
        }
    }
    loop {
        let deleted = old.delete_expired(SystemClock.now(), SWEEP).await;
        let deleted = deleted.map_err(|error| Failure::Store(StoreError::new(error)))?;
        done.expired += u64::from(deleted);
        if deleted < SWEEP.get() {
            return Ok(done);
        }
    }
}

impl Relocated {
    /// Tells whether nothing is left in the old store.
    #[must_use]
    pub fn is_all(&self) -> bool {
        self.complete && self.unreadable.is_empty()
    }
}

impl Report for Relocated {
    fn write(&self, out: &mut dyn Write) -> io::Result<()> {
        writeln!(out, "{} records moved, {} expired ones deleted", self.moved, self.expired)?;
        if !self.unreadable.is_empty() {
            let count = self.unreadable.len();
            writeln!(out, "{count} records cannot be read and stay in the old store:")?;
            for id in self.unreadable.iter().take(20) {
                writeln!(out, "  {id}")?;
            }
            if count > 20 {
                writeln!(out, "  and {} more (all with --json)", count - 20)?;
            }
        }
        match (self.complete, self.unreadable.is_empty()) {
            (true, true) => writeln!(out, "the old store is empty"),
            (true, false) => Ok(()),
            (false, _) => writeln!(
                out,
                "sessions go on beginning in the old store: deploy `Moving::new` everywhere, and begin again"
            ),
        }
    }
}
