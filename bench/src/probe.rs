//! Calls a system's router in process, without a network, so that what one request costs can be counted.
//!
//! [`instructions`] is run under callgrind, which counts; [`allocations`] counts by itself and needs
//! [`stats_alloc::INSTRUMENTED_SYSTEM`] as the global allocator. They are separate binaries, because a
//! counting allocator costs instructions of its own.

use anyhow::{Context, Result, ensure};
use axum::{
    Router,
    body::Body,
    http::{Request, Response, header},
};
use clap::Parser;
use serde::{Deserialize, Serialize};
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, Stats};
use tokio::runtime;
use tower::{Service, ServiceExt};

use crate::{
    contract,
    system::{Opened, System},
};

/// How many requests go before the counting, so that nothing is counted that happens once.
const WARM_UP: u32 = 100;

/// Sends requests with the cookie of one seeded session to a system's router, in process.
#[derive(Debug, Parser)]
struct Arguments<S: System> {
    /// The system to call
    #[arg(value_enum)]
    system: S,
    /// The path to request
    path: String,
    /// How many requests to send
    requests: u32,
}

/// What a number of requests allocated.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
pub struct Allocated {
    /// Allocations and reallocations a request.
    pub allocations: f64,
    /// Bytes allocated a request.
    pub bytes: f64,
}

/// Reads the command line and sends the requests; whoever watches the process counts.
pub fn instructions<S: System>() -> Result<()> {
    send_all(Arguments::<S>::parse()).map(drop)
}

/// Reads the command line, sends the requests and prints [`Allocated`] as JSON.
pub fn allocations<S: System>() -> Result<()> {
    let arguments = Arguments::<S>::parse();
    let requests = arguments.requests;
    let stats = send_all(arguments)?;
    ensure!(stats.allocations > 0, "the counting allocator is not the global one");
    println!("{}", serde_json::to_string(&allocated(stats, requests))?);
    Ok(())
}

/// Returns what was allocated after the warm-up.
fn send_all<S: System>(arguments: Arguments<S>) -> Result<Stats> {
    let Arguments { system, path, requests } = arguments;
    let runtime = runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("cannot start the runtime")?;
    runtime.block_on(async {
        let Opened { router, place: _place, database: _database } = system.open().await?;
        // As `axum::serve` does for a connection, so that no request pays for it.
        let mut router = router.with_state(());
        let cookie = seed(&mut router).await?;
        repeat(&mut router, &path, &cookie, WARM_UP).await?;
        let region = Region::new(&INSTRUMENTED_SYSTEM);
        repeat(&mut router, &path, &cookie, requests).await?;
        Ok(region.change())
    })
}

async fn seed(router: &mut Router) -> Result<String> {
    let response = send(router, "/seed", "").await?;
    contract::kept(response.headers()).context("/seed sent no cookie")
}

async fn repeat(router: &mut Router, path: &str, cookie: &str, requests: u32) -> Result<()> {
    for _ in 0..requests {
        let response = send(router, path, cookie).await?;
        let body = axum::body::to_bytes(response.into_body(), usize::MAX).await?;
        ensure!(body.as_ref() != b"0", "{path} found no session under the cookie of /seed");
    }
    Ok(())
}

async fn send(router: &mut Router, path: &str, cookie: &str) -> Result<Response<Body>> {
    let mut request = Request::builder().uri(path).header(header::HOST, "127.0.0.1");
    if !cookie.is_empty() {
        request = request.header(header::COOKIE, cookie);
    }
    let request = request.body(Body::empty()).context("not a path that can be requested")?;
    let router: &mut Router = ServiceExt::<Request<Body>>::ready(router).await?;
    let response = router.call(request).await?;
    ensure!(response.status().is_success(), "{path} answered {}", response.status());
    Ok(response)
}

fn allocated(stats: Stats, requests: u32) -> Allocated {
    let each = |total: usize| total as f64 / f64::from(requests);
    Allocated {
        allocations: each(stats.allocations + stats.reallocations),
        bytes: each(stats.bytes_allocated),
    }
}
