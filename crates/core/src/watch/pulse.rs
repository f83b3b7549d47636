//! The thread that wakes those whose time has come: the core knows no runtime that could sleep. It is there only while
//! somebody waits.

use std::sync::{Arc, PoisonError, Weak};
use std::thread;
use std::time::Duration;

use super::Watches;

/// How often it looks who is due: so late is the end of a session noticed that expires, or whose store sends no signals.
const PERIOD: Duration = Duration::from_millis(500);

impl Watches {
    /// Starts the thread, unless it runs.
    pub(super) fn start_pulse(self: &Arc<Self>) {
        let mut runs = self.pulse.lock().unwrap_or_else(PoisonError::into_inner);
        if *runs {
            return;
        }
        let watches = Arc::downgrade(self);
        let thread = thread::Builder::new().name("cloakroom-watch".to_owned());
        match thread.spawn(move || while beat(&watches) {}) {
            Ok(_) => *runs = true,
            // Signals of the store still come, and the next one who waits tries again.
            Err(error) => {
                tracing::error!(target: "cloakroom::watch", %error, "no thread to notice what expires");
            }
        }
    }
}

/// Sleeps, then wakes who is due. `false` if nobody waits any more.
fn beat(watches: &Weak<Watches>) -> bool {
    thread::sleep(PERIOD);
    let Some(watches) = watches.upgrade() else { return false };
    let mut runs = watches.pulse.lock().unwrap_or_else(PoisonError::into_inner);
    if watches.is_empty() {
        *runs = false;
        return false;
    }
    drop(runs);
    watches.ring_due(watches.clock.now());
    true
}
