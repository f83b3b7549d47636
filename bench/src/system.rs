//! A system under measurement: a name on the command line that becomes a router.

use std::future::Future;

use anyhow::Result;
use axum::Router;
use clap::ValueEnum;

use crate::{database::Database, place::Place};

/// The systems that one binary can serve.
pub trait System: ValueEnum + Send + Sync + 'static {
    /// Makes the router that serves the contract, its store ready for use.
    fn open(self) -> impl Future<Output = Result<Opened>> + Send;

    /// Serves on a port of the loopback interface until a signal comes, if the system brings a server of its own: no
    /// router for `axum`. It prints the same line when it is ready.
    fn serve_by_itself(self, _port: u16, _workers: usize) -> Option<Result<()>> {
        None
    }
}

/// A system that is ready to answer.
#[derive(Debug)]
pub struct Opened {
    /// Serves the contract.
    pub router: Router,
    /// Where the store keeps its file, for the systems that have one.
    pub place: Option<Place>,
    /// Where the store keeps its table, for the systems that have one.
    pub database: Option<Database>,
}

impl Opened {
    /// A system that keeps no file.
    #[must_use]
    pub fn in_memory(router: Router) -> Self {
        Self { router, place: None, database: None }
    }

    /// A system that keeps a file, for as long as this value lives.
    #[must_use]
    pub fn at(place: Place, router: Router) -> Self {
        Self { router, place: Some(place), database: None }
    }

    /// A system that keeps a table, in a database that is there for as long as this value lives.
    #[must_use]
    pub fn in_postgres(database: Database, router: Router) -> Self {
        Self { router, place: None, database: Some(database) }
    }
}
