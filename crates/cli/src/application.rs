//! The whole tool: its command line, and what it does.

use clap::{Args, CommandFactory as _, Parser, Subcommand};
use clap_complete::Shell;
use cloakroom::{AnyStore, Setting, Settings};

use crate::commands::{self, Mode, Swept, Touch};
use crate::configuration::Need;
use crate::output::BAD;
use crate::{Address, Configuration, Exit, Failure, Output, SessionCommand};

/// Looks after the sessions of a cloakroom application.
///
/// It reads the settings as the application does: `SESSION_STORE`, `SESSION_SECRET` and the others from the environment,
/// or a file with --config.
#[derive(Clone, Debug, Parser)]
#[command(name = "cloakroom", version, after_long_help = EXIT_CODES)]
pub struct Application {
    /// Prints JSON, for scripts
    #[arg(long, global = true)]
    json: bool,
    #[command(flatten)]
    configuration: Configuration,
    #[command(subcommand)]
    command: Command,
}

const EXIT_CODES: &str = "\
Exit codes:
  0  done, or the answer is yes
  1  failed: the store cannot be reached, or refused; what was done before stays done
  2  the command line or the settings are wrong; nothing was done
  3  the answer is no: there is no such session, it is no cookie of ours, not everything could be moved,
     the table is not up to date
  4  `check` found risks";

#[derive(Clone, Debug, Subcommand)]
enum Command {
    /// Makes a good secret, ready to paste into `SESSION_SECRET`
    Keygen,
    /// Reads the settings as the application would, tries the store, and tells what is risky
    Check(Check),
    /// Makes the store's table, or brings it up to date
    Migrate(Migrate),
    #[command(flatten)]
    Sessions(SessionCommand),
    /// Moves all sessions to another store while visitors are there
    #[command(long_about = MOVE)]
    Move(Move),
    /// Prints what makes a shell complete these commands
    Completions {
        /// The shell
        shell: Shell,
    },
}

const MOVE: &str = "\
Moves all sessions to another store while visitors are there.

Every process of the application must know both stores by then, as `Moving::new(old, new)`, after a first deployment
with `Moving::prepare(old, new)`: a process that knows only one of them does not see what has moved. Then this spares
the wait for sessions to move by themselves.

It may be broken off at any point and begun again. No session is lost, none is there twice, none that has ended comes
back. What has expired is deleted in the old store.";

#[derive(Args, Clone, Debug)]
struct Check {
    /// Writes nothing to the store: without it a record is written under a random id, and deleted
    #[arg(long)]
    read_only: bool,
}

#[derive(Args, Clone, Debug)]
struct Migrate {
    /// Changes nothing; tells whether there is something to do
    #[arg(long)]
    check: bool,
    /// Prints the SQL that makes the table, and changes nothing (PostgreSQL)
    #[arg(long, conflicts_with = "check")]
    sql: bool,
}

#[derive(Args, Clone, Debug)]
struct Move {
    /// The store that is left, as `SESSION_STORE`, or `env:NAME`
    from: Address,
    /// The new store, as `SESSION_STORE`, or `env:NAME`
    to: Address,
    /// The old store's table, if it is not `cloakroom_sessions` (PostgreSQL)
    #[arg(long, value_name = "NAME")]
    from_table: Option<String>,
    /// The new store's table, if it is not `cloakroom_sessions` (PostgreSQL)
    #[arg(long, value_name = "NAME")]
    to_table: Option<String>,
    /// How keys begin in the old store, if not with `cloakroom:` (Redis)
    #[arg(long, value_name = "PREFIX")]
    from_prefix: Option<String>,
    /// How keys begin in the new store, if not with `cloakroom:` (Redis)
    #[arg(long, value_name = "PREFIX")]
    to_prefix: Option<String>,
    /// Does not ask whether all processes know both stores
    #[arg(long)]
    yes: bool,
}

impl Application {
    /// Does what the command line says, and prints what came of it.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use clap::Parser as _;
    /// use cloakroom_cli::{Application, Exit};
    ///
    /// let application = Application::try_parse_from(["cloakroom", "--json", "keygen"])?;
    /// assert_eq!(application.run().await?, Exit::Done);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Failure`], whose [`exit`](Failure::exit) tells how the tool ends.
    pub async fn run(&self) -> Result<Exit, Failure> {
        let output = if self.json { Output::json() } else { Output::people() };
        match &self.command {
            Command::Keygen => {
                output.print(&commands::keygen()?)?;
                Ok(Exit::Done)
            }
            Command::Check(Check { read_only }) => {
                let (settings, origins) = self.configuration.settings()?;
                let touch = if *read_only { Touch::Read } else { Touch::Write };
                let checkup = commands::check(&settings, &origins, touch).await?;
                output.print(&checkup)?;
                Ok(checkup.exit())
            }
            Command::Migrate(migrate) => migrate.run(&self.configuration, &output).await,
            Command::Sessions(SessionCommand::Sweep(_))
                if self.configuration.expires_by_itself()? =>
            {
                output.note("Redis removes what has expired by itself: there is nothing to do");
                output.print(&Swept::NOTHING)?;
                Ok(Exit::Done)
            }
            Command::Sessions(command) => {
                let need = if command.needs_secret() { Need::Secret } else { Need::Store };
                let sessions = self.configuration.sessions(need).await?;
                command.run(&sessions, &output).await
            }
            Command::Move(relocation) => relocation.run(&output).await,
            Command::Completions { shell } => {
                let (mut command, mut script) = (Self::command(), Vec::new());
                clap_complete::generate(*shell, &mut command, "cloakroom", &mut script);
                output.text(&String::from_utf8_lossy(&script))?;
                Ok(Exit::Done)
            }
        }
    }
}

impl Application {
    /// Tells on the standard error why it failed.
    pub fn tell(&self, failure: &Failure) {
        Output::people().note(&format!("{BAD}cloakroom:{BAD:#} {}", failure.chain()));
    }
}

impl Migrate {
    async fn run(&self, configuration: &Configuration, output: &Output) -> Result<Exit, Failure> {
        let (settings, _) = configuration.settings()?;
        if self.sql {
            let schema = settings.schema().await?;
            let sql = schema.and_then(|schema| schema.sql);
            let sql = sql.ok_or_else(|| Failure::usage("--sql is for PostgreSQL"))?;
            output.text(&sql)?;
            return Ok(Exit::Done);
        }
        let mode = if self.check { Mode::Look } else { Mode::Migrate };
        let migrated = commands::migrate(&settings, mode).await?;
        output.print(&migrated)?;
        Ok(Exit::of(migrated.is_current()))
    }
}

impl Move {
    async fn run(&self, output: &Output) -> Result<Exit, Failure> {
        let old = settings(&self.from, self.from_table.as_ref(), self.from_prefix.as_ref())?;
        let new = settings(&self.to, self.to_table.as_ref(), self.to_prefix.as_ref())?;
        let shown = |settings: &Settings| settings.shown(Setting::Store).unwrap_or_default();
        if self.from.resolve()? == self.to.resolve()?
            && (&self.from_table, &self.from_prefix) == (&self.to_table, &self.to_prefix)
        {
            return Err(Failure::usage("both are the same store"));
        }
        let nothing = old.schema().await?.is_some_and(|schema| schema.found.is_none());
        if nothing {
            let old = shown(&old);
            return Err(Failure::usage(format!("there are no sessions in {old}: no table")));
        }
        let question = format!(
            "all sessions in {} move to {}: every process of the application must know both, as `Moving::new`",
            shown(&old),
            shown(&new)
        );
        output.confirm(&question, self.yes)?;
        let (old, new) = (open(&old).await?, open(&new).await?);
        let progress = output.progress("records moved");
        let relocated = commands::relocate(old, new, &progress).await?;
        drop(progress);
        output.print(&relocated)?;
        Ok(Exit::of(relocated.is_all()))
    }
}

fn settings(
    address: &Address,
    table: Option<&String>,
    prefix: Option<&String>,
) -> Result<Settings, Failure> {
    let mut settings = Settings::default().set(Setting::Store, address.resolve()?.as_str());
    if let Some(table) = table {
        settings = settings.set(Setting::StoreTable, table);
    }
    if let Some(prefix) = prefix {
        settings = settings.set(Setting::StorePrefix, prefix);
    }
    Ok(settings)
}

async fn open(settings: &Settings) -> Result<AnyStore, Failure> {
    match settings.open_store().await? {
        Some(AnyStore::Memory(_)) => {
            Err(Failure::usage("what is in another process's memory cannot be moved"))
        }
        Some(store) => Ok(store),
        None => Err(Failure::usage("sessions that travel in the cookie do not move")),
    }
}
