//! A point in time, as pages write it.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// Milliseconds since 1970, shown to the minute in UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Moment(i64);

impl Moment {
    /// Returns the present moment.
    #[must_use]
    pub fn now() -> Self {
        Self(Timestamp::now().as_millisecond())
    }

    /// Returns the moment so many milliseconds after 1970.
    #[must_use]
    pub fn from_millis(millis: i64) -> Self {
        Self(millis)
    }

    /// Returns how many milliseconds after 1970 it is.
    #[must_use]
    pub fn millis(self) -> i64 {
        self.0
    }

    /// Returns it as the `datetime` of a `<time>` element.
    #[must_use]
    pub fn machine_readable(&self) -> String {
        self.format("%Y-%m-%dT%H:%MZ")
    }

    fn format(self, pattern: &str) -> String {
        // Out of range after the year 9999: no lifetime lasts until then.
        let timestamp = Timestamp::from_millisecond(self.0).unwrap_or(Timestamp::MAX);
        timestamp.strftime(pattern).to_string()
    }
}

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.format("%-d %B %Y, %H:%M UTC"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_reads_well_for_people_and_machines() {
        let moment = Moment::from_millis(1_700_000_000_000);
        assert_eq!(moment.to_string(), "14 November 2023, 22:13 UTC");
        assert_eq!(moment.machine_readable(), "2023-11-14T22:13Z");
    }
}
