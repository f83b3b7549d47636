//! The commands that work on any application's sessions.

use std::io::{self, IsTerminal as _, Read as _};
use std::time::Duration;

use clap::{ArgGroup, Args, Subcommand};
use cloakroom::{Id, Sessions, UserId};
use zeroize::Zeroizing;

use crate::commands::{self, Content};
use crate::{Exit, Failure, Output};

/// Looks after the sessions of an application: a subcommand for its own admin command, and most of the tool `cloakroom`.
#[derive(Clone, Debug, Subcommand)]
#[non_exhaustive]
pub enum SessionCommand {
    /// Counts sessions: by age, signed in or not, and their bytes
    Stats,
    /// Lists the sessions of a user
    List(List),
    /// Shows one session, without its data
    Show(Show),
    /// Ends one session, all of a user, or everybody's
    Revoke(Revoke),
    /// Tells what a cookie is: ours or not, by which key, of which session
    Inspect(Inspect),
    /// Deletes what has expired, once or again and again
    Sweep(Sweep),
}

/// Whose sessions are listed.
#[derive(Args, Clone, Debug)]
#[non_exhaustive]
pub struct List {
    /// The user's id, as the application gives it to `sign_in`
    #[arg(long, value_name = "ID", value_parser = user)]
    pub user: UserId,
}

/// Which session is shown.
#[derive(Args, Clone, Debug)]
#[non_exhaustive]
pub struct Show {
    /// The session's id, as `list` tells it
    pub id: Id,
    /// Shows what the session holds, too: the visitor's data
    #[arg(long)]
    pub data: bool,
}

/// What is ended.
#[derive(Args, Clone, Debug)]
#[command(group(ArgGroup::new("whose").required(true).args(["id", "user", "all"])))]
#[non_exhaustive]
pub struct Revoke {
    /// The session's id, as `list` tells it
    pub id: Option<Id>,
    /// The user's id: all sessions of the user
    #[arg(long, value_name = "ID", value_parser = user)]
    pub user: Option<UserId>,
    /// All sessions that began before now, of users and visitors
    #[arg(long)]
    pub all: bool,
    /// Does not ask whether --all is meant
    #[arg(long)]
    pub yes: bool,
}

/// Which cookie is looked at.
#[derive(Args, Clone, Debug)]
#[non_exhaustive]
pub struct Inspect {
    /// The cookie's value, `name=value`, or a whole Cookie header; without it, or with `-`, it is read from the standard
    /// input, where it stays out of the shell's history
    #[arg(value_name = "COOKIE", hide_default_value = true)]
    pub cookie: Option<String>,
    /// Shows what the session holds, too: the visitor's data
    #[arg(long)]
    pub data: bool,
}

/// When it is swept.
#[derive(Args, Clone, Debug)]
#[non_exhaustive]
pub struct Sweep {
    /// Sweeps again after each such time, until it is told to end (SIGINT, SIGTERM)
    #[arg(long, value_name = "TIME", value_parser = humantime::parse_duration)]
    pub every: Option<Duration>,
}

/// Longest cookie that is read: more than any browser sends.
const LONGEST_COOKIE: u64 = 64 * 1024;

fn user(text: &str) -> Result<UserId, cloakroom::InvalidUserId> {
    UserId::new(text)
}

impl SessionCommand {
    /// Does it on these sessions, and prints what came of it.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use cloakroom::{MemoryStore, Secret, Sessions};
    /// use cloakroom_cli::{Exit, Output, SessionCommand};
    ///
    /// let sessions = Sessions::builder(MemoryStore::new()).secret(Secret::generate()?).build()?;
    /// let exit = SessionCommand::Stats.run(&sessions, &Output::json()).await?;
    /// assert_eq!(exit, Exit::Done);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Failure`] if the store fails, or cannot do what is asked.
    pub async fn run(&self, sessions: &Sessions, output: &Output) -> Result<Exit, Failure> {
        match self {
            Self::Stats => {
                let stats = commands::stats(sessions, &output.progress("records counted")).await?;
                output.print(&stats)?;
                Ok(Exit::Done)
            }
            Self::List(List { user }) => {
                output.print(&commands::list(sessions, user).await?)?;
                Ok(Exit::Done)
            }
            Self::Show(Show { id, data }) => {
                let shown = commands::show(sessions, *id, content(*data)).await?;
                output.print(&shown)?;
                Ok(Exit::of(shown.session.is_some()))
            }
            Self::Revoke(revoke) => revoke.run(sessions, output).await,
            Self::Inspect(Inspect { cookie, data }) => {
                let cookie = read_cookie(cookie.as_deref())?;
                let found = commands::inspect(sessions, &cookie, content(*data)).await?;
                output.print(&found)?;
                Ok(Exit::of(found.good))
            }
            Self::Sweep(Sweep { every: None }) => {
                output.print(&commands::sweep(sessions).await?)?;
                Ok(Exit::Done)
            }
            Self::Sweep(Sweep { every: Some(pause) }) => {
                sweep_for_ever(sessions, output, *pause).await
            }
        }
    }

    /// Tells whether it looks at cookies, and so needs the application's secret.
    pub(crate) const fn needs_secret(&self) -> bool {
        matches!(self, Self::Inspect(_))
    }
}

impl Revoke {
    async fn run(&self, sessions: &Sessions, output: &Output) -> Result<Exit, Failure> {
        if let Some(id) = self.id {
            let revoked = commands::revoke_one(sessions, id).await?;
            output.print(&revoked)?;
            return Ok(Exit::of(revoked.ended > 0));
        }
        let revoked = match &self.user {
            Some(user) => commands::revoke_user(sessions, user).await?,
            None => {
                output.confirm("this signs everybody out and empties every cart", self.yes)?;
                let progress = output.progress("sessions ended");
                commands::revoke_everybody(sessions, &progress).await?
            }
        };
        output.print(&revoked)?;
        Ok(Exit::of(revoked.unreadable == 0))
    }
}

const fn content(data: bool) -> Content {
    if data { Content::Shown } else { Content::Hidden }
}

fn read_cookie(given: Option<&str>) -> Result<Zeroizing<String>, Failure> {
    if let Some(cookie) = given.filter(|cookie| *cookie != "-") {
        return Ok(Zeroizing::new(cookie.to_owned()));
    }
    let mut cookie = Zeroizing::new(String::new());
    let read = if io::stdin().is_terminal() {
        rpassword::prompt_password("cookie (it does not show): ")
            .map(|typed| *cookie = typed)
            .map(drop)
    } else {
        io::stdin().take(LONGEST_COOKIE).read_to_string(&mut cookie).map(drop)
    };
    read.map_err(|source| Failure::Io { what: "no cookie can be read".to_owned(), source })?;
    match cookie.trim() {
        "" => Err(Failure::usage("give a cookie, on the standard input or as an argument")),
        _ => Ok(cookie),
    }
}

/// Sweeps until a signal comes. A sweep that fails is told, and the next one may work.
async fn sweep_for_ever(
    sessions: &Sessions,
    output: &Output,
    pause: Duration,
) -> Result<Exit, Failure> {
    if pause.is_zero() {
        return Err(Failure::usage("--every takes a time that is longer than nothing"));
    }
    let end = end()?;
    tokio::pin!(end);
    loop {
        let sweep = async {
            match commands::sweep(sessions).await {
                Ok(swept) => output.print(&swept),
                Err(error) => {
                    output.note(&error.chain());
                    Ok(())
                }
            }
        };
        tokio::select! {
            swept = sweep => swept?,
            () = &mut end => return Ok(Exit::Done),
        }
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            () = &mut end => return Ok(Exit::Done),
        }
    }
}

/// Resolves when the process is told to end.
#[cfg(unix)]
fn end() -> Result<impl Future<Output = ()>, Failure> {
    use tokio::signal::unix::{SignalKind, signal};
    let listen = |kind| {
        signal(kind).map_err(|source| Failure::Io {
            what: "signals cannot be listened to".to_owned(),
            source,
        })
    };
    let (mut interrupt, mut terminate) =
        (listen(SignalKind::interrupt())?, listen(SignalKind::terminate())?);
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    })
}

#[cfg(not(unix))]
fn end() -> Result<impl Future<Output = ()>, Failure> {
    Ok(async {
        // Where no signal can be heard, the process is ended without being asked.
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    })
}
