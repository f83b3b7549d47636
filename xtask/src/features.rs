//! Each feature of the facade compiles by itself, without a warning, and so does none at all.

use anyhow::{Context as _, Result};
use serde_json::Value;
use xshell::{Shell, cmd};

const FACADE: &str = "cloakroom";

/// Checks the facade with no feature, then with each one alone.
pub(crate) fn check(shell: &Shell) -> Result<()> {
    cmd!(shell, "cargo clippy --package {FACADE} --no-default-features -- -D warnings").run()?;
    for feature in features(shell)? {
        cmd!(
            shell,
            "cargo clippy --package {FACADE} --no-default-features --features {feature} -- -D warnings"
        )
        .run()?;
    }
    Ok(())
}

fn features(shell: &Shell) -> Result<Vec<String>> {
    let metadata = cmd!(shell, "cargo metadata --no-deps --format-version 1").quiet().read()?;
    let metadata: Value = serde_json::from_str(&metadata)?;
    let features = metadata["packages"]
        .as_array()
        .and_then(|packages| packages.iter().find(|package| package["name"] == FACADE))
        .and_then(|package| package["features"].as_object())
        .with_context(|| format!("no package {FACADE} in the workspace"))?;
    Ok(features.keys().cloned().collect())
}
