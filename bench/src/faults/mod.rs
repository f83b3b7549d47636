//! Real servers, broken while visitors work: what did they see, what was lost, how soon was it well again?

mod application;
mod report;
mod scenes;
mod visitors;

use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::Result;
use clap::Parser;
use cloakroom::Store;

use self::application::Application;
use self::report::Row;
use self::visitors::Visitors;

/// Breaks servers under load and prints what the visitors saw.
#[derive(Debug, Parser)]
struct Options {
    /// Only the scenes whose name contains this text
    #[arg(long, default_value = "")]
    only: String,
}

/// How long everything is well before and after.
const CALM: Duration = Duration::from_millis(1_500);

/// How long a request waits for its store: short, so that faults show.
const PATIENCE: Duration = Duration::from_secs(1);

/// How long we wait until all visitors are served again.
const LONGEST_RECOVERY: Duration = Duration::from_secs(60);

/// What must become of sessions that were there before the fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Promise {
    /// Every acknowledged change is there.
    Kept,
    /// The server forgot everything, as it says it does: visitors start over, and no error follows.
    Forgotten,
    /// What had not reached the replica yet may be gone, as Redis says: it answers before it replicates.
    Replicated,
}

/// Reads the command line, plays the scenes and prints the table.
pub fn main() -> Result<()> {
    let options = Options::parse();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let rows = scenes::play(&runtime, &options.only)?;
    println!("{}", report::table(&rows));
    anyhow::ensure!(rows.iter().all(Row::is_right), "a promise was broken");
    Ok(())
}

/// Plays one scene: visitors work, `break_it` breaks the server and puts it right again.
fn play(
    runtime: &tokio::runtime::Runtime,
    name: &'static str,
    promise: Promise,
    store: impl Store,
    break_it: impl FnOnce() -> Result<()>,
) -> Result<Row> {
    eprintln!("{name}");
    let application = Application::start(runtime, store)?;
    let visitors = Visitors::come(application.address, 32);
    sleep(CALM);
    let broken = Instant::now();
    break_it()?;
    let healed = Instant::now();
    let all_served = visitors.wait_for_all(healed, LONGEST_RECOVERY);
    sleep(CALM);
    let seen = visitors.leave();
    Ok(Row { name, promise, outage: healed - broken, all_served, seen })
}
