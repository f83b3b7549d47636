//! Which crate may depend on what: the absences that keep the workspace's shape.

use std::collections::BTreeSet;

use anyhow::{Result, ensure};
use xshell::{Shell, cmd};

/// Packages that must not be in a crate's tree.
#[derive(Debug)]
struct Absence {
    from: &'static str,
    tree: Tree,
    packages: &'static [&'static [&'static str]],
}

/// Which dependencies are looked at.
#[derive(Clone, Copy, Debug)]
enum Tree {
    AllFeatures,
    Default,
    /// Those of its tests too.
    WithTests,
}

const ACTIX: &[&str] = &["actix-web", "actix-http", "actix-service", "actix-rt"];
const AXUM: &[&str] = &["axum", "axum-core", "axum-extra"];
const TOWER: &[&str] = &["tower", "tower-http", "tower-layer", "tower-service"];
const RUNTIMES: &[&str] = &["tokio", "async-std", "smol", "hyper"];
const DRIVERS: &[&str] = &["rusqlite", "libsqlite3-sys", "sqlx", "tokio-postgres", "redis"];
const OUR_ADAPTERS: &[&str] = &["cloakroom-actix", "cloakroom-axum", "cloakroom-tower"];
const COMMAND_LINE: &[&str] = &["clap", "clap_complete", "indicatif", "cloakroom-cli"];
const OUR_STORES: &[&str] = &["cloakroom-postgres", "cloakroom-redis", "cloakroom-sqlite"];

const ABSENCES: [Absence; 12] = [
    // The engine names no framework and no driver,
    Absence {
        from: "cloakroom-core",
        tree: Tree::AllFeatures,
        packages: &[ACTIX, AXUM, TOWER, DRIVERS, OUR_ADAPTERS, OUR_STORES],
    },
    // and no runtime. Only the conformance suite, a feature that is for tests, has one.
    Absence { from: "cloakroom-core", tree: Tree::Default, packages: &[RUNTIMES] },
    // No store knows an adapter.
    Absence {
        from: "cloakroom-redis",
        tree: Tree::AllFeatures,
        packages: &[ACTIX, AXUM, TOWER, OUR_ADAPTERS],
    },
    Absence {
        from: "cloakroom-sqlite",
        tree: Tree::AllFeatures,
        packages: &[ACTIX, AXUM, TOWER, OUR_ADAPTERS],
    },
    Absence {
        from: "cloakroom-postgres",
        tree: Tree::AllFeatures,
        packages: &[ACTIX, AXUM, TOWER, OUR_ADAPTERS],
    },
    // No adapter knows a store. Any tower service can be wrapped, not just axum's.
    Absence {
        from: "cloakroom-tower",
        tree: Tree::AllFeatures,
        packages: &[ACTIX, AXUM, DRIVERS, OUR_STORES, &["cloakroom-actix", "cloakroom-axum"]],
    },
    // `axum-core` changes more rarely than `axum` and is all that an extractor needs.
    Absence {
        from: "cloakroom-axum",
        tree: Tree::AllFeatures,
        packages: &[ACTIX, DRIVERS, OUR_STORES, &["axum", "axum-extra", "cloakroom-actix"]],
    },
    // actix-web has no tower, and needs none.
    Absence {
        from: "cloakroom-actix",
        tree: Tree::AllFeatures,
        packages: &[AXUM, TOWER, DRIVERS, OUR_STORES, &["cloakroom-axum", "cloakroom-tower"]],
    },
    // These two are there to prove that sessions need no framework.
    Absence {
        from: "example-hyper",
        tree: Tree::WithTests,
        packages: &[ACTIX, AXUM, &["cloakroom-actix", "cloakroom-axum"]],
    },
    Absence {
        from: "example-tonic",
        tree: Tree::WithTests,
        packages: &[ACTIX, AXUM, &["cloakroom-actix", "cloakroom-axum"]],
    },
    // Who looks after sessions answers no request,
    Absence {
        from: "cloakroom-cli",
        tree: Tree::AllFeatures,
        packages: &[ACTIX, AXUM, TOWER, OUR_ADAPTERS],
    },
    // and who answers requests reads no command line.
    Absence { from: "cloakroom", tree: Tree::AllFeatures, packages: &[COMMAND_LINE] },
];

/// Fails if a crate depends on something that it must not know.
pub(crate) fn check(shell: &Shell) -> Result<()> {
    let mut found = Vec::new();
    for Absence { from, tree, packages } in &ABSENCES {
        let tree = names(shell, from, *tree)?;
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
fn names(shell: &Shell, package: &str, tree: Tree) -> Result<BTreeSet<String>> {
    let options: &[&str] = match tree {
        Tree::AllFeatures => &["--edges", "normal", "--all-features"],
        Tree::Default => &["--edges", "normal"],
        Tree::WithTests => &["--edges", "normal,dev", "--all-features"],
    };
    let lines =
        cmd!(shell, "cargo tree --package {package} {options...} --target all --prefix none")
            .read()?;
    // A line reads `name v1.2.3 (path or remark)`.
    Ok(lines.lines().filter_map(|line| line.split(' ').next()).map(str::to_owned).collect())
}
