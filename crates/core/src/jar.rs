//! What a response does to the cookies that the browser holds.

use http::HeaderValue;

use crate::arrival::Arrival;
use crate::carried::{MOST_PARTS, part_name};
use crate::payload::Extras;
use crate::place::Place;
use crate::sessions::Inner;
use crate::state::CookieChange;
use crate::{Record, Timestamp};

/// The browser's cookies of ours, as far as the request showed them.
pub(crate) struct Jar<'a> {
    pub(crate) sessions: &'a Inner,
    pub(crate) arrival: &'a Arrival,
}

/// A cookie's name and its `Set-Cookie` line.
type Line = (String, HeaderValue);

impl Jar<'_> {
    /// Returns the lines that carry out `change`, and that bring a copy of `copied`.
    pub(crate) fn lines(&self, change: Option<CookieChange>, copied: Option<Record>) -> Vec<Line> {
        let writer = &self.sessions.cookie;
        let name = || writer.name().to_owned();
        let mut lines = Vec::new();
        match change {
            None => {}
            Some(CookieChange::Set { token, created_at, extras }) => {
                let age = self.age(created_at, &extras);
                lines.push((name(), writer.set(&token.encode(), age)));
            }
            Some(CookieChange::Carry { parts, created_at, extras }) => {
                let age = self.age(created_at, &extras);
                for (part, value) in (0..).zip(&parts) {
                    let name = part_name(writer.name(), part);
                    let line = writer.set_as(&name, value, age);
                    lines.push((name, line));
                }
                let held = u8::try_from(parts.len()).unwrap_or(MOST_PARTS);
                self.remove_parts(held, &mut lines);
            }
            Some(CookieChange::Remove) => {
                lines.push((name(), writer.remove()));
                self.remove_parts(1, &mut lines);
                self.remove_copy(&mut lines);
            }
        }
        if let (Some(record), Place::Store(stored)) = (copied, &self.sessions.place)
            && let Some(copy) = &stored.copy
        {
            match copy.write(&record, self.sessions.clock.now()) {
                Some(value) => {
                    let line = writer.set_as(copy.name(), &value, Some(copy.life()));
                    lines.push((copy.name().to_owned(), line));
                }
                // An older one must not hide what is new.
                None => self.remove_copy(&mut lines),
            }
        }
        lines
    }

    /// Returns the `Max-Age`, for a cookie that outlives the browser.
    fn age(&self, created_at: Timestamp, extras: &Extras) -> Option<std::time::Duration> {
        let kept = self.sessions.cookie.persistent() || extras.lifetime.absolute.is_some();
        let now = self.sessions.clock.now();
        kept.then(|| self.sessions.settings.limits.cookie_age(created_at, extras.lifetime, now))
    }

    /// Removes the parts of a longer session that the browser still holds.
    fn remove_parts(&self, from: u8, lines: &mut Vec<Line>) {
        if !matches!(self.sessions.place, Place::Cookie(_)) {
            return;
        }
        for part in from..MOST_PARTS {
            let name = part_name(self.sessions.cookie.name(), part);
            if self.arrival.first(&name).is_some() {
                let line = self.sessions.cookie.remove_as(&name);
                lines.push((name, line));
            }
        }
    }

    fn remove_copy(&self, lines: &mut Vec<Line>) {
        if let Place::Store(stored) = &self.sessions.place
            && let Some(copy) = &stored.copy
            && self.arrival.first(copy.name()).is_some()
        {
            lines.push((copy.name().to_owned(), self.sessions.cookie.remove_as(copy.name())));
        }
    }
}
