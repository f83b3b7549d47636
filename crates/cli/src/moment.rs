//! Instants and times, for people and for programs.

use std::time::{Duration, UNIX_EPOCH};

use cloakroom::Timestamp;
use serde::Serializer;

/// The last instant that has four digits for its year.
const LAST: i64 = 253_402_300_799_000;

/// Returns an instant as in RFC 3339, in UTC, to the second.
pub(crate) fn text(instant: Timestamp) -> String {
    let millis = instant.as_millis();
    match u64::try_from(millis) {
        Ok(after) if millis <= LAST => {
            humantime::format_rfc3339_seconds(UNIX_EPOCH + Duration::from_millis(after)).to_string()
        }
        Ok(_) => "never".to_owned(),
        Err(_) => "before 1970".to_owned(),
    }
}

/// Returns a time in its two largest units.
pub(crate) fn span(time: Duration) -> String {
    let whole = humantime::format_duration(Duration::from_secs(time.as_secs())).to_string();
    whole.split(' ').take(2).collect::<Vec<_>>().join(" ")
}

/// Serializes an instant as text.
pub(crate) fn as_text<S: Serializer>(instant: &Timestamp, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_str(&text(*instant))
}

/// Serializes an instant as text, if there is one.
pub(crate) fn as_maybe_text<S: Serializer>(
    instant: &Option<Timestamp>,
    to: S,
) -> Result<S::Ok, S::Error> {
    match instant {
        Some(instant) => to.serialize_some(&text(*instant)),
        None => to.serialize_none(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_instant_has_a_text() {
        for (millis, expected) in [
            (0, "1970-01-01T00:00:00Z"),
            (1_780_000_000_999, "2026-05-28T20:26:40Z"),
            (LAST, "9999-12-31T23:59:59Z"),
            (LAST + 1, "never"),
            (i64::MAX, "never"),
            (i64::MIN, "before 1970"),
        ] {
            assert_eq!(text(Timestamp::from_millis(millis)), expected);
        }
    }

    #[test]
    fn a_time_has_two_units() {
        assert_eq!(span(Duration::from_millis(90_061_500)), "1day 1h");
        assert_eq!(span(Duration::from_secs(59)), "59s");
        assert_eq!(span(Duration::ZERO), "0s");
    }
}
