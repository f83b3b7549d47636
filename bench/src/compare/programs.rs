//! The binaries of the systems, built in release by cargo.

use std::{
    collections::HashMap,
    env,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use anyhow::{Context, Result, ensure};
use serde::Deserialize;

use super::measured::{Home, Measured};

/// Where each binary is.
#[derive(Debug)]
pub(super) struct Programs(HashMap<String, PathBuf>);

impl Programs {
    /// Builds the workspaces that `systems` need.
    pub(super) fn build(systems: &[Measured]) -> Result<Self> {
        let mut programs = HashMap::new();
        for home in [Home::Contenders, Home::Peers] {
            if systems.iter().any(|system| system.home() == home) {
                programs.extend(build(home)?);
            }
        }
        Ok(Self(programs))
    }

    /// A command that serves `system`.
    pub(super) fn server(&self, system: Measured) -> Result<Command> {
        Ok(Command::new(self.path(system.home().binary())?))
    }

    /// The program that calls `system` in process, to have its instructions counted.
    pub(super) fn instructions(&self, system: Measured) -> Result<&Path> {
        self.path(&format!("{}-instructions", system.home().binary()))
    }

    /// The program that calls `system` in process and counts allocations.
    pub(super) fn allocations(&self, system: Measured) -> Result<&Path> {
        self.path(&format!("{}-allocations", system.home().binary()))
    }

    fn path(&self, name: &str) -> Result<&Path> {
        let path = self.0.get(name).with_context(|| format!("cargo built no binary `{name}`"))?;
        Ok(path)
    }
}

/// The part of one of cargo's messages that tells of a binary.
#[derive(Debug, Deserialize)]
struct Artifact {
    target: Target,
    executable: Option<PathBuf>,
}

#[derive(Debug, Deserialize)]
struct Target {
    name: String,
}

fn build(home: Home) -> Result<HashMap<String, PathBuf>> {
    let folder = env::var_os("CARGO_MANIFEST_DIR")
        .context("start this by `cargo run --release -p bench --bin compare`")?;
    let manifest = Path::new(&folder).join(home.manifest());
    let binary = home.binary();
    let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    if let (Home::Peers, Some(target)) = (home, env::var_os("CARGO_TARGET_DIR")) {
        // Two workspaces in one folder would each build again what the other built.
        cargo.env("CARGO_TARGET_DIR", Path::new(&target).join(binary));
    }
    let output = cargo
        .args(["build", "--release", "--message-format=json-render-diagnostics"])
        .arg("--manifest-path")
        .arg(&manifest)
        .args(["--bin", binary])
        .args(["--bin", &format!("{binary}-instructions")])
        .args(["--bin", &format!("{binary}-allocations")])
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output()
        .context("cannot run cargo")?;
    ensure!(output.status.success(), "cargo could not build {}", manifest.display());
    Ok(executables(&String::from_utf8_lossy(&output.stdout)))
}

fn executables(messages: &str) -> HashMap<String, PathBuf> {
    messages
        .lines()
        .filter_map(|line| serde_json::from_str::<Artifact>(line).ok())
        .filter_map(|artifact| Some((artifact.target.name, artifact.executable?)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn executables_are_found_among_cargos_messages() {
        let messages = r#"{"reason":"compiler-artifact","target":{"name":"bench"},"executable":null}
{"reason":"compiler-artifact","target":{"name":"contender"},"executable":"target/release/contender"}
{"reason":"build-finished","success":true}"#;
        let found = executables(messages);
        assert_eq!(found.len(), 1);
        assert_eq!(found["contender"], Path::new("target/release/contender"));
    }
}
