//! The command-line tool of [cloakroom](https://docs.rs/cloakroom), `cloakroom`; and the same work for an application's own
//! admin command.
//!
//! ```console
//! $ cargo install cloakroom-cli
//! $ cloakroom keygen                    # a good secret, ready to paste
//! $ cloakroom check                     # the settings, the store, and what is risky
//! $ cloakroom stats                     # how many sessions there are
//! $ cloakroom revoke --user 7           # signs a user out everywhere
//! ```
//!
//! The tool reads `SESSION_STORE`, `SESSION_SECRET` and all other
//! [settings](https://docs.rs/cloakroom/latest/cloakroom/struct.Settings.html) as the application does, from the environment,
//! or from a file with `--config`.
//!
//! # Exit codes
//!
#![doc = include_str!("exit.md")]
//!
//! # In an application's own command
//!
//! [`SessionCommand`] is a subcommand of clap that works on any [`Sessions`](cloakroom::Sessions), whatever their store:
//!
//! ```no_run
//! use clap::{Parser, Subcommand};
//! use cloakroom::{FromEnv as _, Sessions};
//! use cloakroom_cli::{Output, SessionCommand};
//!
//! #[derive(Parser)]
//! struct Admin {
//!     #[command(subcommand)]
//!     command: Command,
//! }
//!
//! #[derive(Subcommand)]
//! enum Command {
//!     /// Sends the newsletter
//!     Newsletter,
//!     /// Looks after the sessions
//!     #[command(subcommand)]
//!     Sessions(SessionCommand),
//! }
//!
//! #[tokio::main]
//! async fn main() -> Result<std::process::ExitCode, Box<dyn std::error::Error>> {
//!     match Admin::parse().command {
//!         Command::Newsletter => Ok(std::process::ExitCode::SUCCESS),
//!         Command::Sessions(command) => {
//!             let sessions = Sessions::from_env().await?;
//!             Ok(command.run(&sessions, &Output::people()).await?.into())
//!         }
//!     }
//! }
//! ```
//!
//! Each command's work is a function in [`commands`]; what it finds out is a value, a [`Report`], that prints itself for people
//! and as JSON.

mod address;
mod application;
pub mod commands;
mod configuration;
mod exit;
mod failure;
mod moment;
mod output;
mod progress;
mod session_command;

pub use self::address::{Address, BadAddress};
pub use self::application::Application;
pub use self::configuration::{Configuration, Origin, Origins};
pub use self::exit::Exit;
pub use self::failure::Failure;
pub use self::output::{Output, Report};
pub use self::progress::Progress;
pub use self::session_command::SessionCommand;
