//! Serves a system over HTTP on the loopback interface: the whole of `contender` and `peer`.

use std::net::{Ipv4Addr, SocketAddr};

use anyhow::{Context, Result};
use clap::Parser;
use tokio::{net::TcpListener, runtime, select};

use crate::system::System;

/// Serves one system's sessions over the contract's routes, on 127.0.0.1.
#[derive(Debug, Parser)]
struct Arguments<S: System> {
    /// The system to serve
    #[arg(value_enum)]
    system: S,
    /// The port to listen on; 0 takes a free one
    port: u16,
    /// Worker threads of the runtime
    #[arg(long, env = "BENCH_WORKERS", default_value_t = 1, value_parser = workers)]
    workers: usize,
}

/// Reads the command line and serves until a signal ends it.
pub fn main<S: System>() -> Result<()> {
    let Arguments { system, port, workers } = Arguments::<S>::parse();
    if let Some(result) = system.clone().serve_by_itself(port, workers) {
        return result;
    }
    runtime::Builder::new_multi_thread()
        .worker_threads(workers)
        .enable_all()
        .build()
        .context("cannot start the runtime")?
        .block_on(serve(system, port))
}

async fn serve<S: System>(system: S, port: u16) -> Result<()> {
    let opened = system.open().await?;
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port))
        .await
        .with_context(|| format!("cannot listen on 127.0.0.1:{port}"))?;
    say_ready(listener.local_addr()?);
    let server = axum::serve(listener, opened.router);
    select! {
        result = server => result.context("the server ended"),
        result = end_signal() => result.context("cannot wait for signals"),
    }
}

/// Tells the driver where to send requests.
pub fn say_ready(address: SocketAddr) {
    println!("listening on http://{address}");
}

#[cfg(unix)]
async fn end_signal() -> std::io::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate())?;
    select! {
        result = tokio::signal::ctrl_c() => result,
        _ = terminate.recv() => Ok(()),
    }
}

#[cfg(not(unix))]
async fn end_signal() -> std::io::Result<()> {
    tokio::signal::ctrl_c().await
}

fn workers(value: &str) -> Result<usize, String> {
    match value.parse() {
        Ok(0) | Err(_) => Err("a number from 1 on is needed".to_owned()),
        Ok(workers) => Ok(workers),
    }
}
