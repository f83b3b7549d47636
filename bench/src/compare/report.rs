//! The tables that people read, and the JSON that programs read.

use comfy_table::{CellAlignment, Table, presets};
use serde::{Deserialize, Serialize};

use super::{
    load::Sample,
    options::Options,
    summary::{self, Ratio},
    tally::{self, Amount},
};

/// The result of a load, as JSON.
#[derive(Debug, Deserialize, Serialize)]
pub(super) struct Load {
    pub(super) options: Options,
    pub(super) rows: Vec<summary::Row>,
    pub(super) samples: Vec<Sample>,
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

#[cfg(test)]
pub(super) mod tests {
    use clap::Parser as _;

    use super::*;
    use crate::compare::measured::Measured;

    /// What one system shows on one path, with a range of a twentieth to each side.
    pub(in crate::compare) fn row(path: &str, system: Measured, median: f64) -> summary::Row {
        summary::Row {
            path: path.to_owned(),
            system,
            requests_per_second: median * 1_000.0,
            to_bare: Some(Ratio { least: median * 0.95, median, most: median * 1.05 }),
            to_peer: None,
            to_limit: None,
            processor_microseconds: None,
            processor_to_bare: None,
            errors: 0,
        }
    }

    /// The result of a load over this many sessions.
    pub(in crate::compare) fn load(sessions: u32, rows: Vec<summary::Row>) -> Load {
        let options = Options::parse_from(["compare", "--sessions", &sessions.to_string()]);
        Load { options, rows, samples: Vec::new() }
    }

    #[test]
    fn a_result_is_read_as_it_was_written() {
        let written = load(400, vec![row("/read", Measured::CloakroomActixCookie, 0.8)]);
        let text = serde_json::to_string(&written).unwrap();
        let read: Load = serde_json::from_str(&text).unwrap();
        assert_eq!(read.rows, written.rows);
        assert_eq!(read.options.sessions, 400);
    }
}
