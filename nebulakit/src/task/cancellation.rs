//! How a running task hears that it should stop.

use std::sync::Arc;

use tokio::sync::watch;

/// Tells a running task that it should stop. Clones share one state.
#[derive(Debug, Clone)]
pub struct Cancellation(Arc<watch::Sender<bool>>);

impl Default for Cancellation {
    fn default() -> Self {
        Self::new()
    }
}

impl Cancellation {
    /// One that has not been asked for yet.
    #[must_use]
    pub fn new() -> Self {
        Self(Arc::new(watch::Sender::new(false)))
    }

    /// Asks the task to stop. More than once is the same as once.
    pub fn cancel(&self) {
        self.0.send_replace(true);
    }

    /// Whether the task has been asked to stop.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        *self.0.borrow()
    }

    /// Waits until the task is asked to stop.
    pub async fn cancelled(&self) {
        // The sender lives as long as `self`, so the wait ends only with the request.
        let _ = self.0.subscribe().wait_for(|cancelled| *cancelled).await;
    }
}
