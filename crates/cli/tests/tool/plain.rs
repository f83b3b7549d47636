//! What needs no store.

use cloakroom::{Secret, Setting};

use crate::support::{Place, finish, tool};

fn run(arguments: &[&str]) -> crate::support::Done {
    finish(tool(arguments).spawn().unwrap())
}

#[test]
fn a_secret_comes_alone_on_its_line_and_is_taken() {
    let (one, two) = (run(&["keygen"]), run(&["--json", "keygen"]));
    assert_eq!((one.code, one.err.as_str()), (0, ""));
    let secret = one.out.strip_suffix('\n').unwrap();
    assert!(!secret.contains(char::is_whitespace) && Secret::new(secret).is_ok(), "{secret}");
    let json: serde_json::Value = serde_json::from_str(&two.out).unwrap();
    assert_ne!(json["secret"], secret);
    let place = Place::sqlite().with(Setting::Secret, secret);
    assert_eq!(place.run(&["stats"]).code, 0);
}

#[test]
fn help_and_version_are_no_mistake_and_nonsense_is() {
    for arguments in [&["--help"][..], &["--version"], &["move", "--help"], &["help", "revoke"]] {
        let done = run(arguments);
        assert_eq!((done.code, done.err.as_str()), (0, ""), "{arguments:?}");
    }
    assert!(run(&["--help"]).out.contains("Exit codes:"));
    for arguments in [
        &[][..],
        &["frobnicate"],
        &["list"],
        &["show", "7"],
        &["revoke"],
        &["revoke", "--all", "--user", "7"],
        &["revoke", "0f4c2f6e-7d3a-8b1c-9e2d-5a6b7c8d9e0f", "--all"],
        &["sweep", "--every", "10"],
        &["move", "sqlite:a"],
    ] {
        let done = run(arguments);
        assert_eq!((done.code, done.out.as_str()), (2, ""), "{arguments:?}");
        assert!(!done.err.is_empty(), "{arguments:?}");
    }
}

#[test]
fn each_shell_gets_its_completions() {
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let done = run(&["completions", shell]);
        assert_eq!(done.code, 0, "{shell}");
        assert!(done.out.contains("moving-from") && done.out.contains("inspect"), "{shell}");
    }
}

#[test]
fn no_password_is_taken_from_the_command_line() {
    for arguments in [
        &["--store", "postgres://u:hunter2@h/d", "stats"][..],
        &["move", "redis://:hunter2@h", "sqlite:x", "--yes"],
        &["--store", "env:NOT_SET_ANYWHERE", "stats"],
    ] {
        let done = run(arguments);
        assert_eq!(done.code, 2, "{done:?}");
        assert!(!done.err.contains("hunter2"), "{done:?}");
    }
    let place = Place::sqlite();
    let address = place.get(Setting::Store).to_owned();
    let place = place.without(Setting::Store);
    let mut command = place.command(&["--store", "env:THERE", "stats"]);
    assert_eq!(finish(command.env("THERE", address).spawn().unwrap()).code, 0);
}

#[test]
fn without_settings_it_says_which_are_missing() {
    let done = run(&["stats"]);
    assert_eq!(done.code, 2);
    assert!(done.err.contains("SESSION_STORE is not set"), "{done:?}");
    let done = run(&["--config", "/nowhere/at/all.toml", "stats"]);
    assert_eq!(done.code, 1);
    assert!(done.err.contains("/nowhere/at/all.toml cannot be read: No such file"), "{done:?}");
    let gone = Place::new("postgres", "postgres://127.0.0.1:1/shop".to_owned(), None);
    let done = gone.run(&["stats"]);
    assert_eq!(done.code, 1, "{done:?}");
    assert!(done.err.contains("cannot open the session store postgres://127.0.0.1:1/shop: "));
}
