//! What the checks need beside Rust and a C compiler, and how it gets onto the machine.

use anyhow::{Context as _, Result, bail, ensure};
use xshell::{Shell, cmd};

/// A program that must be found, and the Debian package that brings it.
#[derive(Clone, Copy, Debug)]
struct Program {
    name: &'static str,
    package: &'static str,
}

/// libFuzzer is written in C++.
const COMPILER: Program = Program { name: "c++", package: "g++" };

/// The shop is tested in a real browser.
const BROWSER: [Program; 2] = [
    Program { name: "chromium", package: "chromium" },
    Program { name: "chromedriver", package: "chromium-driver" },
];

/// The stores are tested on servers of their own.
const SERVERS: [Program; 2] = [
    Program { name: "redis-server", package: "redis-server" },
    Program { name: "postgres", package: "postgresql" },
];

/// Where Debian keeps the programs of PostgreSQL's server, which are not on the PATH: a folder for each version.
const POSTGRESQL: &str = "/usr/lib/postgresql";

/// Installs everything that `cargo xtask test` needs.
pub(crate) fn install(shell: &Shell) -> Result<()> {
    install_components(shell)?;
    let [chromium, driver] = BROWSER;
    let [redis, postgres] = SERVERS;
    install_programs(shell, &[COMPILER, chromium, driver, redis, postgres])
}

/// Installs what `cargo xtask fuzz` needs.
pub(crate) fn install_compiler(shell: &Shell) -> Result<()> {
    install_programs(shell, &[COMPILER])
}

/// A minimal rustup profile comes without the formatter and the linter.
fn install_components(shell: &Shell) -> Result<()> {
    for (command, component) in [("fmt", "rustfmt"), ("clippy", "clippy")] {
        if cmd!(shell, "cargo {command} --version")
            .quiet()
            .ignore_stdout()
            .ignore_stderr()
            .run()
            .is_err()
        {
            cmd!(shell, "rustup component add {component}")
                .run()
                .with_context(|| format!("`cargo {command}` is missing; install {component}"))?;
        }
    }
    Ok(())
}

fn install_programs(shell: &Shell, programs: &[Program]) -> Result<()> {
    let missing: Vec<_> = programs.iter().filter(|program| !is_installed(program.name)).collect();
    if missing.is_empty() {
        return Ok(());
    }
    let packages: Vec<_> = missing.iter().map(|program| program.package).collect();

    if !is_installed("apt-get") {
        let names: Vec<_> = missing.iter().map(|program| program.name).collect();
        bail!("these programs are needed and not on the PATH: {}", names.join(", "));
    }
    if cmd!(shell, "id -u").quiet().read()? != "0" {
        bail!(
            "Debian packages are missing; install them and start again:\n\n    \
             sudo apt-get install --no-install-recommends {}\n",
            packages.join(" ")
        );
    }

    // A machine that has just started may still be installing updates: wait for its lock.
    let options = ["-o", "Acquire::Retries=3", "-o", "DPkg::Lock::Timeout=300"];
    cmd!(shell, "apt-get {options...} update").run()?;
    cmd!(shell, "apt-get {options...} install --yes --no-install-recommends {packages...}")
        .env("DEBIAN_FRONTEND", "noninteractive")
        // The tests start servers of their own; a policy that forbids keeps the packages from starting theirs.
        .env("RUNLEVEL", "1")
        .run()?;

    for program in missing {
        ensure!(
            is_installed(program.name),
            "{} is installed, but there is no {} on the PATH",
            program.package,
            program.name
        );
    }
    Ok(())
}

fn is_installed(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let versions = std::fs::read_dir(POSTGRESQL).into_iter().flatten().flatten();
    let folders = versions.map(|version| version.path().join("bin"));
    std::env::split_paths(&path).chain(folders).any(|folder| folder.join(program).is_file())
}
