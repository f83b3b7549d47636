//! The table of what the visitors saw.

use std::time::Duration;

use comfy_table::{Table, presets::ASCII_MARKDOWN};

use super::Promise;
use super::visitors::Seen;

/// One scene and how it went.
#[derive(Debug)]
pub(super) struct Row {
    pub(super) name: &'static str,
    pub(super) promise: Promise,
    pub(super) outage: Duration,
    /// From the end of the outage until each visitor was served again.
    pub(super) all_served: Option<Duration>,
    pub(super) seen: Seen,
}

impl Row {
    /// Tells whether every promise was kept.
    pub(super) fn is_right(&self) -> bool {
        let Seen { strange, emptied, lost, .. } = self.seen;
        let kept = match self.promise {
            Promise::Kept => emptied == 0 && lost == 0,
            Promise::Forgotten => emptied > 0 && lost == 0,
            Promise::Replicated => true,
        };
        strange == 0 && kept && self.all_served.is_some()
    }
}

pub(super) fn table(rows: &[Row]) -> Table {
    let mut table = Table::new();
    table.load_style(ASCII_MARKDOWN).set_header([
        "fault",
        "lasted",
        "answered",
        "503 + Retry-After",
        "anything else",
        "longest wait",
        "all served again after",
        "sessions emptied",
        "acknowledged and lost",
        "",
    ]);
    for row in rows {
        let seconds = |time: Duration| format!("{:.2} s", time.as_secs_f64());
        table.add_row([
            row.name.to_owned(),
            seconds(row.outage),
            row.seen.answered.to_string(),
            row.seen.unavailable.to_string(),
            row.seen.strange.to_string(),
            seconds(row.seen.longest),
            row.all_served.map_or_else(|| "never".to_owned(), seconds),
            row.seen.emptied.to_string(),
            row.seen.lost.to_string(),
            if row.is_right() { "right" } else { "WRONG" }.to_owned(),
        ]);
    }
    table
}
