//! A million sessions in each store: what does a read cost, how many bytes does a session take, and whom does a sweep
//! disturb?

mod by_turns;
mod people;
mod places;
mod plain;
mod reading;
mod site;

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::Result;
use clap::Parser;
use comfy_table::{Table, presets};

use self::by_turns::ByTurns;
use self::people::People;
use self::places::{House, Place};
use self::plain::Plain;
use self::reading::{percentile, read_at_leisure};
use self::site::Site;
use crate::wrk;

/// Fills stores and measures.
#[derive(Debug, Parser)]
struct Options {
    /// How many sessions are many
    #[arg(long, default_value_t = 1_000_000)]
    sessions: usize,
    /// How many are few
    #[arg(long, default_value_t = 1_000)]
    few: usize,
    /// The stores to fill, separated by commas
    #[arg(long, value_delimiter = ',', default_values = ["memory", "sqlite", "sqlite-mapped", "postgres", "redis"])]
    stores: Vec<String>,
    /// How often to measure few and many by turns
    #[arg(long, default_value_t = 7)]
    rounds: usize,
}

/// How long sessions live that are not to die.
const LIFE: Duration = Duration::from_secs(7_200);

/// How long one measurement of `/read` lasts, in seconds.
const ROUND: u32 = 3;

/// How long visitors come now and then, to see how long they wait.
const IDLE: Duration = Duration::from_secs(20);
const LONGEST_SWEEP: Duration = Duration::from_secs(900);

/// Reads the command line, fills, measures and prints.
pub fn main() -> Result<()> {
    let options = Options::parse();
    wrk::check()?;
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    let mut table = Table::new();
    table.load_style(presets::ASCII_MARKDOWN).set_header([
        "store",
        "bytes a session",
        "µs a read, among few",
        "among many",
        "ratio",
        "µs a row of the database alone, among few",
        "among many",
        "swept",
        "in",
        "p99 idle",
        "p99 while sweeping",
        "of idle",
    ]);
    for name in &options.stores {
        table.add_row(runtime.block_on(measure(name, &options))?);
    }
    println!("{table}");
    Ok(())
}

async fn measure(name: &str, options: &Options) -> Result<[String; 12]> {
    eprintln!("{name}: filling");
    let place = Place::open(name).await?;
    let few = People::born(options.few, Duration::ZERO, LIFE).await?;
    let many = People::born(options.sessions, Duration::ZERO, LIFE).await?;
    let few = place.house("few").await?.fill(few).await?;
    let empty = place.bytes(&few)?;
    let many = place.house("many").await?.fill(many).await?;
    let bytes = (place.bytes(&many)? - empty) / options.sessions as f64;

    eprintln!("{name}: reading");
    let alone = alone(&place, &few, &many, options.rounds).await?;
    let (few, many) = (Site::open(&few).await?, Site::open(&many).await?);
    let reads = ByTurns::measure(
        options.rounds,
        async || few.microseconds(ROUND).await,
        async || many.microseconds(ROUND).await,
    )
    .await?;

    eprintln!("{name}: sweeping");
    let guests = place.house("swept").await?;
    let living = People::born(options.few, Duration::ZERO, LIFE).await?;
    let (ago, life) = place.death();
    let dead = People::born(options.sessions / 2, ago, life).await?;
    let filling = Instant::now();
    let guests = guests.fill(dead).await?;
    let filled = Instant::now();
    let guests = guests.fill(living).await?;
    let idle = percentile(read_at_leisure(&guests, &AtomicBool::new(false), IDLE).await, 0.99);
    // Where the server deletes by itself: when the first die.
    tokio::time::sleep_until((filling + life).into()).await;
    let (done, began) = (AtomicBool::new(false), Instant::now());
    let sweep = async {
        let swept = guests.sweep(filled + life).await;
        done.store(true, Ordering::Relaxed);
        (swept, began.elapsed())
    };
    let (busy, (swept, took)) = tokio::join!(read_at_leisure(&guests, &done, LONGEST_SWEEP), sweep);
    let busy = percentile(busy, 0.99);
    Ok([
        name.to_owned(),
        format!("{bytes:.0}"),
        format!("{:.1}", reads.few()),
        format!("{:.1}", reads.many()),
        format!("{:.2}", reads.ratio()),
        alone.as_ref().map_or_else(String::new, |alone| format!("{:.1}", alone.few())),
        alone.as_ref().map_or_else(String::new, |alone| format!("{:.1}", alone.many())),
        swept?,
        format!("{:.1} s", took.as_secs_f64()),
        format!("{:.2} ms", idle.as_secs_f64() * 1e3),
        format!("{:.2} ms", busy.as_secs_f64() * 1e3),
        format!("{:.2}", busy.as_secs_f64() / idle.as_secs_f64()),
    ])
}

/// Measures a plain statement; `None` where there is none.
async fn alone(place: &Place, few: &House, many: &House, rounds: usize) -> Result<Option<ByTurns>> {
    let (few, many) = (Plain::open(place, few).await?, Plain::open(place, many).await?);
    let (Some(mut few), Some(mut many)) = (few, many) else { return Ok(None) };
    let times = ByTurns::measure(
        rounds,
        async || few.microseconds().await,
        async || many.microseconds().await,
    );
    times.await.map(Some)
}
