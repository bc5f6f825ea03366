//! Attempts on threads of their own.

use std::collections::VecDeque;
use std::fmt;
use std::num::NonZero;
use std::pin::Pin;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use tokio::sync::oneshot;

use crate::coordinator::context::{Attempt, Executing};
use crate::coordinator::error::{JobError, Lost, WorkKind};
use crate::coordinator::runtime;
use crate::coordinator::strategy::ExecutionStrategy;

/// How long a thread waits for another attempt before it ends.
const IDLE: Duration = Duration::from_secs(10);

/// Runs attempts on threads of its own, as many at once as the machine has cores: for work that computes.
///
/// A thread cannot be stopped. One whose attempt is cancelled or takes too long is left behind: its slot stays taken until it ends, and
/// [`SystemDetail::abandoned`](crate::coordinator::SystemDetail::abandoned) counts it. Threads that wait for the jobs that they call lend their slot, so
/// that there can be more threads than slots, and never more that compute.
pub struct ThreadStrategy {
    slots: usize,
    pool: Arc<Pool>,
}

impl fmt::Debug for ThreadStrategy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ThreadStrategy").field("slots", &self.slots).finish_non_exhaustive()
    }
}

#[derive(Default)]
struct Pool {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    waiting: VecDeque<Box<dyn FnOnce() + Send>>,
    idle: usize,
    is_over: bool,
}

impl ThreadStrategy {
    /// One that is as large as the machine has cores for this process.
    #[must_use]
    pub fn new() -> Self {
        Self::with_slots(thread::available_parallelism().map_or(1, NonZero::get))
    }

    /// One that runs `slots` attempts at once, at least one.
    #[must_use]
    pub fn with_slots(slots: usize) -> Self {
        Self { slots: slots.max(1), pool: Arc::default() }
    }
}

impl Default for ThreadStrategy {
    fn default() -> Self {
        Self::new()
    }
}

impl Pool {
    fn locked(&self) -> MutexGuard<'_, State> {
        // Attempts run outside of the lock, and their panics are caught before.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Runs `work` on an idle thread, else on a new one.
    fn run(self: &Arc<Self>, work: Box<dyn FnOnce() + Send>) -> std::io::Result<()> {
        let mut state = self.locked();
        state.waiting.push_back(work);
        if state.idle >= state.waiting.len() {
            self.changed.notify_one();
            return Ok(());
        }
        let pool = Arc::clone(self);
        // Under the lock, so that the last in the queue is still this one.
        let started = thread::Builder::new().name("nebulakit-work".to_owned()).spawn(move || pool.serve());
        started.map(drop).inspect_err(|_| drop(state.waiting.pop_back()))
    }

    fn serve(&self) {
        let mut state = self.locked();
        loop {
            if let Some(work) = state.waiting.pop_front() {
                drop(state);
                work();
                state = self.locked();
                continue;
            }
            if state.is_over {
                return;
            }
            state.idle += 1;
            let (woken, timeout) = self.changed.wait_timeout(state, IDLE).unwrap_or_else(PoisonError::into_inner);
            state = woken;
            state.idle -= 1;
            if timeout.timed_out() && state.waiting.is_empty() {
                return;
            }
        }
    }
}

impl ExecutionStrategy for ThreadStrategy {
    fn accepts(&self, kind: WorkKind) -> bool {
        kind != WorkKind::Container
    }

    fn slots(&self) -> Option<usize> {
        Some(self.slots)
    }

    fn execute(&self, attempt: Attempt) -> Executing<'_> {
        let (sender, receiver) = oneshot::channel();
        let driving = runtime::current();
        let work = move || {
            // Nobody listens to an attempt that was given up.
            let _ = sender.send(runtime::within(driving, || attempt.run_blocking()));
        };
        if let Err(error) = self.pool.run(Box::new(work)) {
            let said = format!("no thread can be started: {error}");
            return Box::pin(std::future::ready(Err(JobError::lost(Lost::Strategy(said)))));
        }
        Box::pin(async move { receiver.await.unwrap_or_else(|_| Err(JobError::lost(Lost::Strategy("the thread ended early".to_owned())))) })
    }

    fn shutdown(&self, _: Instant) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        self.pool.locked().is_over = true;
        self.pool.changed.notify_all();
        Box::pin(std::future::ready(()))
    }
}

impl Drop for ThreadStrategy {
    fn drop(&mut self) {
        self.pool.locked().is_over = true;
        self.pool.changed.notify_all();
    }
}
