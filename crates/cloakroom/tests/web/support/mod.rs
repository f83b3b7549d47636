//! The application under test, where it runs, and who visits it.

mod app;
mod gates;
mod site;
mod visitor;

use std::time::Duration;

pub(crate) use self::app::app;
pub(crate) use self::gates::Gates;
pub(crate) use self::site::{Site, secret};
pub(crate) use self::visitor::{Answer, Stream, Visitor};

/// Fails a test that hangs. Nothing is measured with it: whatever ends, ends long before.
pub(crate) async fn in_time(test: impl Future<Output = ()>) {
    tokio::time::timeout(Duration::from_secs(60), test).await.expect("the test hangs");
}

/// Runs the test of this name, a function of a [`Site`], on every kind of site.
macro_rules! on_every_store {
    ($test:ident) => {
        mod $test {
            use crate::support::{Site, in_time};

            #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
            async fn in_memory() {
                in_time(super::$test(Site::in_memory().await)).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
            async fn in_sqlite() {
                in_time(super::$test(Site::in_sqlite().await)).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
            async fn in_sqlite_by_two_servers() {
                in_time(super::$test(Site::in_sqlite_twice().await)).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
            async fn in_postgres() {
                in_time(super::$test(Site::in_postgres().await)).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
            async fn in_postgres_by_two_servers() {
                in_time(super::$test(Site::in_postgres_twice().await)).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
            async fn in_redis() {
                in_time(super::$test(Site::in_redis().await)).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
            async fn in_redis_by_two_servers() {
                in_time(super::$test(Site::in_redis_twice().await)).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
            async fn in_redis_cluster() {
                in_time(super::$test(Site::in_redis_cluster().await)).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
            async fn while_moving() {
                in_time(super::$test(Site::while_moving().await)).await;
            }
        }
    };
}

/// Runs the test of this name where sessions travel in the cookie. For a module of its own, beside the stores' ones.
macro_rules! on_every_cookie {
    ($test:ident) => {
        mod $test {
            use crate::support::{Site, in_time};

            #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
            async fn in_a_signed_cookie() {
                in_time(super::$test(Site::in_a_signed_cookie().await)).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
            async fn in_an_encrypted_cookie() {
                in_time(super::$test(Site::in_an_encrypted_cookie().await)).await;
            }
        }
    };
}
