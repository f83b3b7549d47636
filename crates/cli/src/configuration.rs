//! Where the tool gets its settings from: as the application does, or from a file.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use clap::Args;
use cloakroom::{Moving, Sessions, Setting, Settings};
use serde::Serialize;

use crate::commands::keygen;
use crate::{Address, Failure};

/// Where the settings come from, as flags of a command.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Settings")]
pub struct Configuration {
    /// Where sessions are kept, in place of `SESSION_STORE`; with a password in it `env:NAME`, the variable that holds it
    #[arg(long, global = true, value_name = "ADDRESS")]
    store: Option<Address>,
    /// A TOML or JSON file with settings, in its table `session` or all of it; the environment goes first
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    /// While the application changes its store: the store that sessions come from
    #[arg(long, global = true, value_name = "ADDRESS")]
    moving_from: Option<Address>,
}

/// Where the value of a setting came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Origin {
    /// The command line.
    CommandLine,
    /// The environment.
    Environment,
    /// The file.
    File,
    /// Nowhere: the default holds.
    Default,
}

/// Where each setting that is set came from.
pub type Origins = BTreeMap<Setting, Origin>;

/// Whether a command needs the application's secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Need {
    /// It looks at cookies.
    Secret,
    /// It looks at the store alone; without a secret one is made up.
    Store,
}

impl Configuration {
    /// Reads all settings, and tells where each came from: the command line before the environment before the file.
    ///
    /// # Errors
    ///
    /// [`Failure`] if the file cannot be read or has settings that are none.
    pub fn settings(&self) -> Result<(Settings, Origins), Failure> {
        let environment = Settings::from_env();
        let file = self.config.as_deref().map(read).transpose()?.unwrap_or_default();
        let mut origins = Origins::new();
        for &setting in Setting::ALL {
            let origin = match (environment.get(setting), file.get(setting)) {
                (Some(_), _) => Origin::Environment,
                (None, Some(_)) => Origin::File,
                (None, None) => continue,
            };
            origins.insert(setting, origin);
        }
        let mut settings = environment.or_all(file);
        if let Some(store) = &self.store {
            settings = settings.set(Setting::Store, store.resolve()?.as_str());
            origins.insert(Setting::Store, Origin::CommandLine);
        }
        Ok((settings, origins))
    }

    /// Tells whether the store removes what has expired by itself, so that nobody need sweep.
    pub(crate) fn expires_by_itself(&self) -> Result<bool, Failure> {
        let (settings, _) = self.settings()?;
        let store = settings.get(Setting::Store).unwrap_or_default();
        let is_redis = store.starts_with("redis") || store.starts_with("valkey");
        Ok(is_redis && self.moving_from.is_none())
    }

    /// Opens the sessions of the application.
    pub(crate) async fn sessions(&self, need: Need) -> Result<Sessions, Failure> {
        let (mut settings, _) = self.settings()?;
        let has_secret = [Setting::Secret, Setting::SecretFile]
            .iter()
            .any(|&setting| settings.get(setting).is_some());
        if need == Need::Store && !has_secret {
            // Who only looks after the store need not know it.
            settings = settings.set(Setting::Secret, keygen()?.as_str());
        }
        let Some(old) = &self.moving_from else { return Ok(settings.open().await?) };
        let new = settings.open_store().await?;
        let old = Settings::default().set(Setting::Store, old.resolve()?.as_str());
        let old = old.open_store().await?;
        let (Some(old), Some(new)) = (old, new) else {
            return Err(Failure::usage("sessions that travel in the cookie do not move"));
        };
        // Nothing that is done here moves a session.
        let builder = settings.builder_on(Moving::prepare(old, new))?;
        builder.build().map_err(|error| Failure::usage(error.to_string()))
    }
}

/// Reads a file, by its ending.
fn read(path: &Path) -> Result<Settings, Failure> {
    let shown = path.display();
    let text = fs::read_to_string(path).map_err(|source| Failure::Io {
        what: format!("the file {shown} cannot be read"),
        source,
    })?;
    let is_json = path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("json"));
    let read = if is_json { from_json(&text) } else { from_toml(&text) };
    // What a parser says may quote the line, and with it a secret; so only what it says of keys.
    read.map_err(|why| Failure::usage(format!("the file {shown} is not understood: {why}")))
}

fn from_json(text: &str) -> Result<Settings, String> {
    let mut whole: serde_json::Value = serde_json::from_str(text)
        .map_err(|error| format!("no JSON at line {}, column {}", error.line(), error.column()))?;
    let part = match whole.get_mut("session") {
        Some(part) if part.is_object() => part.take(),
        _ => whole,
    };
    serde_json::from_value(part).map_err(|error| error.to_string())
}

fn from_toml(text: &str) -> Result<Settings, String> {
    let mut whole: toml::Table =
        toml::from_str(text).map_err(|error| format!("no TOML{}", place(text, &error)))?;
    let part = match whole.remove("session") {
        Some(toml::Value::Table(part)) => part,
        Some(other) => {
            whole.insert("session".to_owned(), other);
            whole
        }
        None => whole,
    };
    toml::Value::Table(part).try_into().map_err(|error: toml::de::Error| error.message().to_owned())
}

/// In which line.
fn place(text: &str, error: &toml::de::Error) -> String {
    let line = |span: std::ops::Range<usize>| 1 + text[..span.start].matches('\n').count();
    error.span().map_or_else(String::new, |span| format!(" at line {}", line(span)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_files_settings_stand_in_their_table_or_alone() {
        for settings in [
            from_toml("port = 8080\n[session]\nstore = \"memory:\""),
            from_toml("store = \"memory:\""),
            from_json(r#"{"port": 1, "session": {"store": "memory:"}}"#),
            from_json(r#"{"store": "memory:"}"#),
        ] {
            assert_eq!(settings.unwrap().get(Setting::Store), Some("memory:"));
        }
    }

    #[test]
    fn what_is_wrong_with_a_file_is_told_without_its_secrets() {
        let broken = from_toml("store = \"memory:\"\nsecret = \"hunter2").unwrap_err();
        assert_eq!(broken, "no TOML at line 2");
        let broken = from_json("{\"secret\": \"hunter2\",\n}").unwrap_err();
        assert!(broken.contains("line 2") && !broken.contains("hunter2"), "{broken}");
        let unknown = from_toml("[session]\nsecrett = \"hunter2\"").unwrap_err();
        assert!(unknown.contains("unknown field `secrett`"), "{unknown}");
        assert!(!unknown.contains("hunter2"));
    }
}
