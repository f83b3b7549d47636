//! Which crate may depend on what: the absences that keep the workspace's shape.

use std::collections::BTreeSet;

use anyhow::{Result, ensure};
use xshell::{Shell, cmd};

/// Packages that must not be in a crate's tree.
#[derive(Debug)]
struct Absence {
    from: &'static str,
    features: Features,
    packages: &'static [&'static [&'static str]],
}

#[derive(Clone, Copy, Debug)]
enum Features {
    All,
    Default,
}

const ACTIX: &[&str] = &["actix-web", "actix-http", "actix-service", "actix-rt"];
const AXUM: &[&str] = &["axum", "axum-core", "axum-extra"];
const TOWER: &[&str] = &["tower", "tower-http", "tower-layer", "tower-service"];
const RUNTIMES: &[&str] = &["tokio", "async-std", "smol", "hyper"];
const DRIVERS: &[&str] = &["rusqlite", "libsqlite3-sys", "sqlx", "tokio-postgres", "redis"];
const OUR_ADAPTERS: &[&str] = &["cloakroom-axum", "cloakroom-tower"];
const COMMAND_LINE: &[&str] = &["clap", "clap_complete", "indicatif", "cloakroom-cli"];
const OUR_STORES: &[&str] = &["cloakroom-postgres", "cloakroom-redis", "cloakroom-sqlite"];

const ABSENCES: [Absence; 9] = [
    // The engine names no framework and no driver,
    Absence {
        from: "cloakroom-core",
        features: Features::All,
        packages: &[ACTIX, AXUM, TOWER, DRIVERS, OUR_ADAPTERS, OUR_STORES],
    },
    // and no runtime. Only the conformance suite, a feature that is for tests, has one.
    Absence { from: "cloakroom-core", features: Features::Default, packages: &[RUNTIMES] },
    // No store knows an adapter.
    Absence {
        from: "cloakroom-redis",
        features: Features::All,
        packages: &[ACTIX, AXUM, TOWER, OUR_ADAPTERS],
    },
    Absence {
        from: "cloakroom-sqlite",
        features: Features::All,
        packages: &[ACTIX, AXUM, TOWER, OUR_ADAPTERS],
    },
    Absence {
        from: "cloakroom-postgres",
        features: Features::All,
        packages: &[ACTIX, AXUM, TOWER, OUR_ADAPTERS],
    },
    // No adapter knows a store. Any tower service can be wrapped, not just axum's.
    Absence {
        from: "cloakroom-tower",
        features: Features::All,
        packages: &[ACTIX, AXUM, DRIVERS, OUR_STORES, &["cloakroom-axum"]],
    },
    // `axum-core` changes more rarely than `axum` and is all that an extractor needs.
    Absence {
        from: "cloakroom-axum",
        features: Features::All,
        packages: &[ACTIX, DRIVERS, OUR_STORES, &["axum", "axum-extra"]],
    },
    // Who looks after sessions answers no request,
    Absence {
        from: "cloakroom-cli",
        features: Features::All,
        packages: &[ACTIX, AXUM, TOWER, OUR_ADAPTERS],
    },
    // and who answers requests reads no command line.
    Absence { from: "cloakroom", features: Features::All, packages: &[COMMAND_LINE] },
];

/// Fails if a crate depends on something that it must not know.
pub(crate) fn check(shell: &Shell) -> Result<()> {
    let mut found = Vec::new();
    for Absence { from, features, packages } in &ABSENCES {
        let tree = tree(shell, from, *features)?;
        let unwanted =
            packages.iter().copied().flatten().filter(|&&package| tree.contains(package));
        found.extend(unwanted.map(|package| format!("{from} depends on {package}")));
    }
    ensure!(found.is_empty(), "{}", found.join("; "));
    Ok(())
}

/// The names of everything that ends up in a program which uses `package`.
///
/// From `cargo tree`, not `cargo metadata`: the latter joins the features and the development
/// dependencies of all members.
fn tree(shell: &Shell, package: &str, features: Features) -> Result<BTreeSet<String>> {
    let features: &[&str] = match features {
        Features::All => &["--all-features"],
        Features::Default => &[],
    };
    let lines = cmd!(
        shell,
        "cargo tree --package {package} {features...} --target all --edges normal --prefix none"
    )
    .read()?;
    // A line reads `name v1.2.3 (path or remark)`.
    Ok(lines.lines().filter_map(|line| line.split(' ').next()).map(str::to_owned).collect())
}
