//! Does something a moment later, on a separate thread.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use crate::run::error::{RecordError, RecordErrorKind};

/// A thread that does one thing a moment after it was asked to, once for all requests that came meanwhile. It ends when this is dropped.
#[derive(Debug)]
pub(super) struct Ticker {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Debug, Default)]
struct Shared {
    is_asked: AtomicBool,
    is_over: Mutex<bool>,
    changed: Condvar,
}

impl Ticker {
    /// Starts the thread, which calls `tick` up to `period` after it was asked to.
    ///
    /// # Errors
    /// When no thread can be started.
    pub(super) fn start(period: Duration, tick: impl Fn() + Send + 'static) -> Result<Self, RecordError> {
        let shared = Arc::new(Shared::default());
        let ticking = Arc::clone(&shared);
        let thread = thread::Builder::new().name("nebulakit-log".to_owned()).spawn(move || {
            while ticking.wait(period) {
                tick();
            }
        });
        let thread = thread.map_err(|error| {
            RecordError::new(RecordErrorKind::Io(error.kind()), format!("cannot start a thread for the run's log: {error}"))
        })?;
        Ok(Self { shared, thread: Some(thread) })
    }

    /// Asks for a tick. It costs nothing if one is already due.
    pub(super) fn ask(&self) {
        if !self.shared.is_asked.load(Ordering::SeqCst) {
            let _locked = self.shared.locked();
            self.shared.is_asked.store(true, Ordering::SeqCst);
            self.shared.changed.notify_one();
        }
    }
}

impl Shared {
    fn locked(&self) -> MutexGuard<'_, bool> {
        self.is_over.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until a tick is due; `false` at the end.
    fn wait(&self, period: Duration) -> bool {
        let quiet = |is_over: &mut bool| !*is_over && !self.is_asked.load(Ordering::SeqCst);
        let is_over = self.changed.wait_while(self.locked(), quiet).unwrap_or_else(PoisonError::into_inner);
        let (is_over, _) = self.changed.wait_timeout_while(is_over, period, |is_over| !*is_over).unwrap_or_else(PoisonError::into_inner);
        // Who asks from here on may be too late for this tick, and gets another one.
        self.is_asked.store(false, Ordering::SeqCst);
        !*is_over
    }
}

impl Drop for Ticker {
    fn drop(&mut self) {
        *self.shared.locked() = true;
        self.shared.changed.notify_one();
        if let Some(thread) = self.thread.take() {
            // A panic in it was told where it happened.
            let _ = thread.join();
        }
    }
}
