//! How long sessions live: the application's limits, one session's own, and the deadlines that follow.

use std::time::Duration;

use crate::{ConfigError, Record, Timestamp};

/// Limits of one session, set by [`Session::set_lifetime`](crate::Session::set_lifetime); kept in its record.
///
/// `None` leaves the application's limit in force.
///
/// ```
/// # use cloakroom_core::{Error, Lifetime, Session};
/// use std::time::Duration;
///
/// const DAY: Duration = Duration::from_secs(86_400);
///
/// fn remember_me(session: &Session) -> Result<(), Error> {
///     session.set_lifetime(Lifetime { idle: Some(14 * DAY), absolute: Some(90 * DAY) })
/// }
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Lifetime {
    /// The session ends after this time without activity.
    pub idle: Option<Duration>,
    /// The session ends this long after it began, active or not. Makes the cookie persistent: it gets a `Max-Age`.
    pub absolute: Option<Duration>,
}

/// The application's limits.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    pub(crate) idle: Duration,
    pub(crate) absolute: Option<Duration>,
    pub(crate) renewal: Option<Duration>,
    pub(crate) renewal_grace: Duration,
    /// Part of the idle time that may pass before activity is written down again: one in so many.
    pub(crate) touch_after: f64,
}

/// Longest life of a cookie that browsers accept (RFC 6265bis, section 5.5), and of a session that travels in one,
/// counted from its last activity.
pub(crate) const LONGEST_COOKIE: Duration = Duration::from_secs(400 * 86_400);

impl Limits {
    pub(crate) const DEFAULT: Self = Self {
        idle: Duration::from_secs(120 * 60),
        absolute: Some(Duration::from_secs(30 * 86_400)),
        renewal: None,
        renewal_grace: Duration::from_secs(60),
        touch_after: 0.1,
    };

    pub(crate) fn check(&self) -> Result<(), ConfigError> {
        let timeout = |setting, got: Duration, rule| {
            Err(ConfigError::Timeout { setting, got_ms: got.as_millis(), rule })
        };
        if self.idle < Duration::from_secs(1) {
            return timeout("idle_timeout", self.idle, "at least 1000 ms");
        }
        if let Some(absolute) = self.absolute.filter(|absolute| *absolute < self.idle) {
            return timeout("absolute_timeout", absolute, "at least the idle timeout");
        }
        if let Some(renewal) = self.renewal.filter(|renewal| *renewal <= self.renewal_grace) {
            return timeout("renewal_timeout", renewal, "longer than the renewal grace");
        }
        if self.renewal_grace > Duration::from_secs(600) {
            return timeout("renewal_grace", self.renewal_grace, "at most 600000 ms");
        }
        Ok(())
    }

    /// Returns when the session ends, whatever happens.
    pub(crate) fn absolute_deadline(&self, created: Timestamp, own: Lifetime) -> Timestamp {
        own.absolute.or(self.absolute).map_or(Timestamp::MAX, |life| created.plus(life))
    }

    /// Returns when the session ends if nothing happens after `active`.
    pub(crate) fn deadline(
        &self,
        created: Timestamp,
        active: Timestamp,
        own: Lifetime,
    ) -> Timestamp {
        let idle = active.plus(own.idle.unwrap_or(self.idle));
        idle.min(self.absolute_deadline(created, own))
    }

    /// Tells whether the record is dead at `now`: by what was written down, or by limits that have become shorter
    /// since.
    pub(crate) fn is_over(&self, record: &Record, own: Lifetime, now: Timestamp) -> bool {
        now >= record.expires_at.min(self.deadline(record.created_at, record.active_at, own))
    }

    /// Tells whether so much idle time has passed that activity must be written down.
    pub(crate) fn touch_due(&self, record: &Record, own: Lifetime, now: Timestamp) -> bool {
        let idle = own.idle.unwrap_or(self.idle);
        // Not `mul_f64`, which rounds to the nanosecond at some length.
        now.since(record.active_at).as_secs_f64() >= idle.as_secs_f64() * self.touch_after
            && self.deadline(record.created_at, now, own) > record.expires_at
    }

    /// Tells whether the token is so old that the session should get a new one.
    pub(crate) fn renewal_due(&self, renewed: Timestamp, now: Timestamp) -> bool {
        self.renewal.is_some_and(|after| now.since(renewed) >= after)
    }

    /// Returns the `Max-Age` of a persistent cookie: until the absolute deadline, as no response but the one that
    /// gives a token ever sets the cookie. The server judges idleness by itself.
    pub(crate) fn cookie_age(&self, created: Timestamp, own: Lifetime, now: Timestamp) -> Duration {
        self.absolute_deadline(created, own).since(now).min(LONGEST_COOKIE)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Id, Payload, Version};

    const SECOND: Duration = Duration::from_secs(1);
    const START: Timestamp = Timestamp::from_millis(1_000_000);

    fn limits() -> Limits {
        Limits { idle: 100 * SECOND, absolute: Some(150 * SECOND), ..Limits::DEFAULT }
    }

    fn record(active: Timestamp) -> Record {
        Record {
            id: Id::from_bytes([1; 16]),
            version: Version::FIRST,
            user: None,
            created_at: START,
            active_at: active,
            expires_at: limits().deadline(START, active, Lifetime::default()),
            payload: Payload::default(),
        }
    }

    fn over(active: u32, now: Duration) -> bool {
        limits().is_over(&record(START.plus(active * SECOND)), Lifetime::default(), START.plus(now))
    }

    #[test]
    fn the_idle_deadline_is_exact_to_the_millisecond() {
        assert!(!over(0, Duration::from_millis(99_999)));
        assert!(over(0, 100 * SECOND));
    }

    #[test]
    fn activity_does_not_move_the_absolute_deadline() {
        assert!(!over(140, Duration::from_millis(149_999)));
        assert!(over(140, 150 * SECOND));
    }

    #[test]
    fn limits_that_became_shorter_hold_at_once() {
        let shorter = Limits { idle: 10 * SECOND, ..limits() };
        assert!(shorter.is_over(&record(START), Lifetime::default(), START.plus(10 * SECOND)));
    }

    #[test]
    fn a_touch_is_due_after_a_tenth_of_the_idle_time_and_never_past_the_absolute_deadline() {
        let due = |active: u32, now: u32| {
            let record = record(START.plus(active * SECOND));
            limits().touch_due(&record, Lifetime::default(), START.plus(now * SECOND))
        };
        assert!(!due(0, 9));
        assert!(due(0, 10));
        assert!(!due(60, 80));
    }

    #[test]
    fn a_cookie_lives_at_most_400_days() {
        let forever = Limits { absolute: None, ..limits() };
        assert_eq!(forever.cookie_age(START, Lifetime::default(), START), LONGEST_COOKIE);
    }
}
