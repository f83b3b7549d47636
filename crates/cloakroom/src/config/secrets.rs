//! The secrets: from a variable or from a file, and what happens where there is none.

use std::fs;
use std::path::Path;

use zeroize::Zeroizing;

use super::{Env, Mistake, Setting, Settings};
use crate::{ConfigError, Secret};

/// Returns the secrets of the settings, at least one.
pub(super) fn read(settings: &Settings, env: Env) -> Result<Vec<Secret>, Vec<Mistake>> {
    let given = match (settings.get(Setting::Secret), settings.get(Setting::SecretFile)) {
        (Some(_), Some(path)) => {
            let message = format!("is {path:?}, and SESSION_SECRET is set too: give one of them");
            return Err(vec![Mistake::new(Setting::SecretFile, message)]);
        }
        (Some(text), None) => check(Setting::Secret, text.split(',')),
        (None, Some(path)) => {
            let text = from_file(Path::new(path)).map_err(|mistake| vec![mistake])?;
            check(Setting::SecretFile, text.lines())
        }
        (None, None) => Err(vec![Mistake::new(
            Setting::Secret,
            format!("is not set, and it takes {}{HOW}", Setting::Secret.takes()),
        )]),
    };
    match (given, env) {
        (Err(mistakes), Env::Development) => {
            let made = Secret::generate().map_err(|error| {
                vec![Mistake::new(Setting::Secret, format!("could not be made up: {error}"))]
            })?;
            let why = mistakes.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ");
            tracing::warn!(
                target: "cloakroom::config",
                why,
                "a secret was made up for development: all sessions end with this process"
            );
            Ok(vec![made])
        }
        (given, _) => given,
    }
}

const HOW: &str = "; make one with `openssl rand -base64 48`";

fn check<'a>(
    setting: Setting,
    texts: impl Iterator<Item = &'a str>,
) -> Result<Vec<Secret>, Vec<Mistake>> {
    let texts: Vec<_> = texts.map(str::trim).filter(|text| !text.is_empty()).collect();
    let (mut secrets, mut mistakes) = (Vec::new(), Vec::new());
    for (n, text) in texts.iter().enumerate() {
        let which = format!("has {} secrets, of which number {}", texts.len(), n + 1);
        match Secret::new(text) {
            Ok(secret) => secrets.push(secret),
            Err(ConfigError::SecretTooShort { got, needed }) => {
                let message = format!("{which} has {got} bytes and needs {needed}{HOW}");
                mistakes.push(Mistake::new(setting, message));
            }
            Err(_) => {
                let message = format!("{which} is an example or repeats itself{HOW}");
                mistakes.push(Mistake::new(setting, message));
            }
        }
    }
    if texts.is_empty() {
        let message = format!("has no secret in it, and it takes {}{HOW}", setting.takes());
        mistakes.push(Mistake::new(setting, message));
    }
    if mistakes.is_empty() { Ok(secrets) } else { Err(mistakes) }
}

fn from_file(path: &Path) -> Result<Zeroizing<String>, Mistake> {
    let wrong = |message| Mistake::new(Setting::SecretFile, message);
    if let Some(metadata) = fs::metadata(path).ok().filter(fs::Metadata::is_file) {
        match openness(&metadata) {
            Openness::Writable => {
                let message = format!("is {path:?}, and everybody may write to it: `chmod 600` it");
                return Err(wrong(message));
            }
            Openness::Readable => tracing::warn!(
                target: "cloakroom::config",
                path = %path.display(),
                "the file with the session secrets can be read by others than its owner"
            ),
            Openness::Private => {}
        }
    }
    let text = fs::read_to_string(path);
    let text = text.map_err(|error| wrong(format!("is {path:?}, which cannot be read: {error}")));
    text.map(Zeroizing::new)
}

/// Who else than its owner can do what with a file.
enum Openness {
    Private,
    Readable,
    Writable,
}

#[cfg(unix)]
fn openness(metadata: &fs::Metadata) -> Openness {
    let mode = std::os::unix::fs::PermissionsExt::mode(&metadata.permissions());
    match mode {
        _ if mode & 0o002 != 0 => Openness::Writable,
        _ if mode & 0o077 != 0 => Openness::Readable,
        _ => Openness::Private,
    }
}

#[cfg(not(unix))]
fn openness(_: &fs::Metadata) -> Openness {
    Openness::Private
}
