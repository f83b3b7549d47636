//! What `cargo xtask test` does, in order. A step that fails does not keep the next from running.

use std::process::ExitCode;
use std::time::Instant;

use anyhow::Result;
use xshell::{Shell, cmd};

use crate::summary::Summary;
use crate::tally::Tally;
use crate::{dependencies, features, fuzz};

/// A step reports the tests that it ran, also when it fails.
type Step = fn(&Shell, &mut Tally) -> Result<()>;

/// Quick answers first. `lints`, `docs` and `features` need no code generated, and share what they
/// compile; `tests` and `doc tests` share the rest.
const STEPS: [(&str, Step); 8] = [
    ("format", format),
    ("dependencies", |shell, _| dependencies::check(shell)),
    ("lints", lints),
    ("docs", docs),
    ("features", |shell, _| features::check(shell)),
    ("tests", tests),
    ("doc tests", doc_tests),
    ("fuzz", |shell, _| fuzz::run(shell, &fuzz::Options::short())),
];

/// Runs every step and prints the summary.
pub(crate) fn run_all(shell: &Shell) -> ExitCode {
    let mut summary = Summary::default();
    for (name, step) in STEPS {
        println!("\n==> {name}");
        let started = Instant::now();
        let mut tally = Tally::default();
        let result = step(shell, &mut tally);
        if let Err(error) = &result {
            eprintln!("==> {name} failed: {error:#}");
        }
        summary.add(name, result.is_ok(), tally, started.elapsed());
    }
    println!("\n{summary}");
    summary.exit_code()
}

fn format(shell: &Shell, _: &mut Tally) -> Result<()> {
    cmd!(shell, "cargo fmt --all --check").run()?;
    // The workspaces of their own; `--all` stays inside this one.
    for manifest in ["fuzz/Cargo.toml", "bench/peers/Cargo.toml"] {
        if shell.path_exists(manifest) {
            cmd!(shell, "cargo fmt --manifest-path {manifest} --check").run()?;
        }
    }
    Ok(())
}

fn lints(shell: &Shell, _: &mut Tally) -> Result<()> {
    cmd!(shell, "cargo clippy --workspace --all-targets --all-features -- -D warnings").run()?;
    Ok(())
}

fn docs(shell: &Shell, _: &mut Tally) -> Result<()> {
    cmd!(shell, "cargo doc --workspace --no-deps --all-features")
        .env("RUSTDOCFLAGS", "-D warnings")
        .run()?;
    Ok(())
}

/// Unit, property, race and browser tests.
fn tests(shell: &Shell, tally: &mut Tally) -> Result<()> {
    // The targets are named so as to leave out doc tests (a step of their own) and benches.
    tally.run(cmd!(
        shell,
        "cargo test --workspace --all-features --lib --bins --examples --tests --no-fail-fast"
    ))
}

fn doc_tests(shell: &Shell, tally: &mut Tally) -> Result<()> {
    tally.run(cmd!(shell, "cargo test --workspace --all-features --doc --no-fail-fast"))
}
