//! Where the applications run, who visits them, and what makes a test of each function for every framework and storage.

mod alone;
mod gates;
mod site;
mod visitor;

use std::pin::Pin;
use std::time::Duration;

use tokio::runtime::Builder;

pub(crate) use self::alone::alone;
pub(crate) use self::gates::Gates;
pub(crate) use self::site::{Site, secret};
pub(crate) use self::visitor::{Answer, Stream, Visitor};

/// Fails a test that hangs. Nothing is measured with it: whatever ends, ends long before.
pub(crate) async fn in_time(test: impl Future<Output = ()>) {
    tokio::time::timeout(Duration::from_secs(60), test).await.expect("the test hangs");
}

/// A future in a box, so that one function runs all tests and the compiler makes it once.
pub(crate) type Boxed<T> = Pin<Box<dyn Future<Output = T>>>;

/// Runs a test on what is opened for it.
pub(crate) fn run<T>(open: Boxed<T>, test: fn(T) -> Boxed<()>) {
    let runtime = Builder::new_multi_thread().worker_threads(4).enable_all().build().unwrap();
    runtime.block_on(async {
        let opened = open.await;
        in_time(test(opened)).await;
    });
}

/// Makes of a function of a [`Site`] a test in each of these storages, named `test::framework::storage`.
macro_rules! on_sites {
    ($test:ident, $($site:ident)*) => {
        mod $test {
            on_sites!(of Axum axum $test, $($site)*);
            on_sites!(of Actix actix $test, $($site)*);
        }
    };
    (of $Framework:ident $framework:ident $test:ident, $($site:ident)*) => {
        mod $framework {
            use crate::apps::Framework;
            use crate::support::{Site, run};

            $(
                #[test]
                fn $site() {
                    run(Box::pin(Site::$site(Framework::$Framework)), |site| {
                        Box::pin(super::super::$test(site))
                    });
                }
            )*
        }
    };
}

/// Runs the test of this name, a function of a [`Site`], on every kind of site.
macro_rules! on_every_store {
    ($test:ident) => {
        on_sites!(
            $test,
            in_memory
            in_sqlite
            in_sqlite_by_two_servers
            in_postgres
            in_postgres_by_two_servers
            in_redis
            in_redis_by_two_servers
            in_redis_cluster
            while_moving
        );
    };
}

/// Runs the test of this name where sessions travel in the cookie. For a module of its own, beside the stores' ones.
macro_rules! on_every_cookie {
    ($test:ident) => {
        on_sites!($test, in_a_signed_cookie in_an_encrypted_cookie);
    };
}

/// Runs the test of this name, a function of a [`Framework`](crate::apps::Framework), with each.
macro_rules! on_every_framework {
    ($test:ident) => {
        mod $test {
            use crate::apps::Framework;
            use crate::support::run;

            #[test]
            fn axum() {
                with(Framework::Axum);
            }

            #[test]
            fn actix() {
                with(Framework::Actix);
            }

            fn with(framework: Framework) {
                run(Box::pin(async move { framework }), |framework| {
                    Box::pin(super::$test(framework))
                });
            }
        }
    };
}
