//! Deletes what has expired, and leaves the store time for its visitors.

use std::num::NonZeroU32;
use std::thread;
use std::time::{Duration, Instant};

use futures_channel::oneshot;

use crate::{Error, Sessions};

/// Most records deleted in one call of the store: few, because visitors wait as long as that takes.
const BATCH: NonZeroU32 = NonZeroU32::new(30).unwrap();

/// How many times as long as a batch took the store is left alone after it: a sweep works a tenth of its time.
const REST: u32 = 9;

impl Sessions {
    /// Deletes what has expired, and returns how many records that were. Expiry does not depend on it; it only frees
    /// space. Call it every few minutes where the store does not expire records by itself.
    ///
    /// Several processes may sweep at once. It goes in batches of 30 and rests for nine times as long as each of them
    /// took, so that visitors notice little: some 2,000 records a second in Postgres and in SQLite.
    ///
    /// ```
    /// # use cloakroom_core::Sessions;
    /// # use std::time::Duration;
    /// async fn sweep_for_ever(sessions: Sessions) {
    ///     loop {
    ///         tokio::time::sleep(Duration::from_secs(600)).await;
    ///         if let Err(error) = sessions.sweep().await {
    ///             eprintln!("sessions are not swept: {error}"); // and the next time it works again
    ///         }
    ///     }
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Unavailable`](crate::ErrorKind::Unavailable) if the store fails; what was deleted stays so.
    pub async fn sweep(&self) -> Result<u64, Error> {
        let inner = self.inner();
        let Some(store) = inner.place.store() else { return Ok(0) };
        let mut deleted = 0;
        loop {
            let began = Instant::now();
            let batch = store.delete_expired(inner.clock.now(), BATCH).await?;
            deleted += u64::from(batch);
            if batch < BATCH.get() {
                return Ok(deleted);
            }
            // What answers at once has nobody waiting.
            if store.gathers() {
                rest(began.elapsed() * REST).await;
            }
        }
    }
}

/// Waits on a thread of its own: the core knows no runtime that could sleep, and a sweep can afford it.
async fn rest(time: Duration) {
    let (end, ended) = oneshot::channel::<()>();
    let thread = thread::Builder::new().name("cloakroom-sweep".to_owned());
    let sleep = move || {
        thread::sleep(time);
        drop(end);
    };
    // Without a thread there is no rest, and no harm.
    if thread.spawn(sleep).is_ok() {
        let _ = ended.await;
    }
}
