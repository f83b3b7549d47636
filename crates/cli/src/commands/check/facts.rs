//! What risks are judged by: values, without any secret.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::time::Duration;

use cloakroom::{Secret, Setting, Settings};

/// What is known of an application.
#[derive(Clone, Debug, Default)]
pub(super) struct Facts {
    /// The text of each setting, defaults included; of those that hold secrets what may be shown.
    pub(super) values: BTreeMap<Setting, String>,
    pub(super) secrets: Vec<SecretFacts>,
    /// What the store's address asks for that does not show: `sslmode`, for one.
    pub(super) is_verified: bool,
    /// Files that others than their owner can read.
    pub(super) open_files: Vec<String>,
    /// What a Redis server says of itself.
    pub(super) server: BTreeMap<String, String>,
}

/// A secret, by what can be told of it.
#[derive(Clone, Copy, Debug)]
pub(super) struct SecretFacts {
    pub(super) key: u8,
    /// How many bits of chance it holds at most.
    pub(super) most_bits: u32,
}

impl Facts {
    pub(super) fn gather(
        settings: &Settings,
        secrets: &[Secret],
        server: BTreeMap<String, String>,
    ) -> Self {
        let value =
            |setting: Setting| settings.shown(setting).unwrap_or_else(|| setting.default_text());
        let values = Setting::ALL.iter().map(|&setting| (setting, value(setting))).collect();
        let store = settings.get(Setting::Store).unwrap_or_default();
        let sqlite =
            store.strip_prefix("sqlite:").map(|path| path.strip_prefix("//").unwrap_or(path));
        let files = [sqlite, settings.get(Setting::SecretFile)];
        let open_files = files.into_iter().flatten().filter(|path| is_open(Path::new(path)));
        Self {
            values,
            secrets: secrets
                .iter()
                .map(|secret| SecretFacts { key: secret.key_id(), most_bits: secret.most_bits() })
                .collect(),
            is_verified: store.contains("sslmode=verify-full"),
            open_files: open_files.map(str::to_owned).collect(),
            server,
        }
    }

    pub(super) fn get(&self, setting: Setting) -> &str {
        self.values.get(&setting).map_or("", String::as_str)
    }

    pub(super) fn is(&self, setting: Setting, value: &str) -> bool {
        self.get(setting) == value
    }

    /// A switch that may be written in two ways.
    pub(super) fn is_on(&self, setting: Setting) -> bool {
        matches!(self.get(setting), "true" | "1")
    }

    pub(super) fn is_off(&self, setting: Setting) -> bool {
        matches!(self.get(setting), "false" | "0")
    }

    /// `None` where it is off.
    pub(super) fn time(&self, setting: Setting) -> Option<Duration> {
        humantime::parse_duration(self.get(setting)).ok()
    }
}

/// Tells whether others than its owner can read a file.
#[cfg(unix)]
fn is_open(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    fs::metadata(path).is_ok_and(|metadata| metadata.permissions().mode() & 0o077 != 0)
}

#[cfg(not(unix))]
fn is_open(path: &Path) -> bool {
    // Who may read it stands somewhere else.
    let _ = fs::metadata(path);
    false
}
