//! The tool `cloakroom`. All that it does is in the library.

use std::process::ExitCode;

use clap::Parser as _;
use cloakroom_cli::{Application, Exit};

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let application = match Application::try_parse() {
        Ok(application) => application,
        Err(error) => {
            // Help and version are asked for and are no mistake.
            let exit = if error.use_stderr() { Exit::Usage } else { Exit::Done };
            // Nobody is left to be told that this failed.
            let _ = error.print();
            return exit.into();
        }
    };
    match application.run().await {
        Ok(exit) => exit.into(),
        Err(failure) => {
            application.tell(&failure);
            failure.exit().into()
        }
    }
}
