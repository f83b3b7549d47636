//! How much memory the tool takes, with few sessions and with many: about the same.
//!
//! `cargo test --release -p cloakroom-cli --test tool -- --ignored --nocapture memory::`

use std::fs;
use std::time::{Duration, Instant};

use cloakroom::{AnyStore, Operation, Outcome, Record, Setting, Store as _};

use crate::support::{Place, finish, record, tool};

const FEW: usize = 20_000;
const MANY: usize = 200_000;

/// What a session holds here, in bytes: about what one of a shop does.
const CONTENT: usize = 300;

#[test]
#[ignore = "takes minutes"]
fn memory_is_flat_however_many_sessions_there_are() {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        for make in [Place::sqlite, Place::postgres, Place::redis] {
            for what in ["stats", "sweep", "move", "revoke"] {
                let mut peaks = [0; 2];
                for (peak, count) in peaks.iter_mut().zip([FEW, MANY]) {
                    *peak = measure(&make(), what, count).await;
                }
                // What is loaded once, and a little for luck.
                assert!(peaks[1] < peaks[0] + 4_096, "{what}: {peaks:?} KiB");
            }
        }
    });
}

/// Fills a store, lets the tool work on it, and returns its peak in KiB.
async fn measure(place: &Place, what: &str, count: usize) -> u64 {
    let is_redis = place.name == "redis";
    let life = if what == "sweep" && !is_redis { -1 } else { 3_600_000 };
    fill(&place.store().await, count, life).await;
    let target = Place::sqlite();
    let mut command = match what {
        "move" => {
            let mut command = tool(&["move", "env:OLD", "env:NEW", "--yes"]);
            let prefix = place.get(Setting::StorePrefix);
            if is_redis {
                command.args(["--from-prefix", prefix]);
            }
            command.env("OLD", place.get(Setting::Store));
            command.env("NEW", target.get(Setting::Store));
            command
        }
        "revoke" => place.command(&["revoke", "--all", "--yes"]),
        other => place.command(&[other]),
    };
    let began = Instant::now();
    let mut child = command.spawn().unwrap();
    let status = format!("/proc/{}/status", child.id());
    let mut peak = 0;
    // The last look counts: before the program is loaded it is the test's own memory.
    while child.try_wait().unwrap().is_none() {
        peak = high_water(&status).unwrap_or(peak);
        std::thread::sleep(Duration::from_millis(2));
    }
    let (took, done) = (began.elapsed(), finish(child));
    assert_eq!(done.code, 0, "{done:?}");
    println!(
        "{:<8} {what:<6} {count:>7} sessions: {:>6.1} MiB, {:>6.1} s",
        place.name,
        peak as f64 / 1024.0,
        took.as_secs_f64()
    );
    peak
}

fn high_water(status: &str) -> Option<u64> {
    let status = fs::read_to_string(status).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().strip_suffix(" kB")?.parse().ok()
}

async fn fill(store: &AnyStore, count: usize, life: i64) {
    let text = format!(r#"{{"format":1,"data":{{"cart":"{}"}}}}"#, "x".repeat(CONTENT));
    let records = (0..count).map(|_| -> Record { record(&text, life) });
    let operations: Vec<_> = records.map(Operation::Create).collect();
    for batch in operations.chunks(500) {
        let outcomes = store.write_many(batch).await.unwrap();
        assert!(outcomes.iter().all(|outcome| *outcome == Outcome::Applied));
    }
}
