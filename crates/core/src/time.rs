//! Instants, and where they come from: the one injectable clock.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

/// Milliseconds since the Unix epoch, UTC.
///
/// ```
/// use cloakroom_core::Timestamp;
/// use std::time::Duration;
///
/// let noon = Timestamp::from_millis(43_200_000);
/// assert_eq!(noon.plus(Duration::from_secs(1)).as_millis(), 43_201_000);
/// ```
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Timestamp(i64);

impl Timestamp {
    /// The instant furthest in the future; a deadline that never comes.
    pub const MAX: Self = Self(i64::MAX);

    /// Makes an instant from milliseconds since the Unix epoch.
    #[must_use]
    pub const fn from_millis(millis: i64) -> Self {
        Self(millis)
    }

    /// Returns the milliseconds since the Unix epoch.
    #[must_use]
    pub const fn as_millis(self) -> i64 {
        self.0
    }

    /// Returns the instant `after` this one, or [`Timestamp::MAX`] where that cannot be written down.
    #[must_use]
    pub fn plus(self, after: Duration) -> Self {
        // Not `as_millis`, which reckons with 128 bits.
        let seconds = i64::try_from(after.as_secs()).unwrap_or(i64::MAX);
        let millis = seconds.saturating_mul(1000).saturating_add(after.subsec_millis().into());
        Self(self.0.saturating_add(millis))
    }

    /// Returns how long after `earlier` this instant is; zero if it is not.
    #[must_use]
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }
}

/// Tells the time. The engine reads it through this trait alone, so that a test can hold it still.
pub trait Clock: Send + Sync + 'static {
    /// Returns the present instant.
    fn now(&self) -> Timestamp;
}

/// The operating system's clock, the default.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        let elapsed = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Timestamp(0).plus(elapsed)
    }
}

/// A clock that stands still until it is told to move. For tests.
///
/// Clones share one hand, so a test keeps one and gives the other to the builder.
///
/// ```
/// use cloakroom_core::{Clock, FrozenClock};
/// use std::time::Duration;
///
/// let clock = FrozenClock::default();
/// let before = clock.now();
/// clock.advance(Duration::from_secs(60));
/// assert_eq!(clock.now().since(before), Duration::from_secs(60));
/// ```
#[derive(Clone)]
pub struct FrozenClock(Arc<AtomicI64>);

impl FrozenClock {
    /// Makes a clock that shows `now`.
    #[must_use]
    pub fn at(now: Timestamp) -> Self {
        Self(Arc::new(AtomicI64::new(now.0)))
    }

    /// Moves the hand on by `step`.
    pub fn advance(&self, step: Duration) {
        self.0.fetch_add(i64::try_from(step.as_millis()).unwrap_or(i64::MAX), Ordering::SeqCst);
    }
}

impl Default for FrozenClock {
    /// Stands at a fixed instant in 2026.
    fn default() -> Self {
        Self::at(Timestamp(1_780_000_000_000))
    }
}

impl fmt::Debug for FrozenClock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("FrozenClock").field(&self.now()).finish()
    }
}

impl Clock for FrozenClock {
    fn now(&self) -> Timestamp {
        Timestamp(self.0.load(Ordering::SeqCst))
    }
}
