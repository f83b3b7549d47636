//! From a ratio to a length on the paper.

/// A scale that begins at nothing and ends at one, or at the next quarter above the largest ratio.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Scale {
    end: f64,
    length: f64,
}

impl Scale {
    /// A scale of this length, on which every ratio has its place.
    pub(super) fn new(ratios: impl IntoIterator<Item = f64>, length: f64) -> Self {
        let largest = ratios.into_iter().fold(1.0, f64::max);
        Self { end: (largest * 4.0).ceil() / 4.0, length }
    }

    /// How far from the beginning a ratio stands, to a tenth.
    pub(super) fn at(self, ratio: f64) -> f64 {
        (ratio / self.end * self.length * 10.0).round() / 10.0
    }

    /// Where lines help the eye: each half.
    pub(super) fn marks(self) -> impl Iterator<Item = f64> {
        (0..).map(|half| f64::from(half) / 2.0).take_while(move |mark| *mark <= self.end)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_is_the_end_where_nothing_is_more() {
        let scale = Scale::new([0.2, 0.9], 200.0);
        assert_eq!(scale.at(0.0), 0.0);
        assert_eq!(scale.at(0.5), 100.0);
        assert_eq!(scale.at(1.0), 200.0);
        assert_eq!(scale.marks().collect::<Vec<_>>(), [0.0, 0.5, 1.0]);
        assert_eq!(Scale::new([], 200.0), scale);
    }

    #[test]
    fn what_is_more_than_one_still_fits() {
        let scale = Scale::new([0.2, 1.01, 0.9], 125.0);
        assert_eq!(scale.at(1.25), 125.0);
        assert_eq!(scale.at(1.0), 100.0);
        assert_eq!(scale.marks().collect::<Vec<_>>(), [0.0, 0.5, 1.0]);
    }
}
