//! A disk that is full: writes are a clear error, what was there can be read, and with space all is well again.
//!
//! The test runs itself once more in a process of its own and forbids that process to make files larger
//! (`RLIMIT_FSIZE`). That is not a full disk to the letter, the system's error is `EFBIG` and not `ENOSPC`, but it needs
//! neither root nor a file system to fill, and to the store it is the same: the file cannot grow.

#![cfg(unix)]

use std::fs;
use std::path::Path;

use axum::http::StatusCode;
use cloakroom::Sessions;
use cloakroom::sqlite::SqliteStore;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::apps::{App, Framework};
use crate::support::{alone, secret};

on_every_framework!(a_full_disk_is_a_503_and_with_space_all_is_well_again);

const NAME: &str = "full_disk::a_full_disk_is_a_503_and_with_space_all_is_well_again";

async fn a_full_disk_is_a_503_and_with_space_all_is_well_again(framework: Framework) {
    if alone(&format!("{NAME}::{}", framework.name())) {
        fill_up(framework).await;
    }
}

async fn fill_up(framework: Framework) {
    let folder = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(folder.path().join("sessions.db")).unwrap();
    let sessions = Sessions::builder(store).secret(secret()).build().unwrap();
    let server = framework.serve(&App::Main, &sessions).await;
    let mut earlier = Vec::new();
    for n in 0..5 {
        let mut visitor = server.visitor();
        visitor.visit(&format!("/login?user=user{n}")).await;
        earlier.push(visitor);
    }

    let large = format!("/set?k=large&v={}", "x".repeat(30_000));
    for _ in 0..2 {
        limit(Some(largest_file(folder.path()) + 10_000));
        let mut refused = 0;
        for visitor in &earlier {
            let answer = visitor.get(&large).await;
            refused += usize::from(answer.status == StatusCode::SERVICE_UNAVAILABLE);
            if answer.status != StatusCode::OK {
                assert_eq!(answer.header("retry-after"), "5", "{}", answer.status);
                assert_eq!(answer.body, "");
            }
            let stranger = server.visitor().visit(&large).await;
            assert_eq!(stranger.status.is_success(), stranger.set_cookie().is_some());
        }
        assert!(refused > 0, "the limit was reached");
        for (n, visitor) in earlier.iter().enumerate() {
            assert_eq!(visitor.data().await["user"], format!("user{n}"), "still there");
        }

        limit(None);
        for (n, visitor) in earlier.iter_mut().enumerate() {
            assert_eq!(visitor.visit(&large).await.status, StatusCode::OK, "well again by itself");
            assert_eq!(visitor.visit("/update").await.status, StatusCode::OK);
            let data = visitor.data().await;
            assert_eq!(data["user"], format!("user{n}"));
            assert_eq!(data["large"].as_str().unwrap().len(), 30_000);
        }
        for visitor in &mut earlier {
            visitor.visit("/set?k=large&v=small").await;
        }
    }
    for visitor in &mut earlier {
        assert_eq!(visitor.data().await["n"], 2);
        visitor.visit("/logout").await;
        assert!(!visitor.is_alive().await);
    }
}

/// Forbids this process to make a file larger than this, or allows it again.
fn limit(bytes: Option<u64>) {
    let maximum = getrlimit(Resource::Fsize).maximum;
    let current = bytes.or(maximum);
    setrlimit(Resource::Fsize, Rlimit { current, maximum }).unwrap();
}

fn largest_file(folder: &Path) -> u64 {
    let sizes = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().metadata().unwrap().len());
    sizes.max().unwrap()
}
