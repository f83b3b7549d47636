//! Opens the shop: reads the environment, listens, sweeps, and closes when asked to.

use std::{error::Error, net::SocketAddr, process::ExitCode, time::Duration};

use cloakroom::Sessions;
use shop::{router::router, settings::Settings, state::Shop};
use tokio::{net::TcpListener, signal, time};
use tracing_subscriber::EnvFilter;

/// How often the records of expired sessions are deleted.
const SWEEP_EVERY: Duration = Duration::from_secs(10 * 60);

#[tokio::main]
async fn main() -> ExitCode {
    tracing_subscriber::fmt()
        .with_env_filter(EnvFilter::try_from_default_env().unwrap_or_else(|_| "info".into()))
        .with_writer(std::io::stderr)
        .init();

    match run().await {
        Ok(()) => {
            println!("The shop is closed.");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("The shop cannot open: {}", with_causes(&*error));
            ExitCode::FAILURE
        }
    }
}

async fn run() -> Result<(), Box<dyn Error>> {
    let settings = Settings::from_env()?;
    let shop = Shop::open(&settings).await?;
    tokio::spawn(sweep(shop.sessions.clone()));

    let listener = TcpListener::bind(settings.address)
        .await
        .map_err(|error| format!("cannot listen on {}: {error}", settings.address))?;
    println!("The shop is open: http://{}", listener.local_addr()?);
    let closing = shop.closing.clone();
    let closed = async move {
        closing_time().await;
        closing.begin();
    };
    let service = router(shop).into_make_service_with_connect_info::<SocketAddr>();
    axum::serve(listener, service).with_graceful_shutdown(closed).await?;
    Ok(())
}

fn with_causes(error: &dyn Error) -> String {
    let causes = std::iter::successors(Some(error), |&error| error.source());
    causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}

/// Deletes the records of expired sessions, again and again, whatever happens.
async fn sweep(sessions: Sessions) {
    let mut interval = time::interval(SWEEP_EVERY);
    interval.set_missed_tick_behavior(time::MissedTickBehavior::Delay);
    loop {
        interval.tick().await;
        match sessions.sweep().await {
            Ok(0) => {}
            Ok(swept) => tracing::info!(swept, "expired sessions deleted"),
            Err(error) => tracing::warn!(%error, "expired sessions could not be deleted"),
        }
    }
}

/// Completes on ctrl-c, and on the signal that service managers send.
async fn closing_time() {
    #[cfg(unix)]
    if let Ok(mut terminate) = signal::unix::signal(signal::unix::SignalKind::terminate()) {
        tokio::select! {
            _ = signal::ctrl_c() => {}
            _ = terminate.recv() => {}
        }
        return;
    }
    let _ = signal::ctrl_c().await;
}
