//! The project's own commands: `cargo xtask test`, `cargo xtask fuzz`, `cargo xtask setup`.
//!
//! The work is in the modules; this file only reads the command line.

mod steps;

mod dependencies;
mod features;
mod fuzz;
mod packages;
mod summary;
mod tally;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, Result};
use clap::{Parser, Subcommand};
use xshell::Shell;

/// Works on the project from a fresh clone: installs what is missing, then checks everything.
#[derive(Debug, Parser)]
#[command(bin_name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Installs what the tests need, runs every check and ends with a summary.
    Test,
    /// Fuzzes whatever reads bytes from outside; fails on a finding.
    Fuzz(fuzz::Options),
    /// Installs what the tests need, and nothing else.
    Setup,
}

fn main() -> ExitCode {
    run(&Arguments::parse()).unwrap_or_else(|error| {
        eprintln!("error: {error:#}");
        ExitCode::FAILURE
    })
}

fn run(arguments: &Arguments) -> Result<ExitCode> {
    let shell = Shell::new()?;
    shell.change_dir(root()?);

    match &arguments.command {
        Command::Test => {
            packages::install(&shell)?;
            return Ok(steps::run_all(&shell));
        }
        Command::Fuzz(options) => {
            packages::install_compiler(&shell)?;
            fuzz::run(&shell, options)?;
        }
        Command::Setup => packages::install(&shell)?,
    }
    Ok(ExitCode::SUCCESS)
}

/// The root of the workspace, wherever inside it the command was typed.
fn root() -> Result<PathBuf> {
    // Cargo sets the variable anew for each `cargo run`, so a moved clone is found too.
    let package = std::env::var_os("CARGO_MANIFEST_DIR").context("start this by `cargo xtask`")?;
    let root = Path::new(&package).parent().context("xtask stands in the workspace's root")?;
    Ok(root.to_path_buf())
}
