//! How far a long work is.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// Shows how many of something are done, and how fast, on the terminal; nothing where there is none. Goes away by itself.
#[derive(Debug)]
pub struct Progress(ProgressBar);

impl Progress {
    pub(crate) fn new(what: &'static str, is_shown: bool) -> Self {
        let target =
            if is_shown { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
        let bar = ProgressBar::with_draw_target(None, target).with_message(what);
        let style =
            ProgressStyle::with_template("{spinner} {human_pos} {msg}, {per_sec}, {elapsed}");
        let bar = bar.with_style(style.unwrap_or_else(|_| ProgressStyle::default_spinner()));
        bar.enable_steady_tick(Duration::from_millis(200));
        Self(bar)
    }

    /// Tells how many are done by now.
    pub fn at(&self, count: u64) {
        self.0.set_position(count);
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}
