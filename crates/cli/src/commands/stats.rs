//! `stats`: how many sessions there are, how old, how large.

use std::io::{self, Write};
use std::num::NonZeroU32;
use std::time::Duration;

use cloakroom::{Clock as _, Entry, Sessions, Status, SystemClock, Timestamp};
use serde::Serialize;

use crate::output::STRONG;
use crate::{Failure, Progress, Report};

/// How many records are looked at together.
const PAGE: NonZeroU32 = NonZeroU32::new(500).unwrap();

const HOUR: u64 = 3_600;
const DAY: u64 = 24 * HOUR;

/// The ages that are told apart, each up to so many seconds.
const AGES: [(&str, u64); 5] =
    [("1h", HOUR), ("1d", DAY), ("7d", 7 * DAY), ("30d", 30 * DAY), ("older", u64::MAX)];

/// What there is in the store, counted.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Stats {
    /// Live sessions of users.
    pub signed_in: u64,
    /// Live sessions of visitors who are not signed in.
    pub visitors: u64,
    /// Records that are over and not swept yet.
    pub expired: u64,
    /// Pointers that renewals have left.
    pub pointers: u64,
    /// Records that cannot be read.
    pub unreadable: u64,
    /// Bytes that the contents of live sessions take together.
    pub bytes: u64,
    /// The largest content, in bytes.
    pub largest: u64,
    /// Live sessions by the time since they began.
    pub by_age: Vec<AgeGroup>,
    /// Live sessions by the time since their last activity.
    pub by_idleness: Vec<AgeGroup>,
}

/// Sessions of about the same age.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct AgeGroup {
    /// The age that they have not reached: `1h`, `1d`, `7d`, `30d`, or they are `older`.
    pub up_to: &'static str,
    /// How many they are.
    pub sessions: u64,
}

/// Counts all records. Memory for one page is enough, however many there are; a store that is written meanwhile is counted
/// about right.
///
/// # Errors
///
/// [`Failure::Sessions`] if the store fails or cannot be walked over, or sessions travel in the cookie.
pub async fn stats(sessions: &Sessions, progress: &Progress) -> Result<Stats, Failure> {
    let (mut stats, mut next, mut seen) = (Stats::empty(), None, 0);
    loop {
        let page = sessions.entries(next.as_ref(), PAGE).await?;
        let now = SystemClock.now();
        page.entries.iter().for_each(|entry| stats.count(entry, now));
        seen += page.entries.len() as u64;
        progress.at(seen);
        next = page.next;
        if next.is_none() {
            return Ok(stats);
        }
    }
}

impl Stats {
    fn empty() -> Self {
        let groups = || AGES.map(|(up_to, _)| AgeGroup { up_to, sessions: 0 }).to_vec();
        Self { by_age: groups(), by_idleness: groups(), ..Self::default() }
    }

    fn count(&mut self, entry: &Entry, now: Timestamp) {
        match entry.status {
            Status::Live => {}
            Status::Expired => return self.expired += 1,
            Status::Moved { .. } => return self.pointers += 1,
            _ => return self.unreadable += 1,
        }
        match entry.info.user {
            Some(_) => self.signed_in += 1,
            None => self.visitors += 1,
        }
        let bytes = entry.bytes as u64;
        self.bytes += bytes;
        self.largest = self.largest.max(bytes);
        count_age(&mut self.by_age, now.since(entry.info.created_at));
        count_age(&mut self.by_idleness, now.since(entry.info.active_at));
    }

    /// Live sessions.
    #[must_use]
    pub const fn live(&self) -> u64 {
        self.signed_in + self.visitors
    }
}

fn count_age(groups: &mut [AgeGroup], age: Duration) {
    let place = AGES.iter().position(|(_, seconds)| age.as_secs() < *seconds);
    if let Some(group) = place.and_then(|place| groups.get_mut(place)) {
        group.sessions += 1;
    }
}

impl Report for Stats {
    fn write(&self, out: &mut dyn Write) -> io::Result<()> {
        let live = self.live();
        writeln!(out, "{STRONG}{live} sessions{STRONG:#}")?;
        let mut line = |name: &str, count: u64| writeln!(out, "  {name:<24} {count:>12}");
        line("signed in", self.signed_in)?;
        line("visitors", self.visitors)?;
        line("bytes of content", self.bytes)?;
        line("on average", self.bytes.checked_div(live).unwrap_or(0))?;
        line("the largest", self.largest)?;
        for (title, groups) in [("began", &self.by_age), ("last active", &self.by_idleness)] {
            writeln!(out, "{STRONG}{title}{STRONG:#}")?;
            for AgeGroup { up_to, sessions } in groups {
                let name = match *up_to {
                    "older" => "longer ago".to_owned(),
                    age => format!("less than {age} ago"),
                };
                writeln!(out, "  {name:<24} {sessions:>12}")?;
            }
        }
        writeln!(out, "{STRONG}beside them{STRONG:#}")?;
        let mut line = |name: &str, count: u64| writeln!(out, "  {name:<24} {count:>12}");
        line("expired, not swept", self.expired)?;
        line("pointers of renewals", self.pointers)?;
        line("unreadable", self.unreadable)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_age_falls_into_one_group() {
        let mut groups = Stats::empty().by_age;
        for seconds in [0, HOUR - 1, HOUR, DAY - 1, DAY, 30 * DAY, 999 * DAY] {
            count_age(&mut groups, Duration::from_secs(seconds));
        }
        let counts: Vec<_> = groups.iter().map(|group| group.sessions).collect();
        assert_eq!(counts, [2, 2, 1, 0, 2]);
    }
}
