//! What happens to sessions, as numbers: for Prometheus, OpenTelemetry or whatever else the application's
//! [`metrics`](https://docs.rs/metrics) recorder writes to. Feature `metrics`.
//!
//! ```
//! use cloakroom::metrics::Metrics;
//! use cloakroom::{MemoryStore, Secret, Sessions};
//!
//! let sessions = Sessions::builder(MemoryStore::new()).secret(Secret::generate()?).observer(Metrics::new()).build()?;
//! # Ok::<(), cloakroom::ConfigError>(())
//! ```
//!
#![doc = include_str!("table.md")]
//!
//! The names stay. No label has more values than this table tells: no user, no session.

use ::metrics::{Unit, counter, describe_counter, describe_histogram, histogram};

use crate::{Event, Observer, StoreCall};

const EVENTS: &str = "cloakroom_events_total";
const CONFLICTS: &str = "cloakroom_conflicts_total";
const REPLAYS: &str = "cloakroom_replays_total";
const SECONDS: &str = "cloakroom_store_seconds";
const BATCH: &str = "cloakroom_store_batch";

/// Counts events, conflicts and replays, and measures the store. For
/// [`SessionsBuilder::observer`](crate::SessionsBuilder::observer); see the [module](self).
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Metrics;

impl Metrics {
    /// Describes the metrics to the recorder, which should be installed by now.
    #[expect(clippy::new_without_default, reason = "it does something")]
    #[must_use]
    pub fn new() -> Self {
        describe_counter!(EVENTS, Unit::Count, "what happened to sessions");
        describe_counter!(
            CONFLICTS,
            Unit::Count,
            "requests overtaken by another one of their session"
        );
        describe_counter!(REPLAYS, Unit::Count, "changes made again after a conflict");
        describe_histogram!(SECONDS, Unit::Seconds, "duration of a call to the session store");
        describe_histogram!(BATCH, Unit::Count, "records that shared a call to the session store");
        Self
    }
}

impl Observer for Metrics {
    fn event(&self, event: &Event<'_>) {
        let name = event.name();
        match event {
            Event::Renewed { cause, .. } => {
                counter!(EVENTS, "event" => name, "cause" => cause.name()).increment(1);
            }
            Event::Refused { reason, .. } => {
                counter!(EVENTS, "event" => name, "reason" => reason.name()).increment(1);
            }
            Event::Overtaken { replayed, .. } => {
                counter!(EVENTS, "event" => name).increment(1);
                counter!(CONFLICTS).increment(1);
                counter!(REPLAYS).increment(u64::try_from(*replayed).unwrap_or(u64::MAX));
            }
            _ => counter!(EVENTS, "event" => name).increment(1),
        }
    }

    fn store_call(&self, call: &StoreCall) {
        let (operation, result) =
            (call.operation.name(), if call.failed { "failed" } else { "ok" });
        histogram!(SECONDS, "operation" => operation, "result" => result).record(call.took);
        histogram!(BATCH, "operation" => operation).record(call.batch as f64);
    }
}
