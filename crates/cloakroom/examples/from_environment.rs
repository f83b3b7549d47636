//! Everything about sessions from the environment.
//!
//! ```console
//! $ cargo run -p cloakroom --example from_environment
//! $ export SESSION_ENV=development
//! $ SESSION_IDLE_TIMEOUT=soon SESSION_COOKIE_SAMESITE=lax cargo run -p cloakroom --example from_environment
//! $ cargo run -p cloakroom --example from_environment
//! $ curl -c jar -b jar http://127.0.0.1:8080
//! ```
//!
//! The first run tells what is missing, the second what is wrong. `SESSION_STORE=sqlite:sessions.db` needs `--features sqlite`.

use std::process::ExitCode;

use axum::{Router, routing::get};
use cloakroom::axum::{Error, Session, SessionLayer};
use cloakroom::{FromEnv as _, Sessions};

async fn visit(session: Session) -> Result<String, Error> {
    Ok(format!("visit {}\n", session.increment("visits", 1)?))
}

async fn serve(sessions: Sessions) -> std::io::Result<()> {
    let app = Router::new().route("/", get(visit)).layer(SessionLayer::new(sessions));
    axum::serve(tokio::net::TcpListener::bind("127.0.0.1:8080").await?, app).await
}

#[tokio::main]
async fn main() -> ExitCode {
    // Shows the warning that a secret was made up.
    tracing_subscriber::fmt::init();
    let sessions = match Sessions::from_env().await {
        Ok(sessions) => sessions,
        // Its text is for who starts the application: every mistake on a line.
        Err(error) => {
            eprintln!("{error}");
            return ExitCode::FAILURE;
        }
    };
    match serve(sessions).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("cannot serve: {error}");
            ExitCode::FAILURE
        }
    }
}
