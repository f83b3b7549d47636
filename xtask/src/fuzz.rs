//! Runs the fuzz targets under libFuzzer, on stable Rust.
//!
//! `cargo fuzz` wants a nightly compiler, but only for the address sanitizer, which says little about
//! a crate without `unsafe`. What guides the fuzzer is coverage, and stable can produce that.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, ensure};
use clap::Args;
use xshell::{Cmd, Shell, cmd};

/// The folder of the fuzz targets: a workspace of its own.
const FOLDER: &str = "fuzz";

/// Counts the edges taken and records the operands of comparisons, so that the fuzzer learns which
/// input leads somewhere new.
///
/// Deliberately without `--cfg fuzzing`, which `cargo fuzz` sets and some crates take as leave to
/// skip checks: what is fuzzed here is what is shipped.
const FLAGS: [&str; 5] = [
    "-Cpasses=sancov-module",
    "-Cllvm-args=-sanitizer-coverage-level=4",
    "-Cllvm-args=-sanitizer-coverage-inline-8bit-counters",
    "-Cllvm-args=-sanitizer-coverage-pc-table",
    "-Cllvm-args=-sanitizer-coverage-trace-compares",
];

/// What to fuzz and for how long.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// Run only this target.
    target: Option<String>,
    /// How long to run each target.
    #[arg(long, default_value_t = 60)]
    seconds: u32,
    /// Run the target on this one file (from the root), to see a finding again.
    #[arg(long, requires = "target")]
    input: Option<PathBuf>,
    /// Show libFuzzer's own words only on a finding.
    #[arg(long)]
    quiet: bool,
}

impl Options {
    /// Every target, just long enough to notice what is broken outright.
    pub(crate) const fn short() -> Self {
        Self { target: None, seconds: 10, input: None, quiet: true }
    }
}

/// Runs the targets, all of them even if one finds something.
pub(crate) fn run(shell: &Shell, options: &Options) -> Result<()> {
    // Naming the host as the target keeps the flags away from build scripts and macros.
    let host = cmd!(shell, "rustc --print host-tuple").quiet().read()?;
    let targets = match &options.target {
        Some(target) => vec![target.clone()],
        None => targets(shell)?,
    };

    cargo(shell, "build", &host, &targets, &[]).run()?;
    let mut failed = Vec::new();
    for target in targets {
        let arguments = match &options.input {
            Some(input) => vec![input.display().to_string()],
            None => arguments(shell, &target, options.seconds)?,
        };
        let run = cargo(shell, "run", &host, std::slice::from_ref(&target), &arguments);
        if !succeeds(run, options.quiet)? {
            eprintln!("once more: cargo xtask fuzz {target} --input <the file named above>");
            failed.push(target);
        }
    }
    ensure!(failed.is_empty(), "the fuzzer found something: {}", failed.join(", "));
    Ok(())
}

/// One file in `fuzz_targets` for each.
fn targets(shell: &Shell) -> Result<Vec<String>> {
    let mut targets = Vec::new();
    for file in shell.read_dir(Path::new(FOLDER).join("fuzz_targets"))? {
        let name = file.file_stem().context("a fuzz target has a name")?;
        targets.push(name.to_string_lossy().into_owned());
    }
    Ok(targets)
}

/// What libFuzzer is told: the corpus that grows, the seeds that do not, and its limits.
fn arguments(shell: &Shell, target: &str, seconds: u32) -> Result<Vec<String>> {
    let corpus = format!("{FOLDER}/corpus/{target}");
    let findings = format!("{FOLDER}/artifacts/{target}/");
    shell.create_dir(&corpus)?;
    shell.create_dir(&findings)?;
    Ok(vec![
        corpus,
        format!("{FOLDER}/seeds/{target}"),
        format!("-artifact_prefix={findings}"),
        format!("-max_total_time={seconds}"),
        "-print_final_stats=1".to_owned(),
        // Longer than a cookie may be, to see what happens beyond.
        "-max_len=8192".to_owned(),
        // Seconds for one input: far more than anything that came with a request may take.
        "-timeout=5".to_owned(),
    ])
}

/// The command for one or several targets; `arguments` are libFuzzer's.
fn cargo<'a>(
    shell: &'a Shell,
    command: &str,
    host: &str,
    targets: &[String],
    arguments: &[String],
) -> Cmd<'a> {
    let manifest = format!("{FOLDER}/Cargo.toml");
    let bins = targets.iter().flat_map(|target| ["--bin", target]);
    let cargo = cmd!(
        shell,
        "cargo {command} --release --manifest-path {manifest} --target {host} {bins...}"
    )
    .env("CARGO_ENCODED_RUSTFLAGS", FLAGS.join("\x1f"));
    if arguments.is_empty() { cargo } else { cargo.args(["--quiet", "--"]).args(arguments) }
}

/// Runs a target and says whether it came through.
fn succeeds(run: Cmd<'_>, quiet: bool) -> Result<bool> {
    if !quiet {
        return Ok(run.run().is_ok());
    }
    println!("$ {run}");
    let output = run.quiet().ignore_status().output()?;
    let words = String::from_utf8_lossy(&output.stderr);
    if output.status.success() {
        let runs =
            words.lines().find_map(|line| line.strip_prefix("stat::number_of_executed_units: "));
        println!("{} inputs, no finding", runs.unwrap_or("no").trim());
    } else {
        eprintln!("{words}");
    }
    Ok(output.status.success())
}
