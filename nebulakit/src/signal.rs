//! The operating system's requests to stop, and how a running task hears of them.

use std::sync::Arc;

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;

/// Tells a running task that it should stop. Clones share one state.
#[derive(Debug, Clone)]
pub(crate) struct Cancellation(Arc<watch::Sender<bool>>);

impl Default for Cancellation {
    fn default() -> Self {
        Self(Arc::new(watch::Sender::new(false)))
    }
}

impl Cancellation {
    /// Asks the task to stop. More than once is the same as once.
    pub(crate) fn cancel(&self) {
        self.0.send_replace(true);
    }

    /// Whether the task has been asked to stop.
    #[must_use]
    pub(crate) fn is_cancelled(&self) -> bool {
        *self.0.borrow()
    }

    /// Waits until the task is asked to stop.
    pub(crate) async fn cancelled(&self) {
        // The sender lives as long as `self`, so the wait ends only with the request.
        let _ = self.0.subscribe().wait_for(|cancelled| *cancelled).await;
    }
}

/// SIGTERM and SIGINT, as they come. SIGUSR1, by which people ask a Python task for its stacks, ends nothing here either.
#[derive(Debug)]
pub(crate) struct StopSignals {
    terminate: Signal,
    interrupt: Signal,
    inquire: Signal,
}

impl StopSignals {
    /// Begins to listen; from now on the signals no longer end the process by themselves.
    ///
    /// # Errors
    /// When the operating system refuses a handler.
    pub(crate) fn listen() -> std::io::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
            inquire: signal(SignalKind::user_defined1())?,
        })
    }

    /// Waits for the next request to stop, and gives its name.
    ///
    /// # Cancel safety
    /// No signal is lost when the future is dropped.
    pub(crate) async fn next(&mut self) -> &'static str {
        loop {
            tokio::select! {
                Some(()) = self.terminate.recv() => return "SIGTERM",
                Some(()) = self.interrupt.recv() => return "SIGINT",
                Some(()) = self.inquire.recv() => tracing::warn!("SIGUSR1 came: the task is still running"),
                else => std::future::pending().await,
            }
        }
    }
}
