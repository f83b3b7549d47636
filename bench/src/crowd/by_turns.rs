//! Few and many measured by turns, so that the machine's mood meets both alike.

use anyhow::Result;

/// Microseconds, one of each round.
pub(super) struct ByTurns {
    few: Vec<f64>,
    many: Vec<f64>,
}

impl ByTurns {
    /// Measures each of both once a round; now the one, now the other is first.
    pub(super) async fn measure(
        rounds: usize,
        mut few: impl AsyncFnMut() -> Result<f64>,
        mut many: impl AsyncFnMut() -> Result<f64>,
    ) -> Result<Self> {
        let mut times = Self { few: Vec::new(), many: Vec::new() };
        // What is read for the first time comes from the disk.
        many().await?;
        for round in 0..rounds {
            if round.is_multiple_of(2) {
                times.few.push(few().await?);
            }
            times.many.push(many().await?);
            if !round.is_multiple_of(2) {
                times.few.push(few().await?);
            }
        }
        Ok(times)
    }

    pub(super) fn few(&self) -> f64 {
        median(self.few.clone())
    }

    pub(super) fn many(&self) -> f64 {
        median(self.many.clone())
    }

    pub(super) fn ratio(&self) -> f64 {
        median(self.few.iter().zip(&self.many).map(|(few, many)| many / few).collect())
    }
}

fn median(mut numbers: Vec<f64>) -> f64 {
    numbers.sort_by(f64::total_cmp);
    numbers[numbers.len() / 2]
}
