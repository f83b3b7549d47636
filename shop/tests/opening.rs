//! The program itself: how it opens with settings that are right, and why it does not with others.

use std::{
    io::{BufRead as _, BufReader},
    path::Path,
    process::{Command, Stdio},
};

/// The shop in an environment of its own.
fn shop(folder: &Path, variables: &[(&str, &str)]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_shop"));
    command.current_dir(folder).env_clear().env("SHOP_ADDR", "127.0.0.1:0");
    command.envs(variables.iter().copied());
    command
}

#[test]
fn behind_https_it_does_not_open_without_a_secret_and_tells_all_that_is_wrong() {
    let folder = tempfile::tempdir().expect("a folder");
    let variables = [
        ("SHOP_HTTPS", "1"),
        ("SESSION_STORE", "postgres://shop:hunter2@db/shop?sslmode=perhaps"),
        ("SESSION_IDLE_TIMEOUT", "soon"),
        ("SESSION_COOKIE_SAMESITE", "strict"),
    ];
    let closed = shop(folder.path(), &variables).output().expect("the program runs");
    assert!(!closed.status.success());
    let said = String::from_utf8_lossy(&closed.stderr);
    for wanted in [
        "SESSION_SECRET is not set",
        "SESSION_STORE is \"postgres://…@db/shop\"",
        "SESSION_IDLE_TIMEOUT is \"soon\", and it takes a time",
        "SESSION_COOKIE_SAME_SITE is not set, but SESSION_COOKIE_SAMESITE is",
    ] {
        assert!(said.contains(wanted), "{wanted}: {said}");
    }
    assert!(!said.contains("hunter2"), "{said}");
}

#[test]
fn on_a_developers_machine_it_opens_without_any_setting_and_keeps_its_secret() {
    let folder = tempfile::tempdir().expect("a folder");
    for store in ["sqlite:shop.db", "cookie:", "memory:"] {
        let mut open = shop(folder.path(), &[("SESSION_STORE", store)])
            .stdout(Stdio::piped())
            .spawn()
            .expect("the program runs");
        let lines = BufReader::new(open.stdout.take().expect("its output is piped")).lines();
        let told = lines.map_while(Result::ok).any(|line| line.contains("The shop is open"));
        open.kill().expect("it ends");
        open.wait().expect("it has ended");
        assert!(told, "{store}");
    }
    assert!(folder.path().join("shop.secret").exists());
}
