//! The chart on paper: where each thing stands, and `templates/chart.svg`, which says how it looks.

use anyhow::{Context, Result};
use askama::Template;

use super::{
    groups::{Group, Line, PATHS},
    scale::Scale,
};
use crate::compare::{report::Load, summary::Ratio};

// Narrow, so that the text is legible on a telephone, where the picture is made smaller.
const WIDTH: f64 = 440.0;
const MARGIN: f64 = 12.0;
const NAMES: f64 = 128.0;
const COLUMN: f64 = (WIDTH - MARGIN * 2.0 - NAMES) / 2.0;
/// What is left of a column for the bars, beside the number.
const BAR: f64 = COLUMN - 42.0;
const TOP: f64 = 104.0;
const HEADING: f64 = 30.0;
const ROW: f64 = 20.0;
const NOTE: f64 = 16.0;

/// What is special, by the sign that ends a name.
const FOOTNOTES: [(&str, &str); 2] = [
    ("¹", "¹ In actix-web, beside bare actix-web; all others in axum."),
    ("²", "² Reads from its process’s memory; others’ writes do not show."),
];

/// Everything in its place, for the template.
#[derive(Debug, Template)]
#[template(path = "chart.svg", escape = "html")]
pub(super) struct Drawing {
    width: f64,
    height: f64,
    margin: f64,
    summary: String,
    columns: Vec<(f64, &'static str)>,
    /// From the left of each column.
    marks: Vec<f64>,
    top: f64,
    bottom: f64,
    headings: Vec<(f64, String)>,
    rows: Vec<Row>,
    notes: Vec<(f64, String)>,
}

#[derive(Debug)]
struct Row {
    y: f64,
    name: &'static str,
    class: &'static str,
    bars: Vec<Bar>,
}

/// All but `x` is counted from there.
#[derive(Debug)]
struct Bar {
    x: f64,
    length: f64,
    least: f64,
    most: f64,
    number_end: f64,
    number: String,
}

impl Drawing {
    pub(super) fn new(results: &[Load], groups: &[Group]) -> Self {
        let lines = || groups.iter().flat_map(|group| &group.lines);
        let ratios = lines().flat_map(|line| line.ratios).flatten().map(|ratio| ratio.most);
        let scale = Scale::new(ratios, BAR);

        let (mut headings, mut rows, mut y) = (Vec::new(), Vec::new(), TOP);
        for group in groups {
            headings.push((y + 20.0, heading(group)));
            y += HEADING;
            for Line { name, role, ratios } in &group.lines {
                let bars = ratios.iter().enumerate();
                let bars = bars.filter_map(|(n, ratio)| Some(bar(scale, column(n), (*ratio)?)));
                rows.push(Row { y, name, class: role.class(), bars: bars.collect() });
                y += ROW;
            }
        }
        let bottom = y + 4.0;
        let mut notes = Vec::new();
        for note in runs(results).into_iter().chain(remarks(groups)) {
            y += NOTE;
            notes.push((y + 8.0, note));
        }
        Self {
            width: WIDTH,
            height: y + NOTE + 6.0,
            margin: MARGIN,
            summary: summary(groups),
            columns: PATHS.iter().enumerate().map(|(n, path)| (column(n), *path)).collect(),
            marks: scale.marks().map(|mark| scale.at(mark)).collect(),
            top: TOP,
            bottom,
            headings,
            rows,
            notes,
        }
    }

    pub(super) fn svg(&self) -> Result<String> {
        self.render().context("cannot draw")
    }
}

/// Where a path's column begins.
fn column(index: usize) -> f64 {
    MARGIN + NAMES + COLUMN * index as f64
}

fn bar(scale: Scale, x: f64, ratio: Ratio) -> Bar {
    Bar {
        x,
        length: scale.at(ratio.median),
        least: scale.at(ratio.least),
        most: scale.at(ratio.most),
        number_end: COLUMN - 8.0,
        number: number(ratio.median),
    }
}

fn number(ratio: f64) -> String {
    format!("{ratio:.2}")
}

fn heading(group: &Group) -> String {
    match group.sessions {
        1 => format!("{}, one session", group.store),
        sessions => format!("{}, {sessions} sessions", group.store),
    }
}

/// What a reader who does not see the picture is told.
fn summary(groups: &[Group]) -> String {
    let groups = groups.iter().map(|group| {
        let lines = group.lines.iter().map(|line| {
            let numbers = line.ratios.map(|ratio| {
                ratio.map_or_else(|| "not measured".to_owned(), |ratio| number(ratio.median))
            });
            format!("{} {}", line.name, numbers.join(" and "))
        });
        format!(" {}: {}.", heading(group), lines.collect::<Vec<_>>().join("; "))
    });
    format!("{}.{}", PATHS.join(" and "), groups.collect::<String>())
}

/// How it was measured.
fn runs(results: &[Load]) -> Vec<String> {
    let runs = results.iter().map(|Load { options, .. }| {
        let (rounds, seconds) = (options.rounds, options.seconds);
        format!("Median of {rounds} × {seconds} s, {} connections.", options.connections)
    });
    let mut runs: Vec<_> = runs.collect();
    runs.dedup();
    runs
}

fn remarks(groups: &[Group]) -> impl Iterator<Item = String> {
    let ends = |sign: &str| {
        groups.iter().flat_map(|group| &group.lines).any(|line| line.name.ends_with(sign))
    };
    let always = [
        "Thin lines: the least and the most of the rounds.",
        "Limit: the same store or cipher, without a session layer.",
    ];
    let footnotes = FOOTNOTES.iter().filter(move |(sign, _)| ends(sign)).map(|(_, note)| *note);
    always.into_iter().chain(footnotes).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compare::chart::{
        groups::groups,
        shelf::{Role, Store},
    };
    use crate::compare::measured::Measured;
    use crate::compare::report::tests::{load, row};

    fn drawing() -> Drawing {
        let rows = vec![
            row("/read", Measured::CloakroomMemory, 0.92),
            row("/write", Measured::CloakroomMemory, 0.5),
            row("/read", Measured::LimitRedis, 0.25),
        ];
        let results = [load(400, rows)];
        Drawing::new(&results, &groups(&results))
    }

    #[test]
    fn bars_are_as_long_as_their_ratios_and_stay_in_their_columns() {
        let drawing = drawing();
        let lengths: Vec<Vec<_>> = drawing
            .rows
            .iter()
            .map(|row| row.bars.iter().map(|bar| bar.length).collect())
            .collect();
        assert_eq!(BAR, 102.0);
        assert_eq!(lengths, [vec![93.8, 51.0], vec![25.5]]);
        for bar in drawing.rows.iter().flat_map(|row| &row.bars) {
            assert!(bar.least < bar.length && bar.length < bar.most && bar.most <= BAR);
            assert!(bar.x + bar.number_end < WIDTH);
        }
    }

    #[test]
    fn the_picture_tells_its_numbers_in_words_too() {
        let svg = drawing().svg().unwrap();
        assert!(svg.contains("In memory, 400 sessions: cloakroom 0.92 and 0.50."));
        assert!(svg.contains("limit 0.25 and not measured."));
        assert_eq!(svg.matches(r#"class="bar ours""#).count(), 2);
        assert_eq!(svg.matches(r#"class="bar limit""#).count(), 1);
    }

    #[test]
    fn text_cannot_become_markup() {
        let line = Line { name: "<b>&", role: Role::Peer, ratios: [None; 2] };
        let group = Group { store: Store::Redis, sessions: 1, lines: vec![line] };
        let svg = Drawing::new(&[], &[group]).svg().unwrap();
        assert!(!svg.contains("<b>"));
    }

    #[test]
    fn a_footnote_stands_only_under_what_it_explains() {
        let of = |system| {
            let results = [load(1, vec![row("/read", system, 0.5)])];
            Drawing::new(&results, &groups(&results)).svg().unwrap()
        };
        assert!(!of(Measured::CloakroomMemory).contains('¹'));
        assert!(of(Measured::CloakroomActixMemory).contains("¹ In actix-web"));
    }
}
