//! What stops a job: a signal, or a file that another job left.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crate::process::signal::StopSignals;
use crate::task::cancellation::Cancellation;

/// How often it is looked for.
const PERIOD: Duration = Duration::from_millis(100);

/// Why a job stops.
#[derive(Clone)]
pub(super) struct Stop {
    pub(super) cancellation: Cancellation,
    /// Whether only its map stops.
    of_map: Arc<AtomicBool>,
}

impl Stop {
    /// Listens to signals on a thread.
    pub(super) fn listen() -> Self {
        let stop = Self { cancellation: Cancellation::new(), of_map: Arc::default() };
        let cancellation = stop.cancellation.clone();
        match StopSignals::listen() {
            Ok(mut signals) => {
                std::thread::spawn(move || {
                    while signals.next(Duration::from_secs(3600)).is_none() {}
                    cancellation.cancel();
                });
            }
            Err(error) => tracing::warn!(%error, "signals end this job, and are not heard by its task"),
        }
        stop
    }

    /// Looks for the files that stop it, for ever.
    pub(super) async fn watch(&self, run: PathBuf, map: Option<PathBuf>) {
        loop {
            let of_map = map.as_ref().is_some_and(|map| map.exists());
            if of_map || run.exists() {
                self.of_map.store(of_map && !run.exists(), Ordering::SeqCst);
                self.cancellation.cancel();
            }
            tokio::time::sleep(PERIOD).await;
        }
    }

    pub(super) fn is_of_map(&self) -> bool {
        self.of_map.load(Ordering::SeqCst)
    }
}
