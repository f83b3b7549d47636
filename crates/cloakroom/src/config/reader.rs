//! Reads values and gathers what is wrong.

use std::str::FromStr;
use std::time::Duration;

use super::{Mistake, Setting, Settings};

/// Reads values and gathers what is wrong.
pub(super) struct Reader<'a> {
    pub(super) settings: &'a Settings,
    pub(super) mistakes: Vec<Mistake>,
}

impl Reader<'_> {
    pub(super) fn text(&self, setting: Setting) -> Option<String> {
        self.settings.get(setting).map(str::to_owned)
    }

    pub(super) fn one_of<T: Copy>(&mut self, setting: Setting, values: &[(&str, T)]) -> Option<T> {
        self.read(setting, |text| {
            values.iter().find(|(name, _)| *name == text).map(|(_, value)| *value)
        })
    }

    pub(super) fn truth(&mut self, setting: Setting) -> Option<bool> {
        self.one_of(setting, &[("true", true), ("false", false), ("1", true), ("0", false)])
    }

    pub(super) fn duration(&mut self, setting: Setting) -> Option<Duration> {
        self.read(setting, duration)
    }

    pub(super) fn duration_or_off(&mut self, setting: Setting) -> Option<Option<Duration>> {
        self.read(setting, |text| match text {
            "off" => Some(None),
            text => duration(text).map(Some),
        })
    }

    pub(super) fn number<T: FromStr>(
        &mut self,
        setting: Setting,
        fits: fn(&T) -> bool,
    ) -> Option<T> {
        self.read(setting, |text| text.parse().ok().filter(fits))
    }

    /// `None` also where it is off.
    pub(super) fn number_or_off(
        &mut self,
        setting: Setting,
        fits: fn(&usize) -> bool,
    ) -> Option<usize> {
        if self.settings.get(setting) == Some("off") {
            return None;
        }
        self.number(setting, fits)
    }

    pub(super) fn size(&mut self, setting: Setting) -> Option<usize> {
        self.read(setting, |text| {
            let units = [("KiB", 1024), ("MiB", 1024 * 1024)];
            let unit =
                units.iter().find_map(|(name, size)| Some((text.strip_suffix(name)?, *size)));
            let (number, size) = unit.unwrap_or((text, 1));
            number.trim().parse::<usize>().ok()?.checked_mul(size).filter(|bytes| *bytes > 0)
        })
    }

    pub(super) fn read<T>(
        &mut self,
        setting: Setting,
        parse: impl FnOnce(&str) -> Option<T>,
    ) -> Option<T> {
        let value = parse(self.settings.get(setting)?);
        if value.is_none() {
            self.unfit(setting);
        }
        value
    }

    pub(super) fn unfit(&mut self, setting: Setting) {
        let got = self.settings.get(setting).unwrap_or_default();
        self.mistakes.push(Mistake::value(setting, got));
    }

    pub(super) fn wrong(&mut self, setting: Setting, message: String) {
        self.mistakes.push(Mistake::new(setting, message));
    }
}

/// Reads a time; one without a unit is none.
pub(super) fn duration(text: &str) -> Option<Duration> {
    humantime::parse_duration(text).ok()
}
