//! Closing time: what would go on for ever learns that the shop closes.

use std::sync::Arc;

use tokio::sync::watch;

/// Whether the shop closes. Clones tell the same.
#[derive(Debug, Clone)]
pub struct Closing(Arc<watch::Sender<bool>>);

impl Default for Closing {
    fn default() -> Self {
        Self(Arc::new(watch::Sender::new(false)))
    }
}

impl Closing {
    /// Says that the shop closes.
    pub fn begin(&self) {
        self.0.send_replace(true);
    }

    /// Completes when the shop closes.
    pub async fn begun(&self) {
        // The sender is in our own hands, so there is no error.
        let _ = self.0.subscribe().wait_for(|begun| *begun).await;
    }
}
