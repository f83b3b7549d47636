//! Medians of a load's samples. A ratio compares two systems within one round, never across rounds.

use serde::{Deserialize, Serialize};

use super::{load::Sample, measured::Measured};

/// What the rounds say of one system on one path.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub(super) struct Row {
    pub(super) path: String,
    pub(super) system: Measured,
    /// The median of the rounds.
    pub(super) requests_per_second: f64,
    /// The median of the rounds' ratios to `bare`, if that was measured.
    pub(super) to_bare: Option<Ratio>,
    /// The same to the peer over the same kind of store.
    pub(super) to_peer: Option<Ratio>,
    /// The same to what the store allows without a session layer.
    pub(super) to_limit: Option<Ratio>,
    /// The median of the rounds.
    pub(super) processor_microseconds: Option<f64>,
    /// The median of the rounds' ratios of `bare`'s processor time to this system's.
    pub(super) processor_to_bare: Option<Ratio>,
    /// The sum of the rounds.
    pub(super) errors: u64,
}

/// What the rounds' ratios say.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
pub(super) struct Ratio {
    pub(super) least: f64,
    pub(super) median: f64,
    pub(super) most: f64,
}

impl Ratio {
    fn of(mut ratios: Vec<f64>) -> Option<Self> {
        ratios.sort_unstable_by(f64::total_cmp);
        Some(Self { least: *ratios.first()?, most: *ratios.last()?, median: median(ratios)? })
    }
}

/// One row for each path and system, in the order of paths, then systems.
pub(super) fn rows(samples: &[Sample]) -> Vec<Row> {
    let mut pairs: Vec<(&str, Measured)> = Vec::new();
    for path in samples.iter().map(|sample| &*sample.path) {
        if pairs.iter().all(|(known, _)| *known != path) {
            let mut systems: Vec<_> =
                samples.iter().filter(|s| s.path == path).map(|s| s.system).collect();
            systems.sort_unstable();
            systems.dedup();
            pairs.extend(systems.into_iter().map(|system| (path, system)));
        }
    }
    pairs.into_iter().filter_map(|(path, system)| row(samples, path, system)).collect()
}

fn row(samples: &[Sample], path: &str, system: Measured) -> Option<Row> {
    let own: Vec<&Sample> = of(samples, path, system).collect();
    let throughput =
        |own: &Sample, base: &Sample| Some(own.requests_per_second / base.requests_per_second);
    let thrift = |own: &Sample, base: &Sample| {
        Some(base.processor_microseconds? / own.processor_microseconds?)
    };
    let ratio = |base, to: fn(&Sample, &Sample) -> Option<f64>| {
        let ratios = own.iter().filter_map(|own| {
            to(own, of(samples, path, base).find(|base| base.round == own.round)?)
        });
        Ratio::of(ratios.collect())
    };
    Some(Row {
        path: path.to_owned(),
        system,
        requests_per_second: median(own.iter().map(|s| s.requests_per_second).collect())?,
        to_bare: ratio(system.bare(), throughput),
        to_peer: system.peer().and_then(|peer| ratio(peer, throughput)),
        to_limit: system.limit().and_then(|limit| ratio(limit, throughput)),
        processor_microseconds: median(
            own.iter().filter_map(|s| s.processor_microseconds).collect(),
        ),
        processor_to_bare: ratio(system.bare(), thrift),
        errors: own.iter().map(|s| s.errors).sum(),
    })
}

fn of<'a>(
    samples: &'a [Sample],
    path: &'a str,
    system: Measured,
) -> impl Iterator<Item = &'a Sample> {
    samples.iter().filter(move |sample| sample.path == path && sample.system == system)
}

/// The middle value, or the mean of the two in the middle.
fn median(mut values: Vec<f64>) -> Option<f64> {
    values.sort_unstable_by(f64::total_cmp);
    let middle = values.len() / 2;
    let upper = *values.get(middle)?;
    if values.len() % 2 == 1 { Some(upper) } else { Some(f64::midpoint(values[middle - 1], upper)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(round: u32, system: Measured, requests_per_second: f64) -> Sample {
        Sample {
            round,
            path: "/read".to_owned(),
            system,
            requests_per_second,
            processor_microseconds: Some(1_000.0 / requests_per_second),
            errors: 1,
        }
    }

    #[test]
    fn the_median_of_none_of_odd_and_of_even() {
        assert_eq!(median(vec![]), None);
        assert_eq!(median(vec![3.0, 1.0, 2.0]), Some(2.0));
        assert_eq!(median(vec![4.0, 1.0, 2.0, 3.0]), Some(2.5));
    }

    #[test]
    fn ratios_are_taken_within_a_round() {
        let samples = [
            sample(1, Measured::CloakroomMemory, 90.0),
            sample(1, Measured::Bare, 100.0),
            sample(2, Measured::CloakroomMemory, 45.0),
            sample(2, Measured::Bare, 50.0),
            sample(3, Measured::CloakroomMemory, 9.5),
            sample(3, Measured::Bare, 10.0),
        ];
        let rows = rows(&samples);
        assert_eq!(rows.len(), 2);
        assert_eq!(rows[0].system, Measured::Bare);
        assert_eq!(rows[0].requests_per_second, 50.0);
        assert_eq!(rows[1].to_bare, Some(Ratio { least: 0.9, median: 0.9, most: 0.95 }));
        assert_eq!(rows[1].processor_to_bare.map(|ratio| ratio.median), Some(0.9));
        assert_eq!(rows[1].to_peer, None);
        assert_eq!(rows[1].errors, 3);
    }

    #[test]
    fn without_bare_there_is_no_ratio_to_it() {
        let rows = rows(&[sample(1, Measured::CloakroomMemory, 90.0)]);
        assert_eq!(rows[0].to_bare, None);
    }
}
