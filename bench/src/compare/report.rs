//! The tables that people read, and the JSON that programs read.

use comfy_table::{CellAlignment, Table, presets};
use serde::Serialize;

use super::{
    load::Sample,
    options::Options,
    summary::{self, Ratio},
    tally::{self, Amount},
};

/// The result of a load, as JSON.
#[derive(Debug, Serialize)]
pub(super) struct Load<'a> {
    pub(super) options: &'a Options,
    pub(super) rows: &'a [summary::Row],
    pub(super) samples: &'a [Sample],
}

/// The result of a count, as JSON.
#[derive(Debug, Serialize)]
pub(super) struct Count<'a> {
    pub(super) options: &'a Options,
    pub(super) rows: &'a [tally::Row],
}

/// A load as a table, in Markdown.
pub(super) fn load(rows: &[summary::Row]) -> Table {
    let mut table = table(&[
        "path",
        "system",
        "req/s",
        "of bare",
        "of peer",
        "of limit",
        "CPU µs/req",
        "CPU, of bare",
        "errors",
    ]);
    for row in rows {
        table.add_row([
            row.path.clone(),
            row.system.to_string(),
            format!("{:.0}", row.requests_per_second),
            ratio(row.to_bare),
            ratio(row.to_peer),
            ratio(row.to_limit),
            row.processor_microseconds.map_or_else(String::new, |value| format!("{value:.1}")),
            ratio(row.processor_to_bare),
            row.errors.to_string(),
        ]);
    }
    table
}

/// A count as a table, in Markdown.
pub(super) fn count(rows: &[tally::Row]) -> Table {
    let mut table = table(&[
        "path",
        "system",
        "instructions",
        "added",
        "of peer's",
        "allocations",
        "added",
        "of peer's",
        "bytes",
        "added",
        "of peer's",
    ]);
    for row in rows {
        let amounts = [row.instructions, row.allocations, row.bytes].map(amount);
        table.add_row(
            [row.path.clone(), row.system.to_string()]
                .into_iter()
                .chain(amounts.into_iter().flatten()),
        );
    }
    table
}

fn table(header: &[&str]) -> Table {
    let mut table = Table::new();
    table.load_style(presets::ASCII_MARKDOWN).set_header(header);
    for column in table.column_iter_mut().skip(2) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table
}

fn ratio(ratio: Option<Ratio>) -> String {
    ratio.map_or_else(String::new, |Ratio { least, median, most }| {
        format!("{median:.2} ({least:.2}–{most:.2})")
    })
}

fn amount(Amount { total, added, of_peer }: Amount) -> [String; 3] {
    [
        format!("{total:.0}"),
        added.map_or_else(String::new, |added| format!("{added:+.0}")),
        of_peer.map_or_else(String::new, |share| format!("{share:.2}")),
    ]
}
