//! Attempts on threads of their own.

use std::collections::VecDeque;
use std::fmt;
use std::num::NonZero;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use tokio::runtime::Handle;
use tokio::sync::oneshot;

use crate::coordinator::context::{Attempt, Executing};
use crate::coordinator::error::{JobError, Lost, WorkKind};
use crate::coordinator::runtime;
use crate::coordinator::strategy::ExecutionStrategy;

/// How long a thread waits for another attempt before it ends.
const IDLE: Duration = Duration::from_secs(10);

/// For how long it looks for one before it sleeps. What follows from an attempt comes within this time as a rule, and a thread that sleeps may be woken on a core
/// that another one computes on.
const LOOKS: Duration = Duration::from_micros(100);

/// Runs attempts on threads of its own, as many at once as the machine has cores: for work that computes.
///
/// An attempt takes one core of the coordinator's too, unless its work asks for another number: `CoordinatorBuilder::cores` has to be as large as the
/// slots for all of them to be used.
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
    /// How many attempts wait, for those that look without the lock.
    waiting: AtomicUsize,
}

#[derive(Default)]
struct State {
    waiting: VecDeque<Queued>,
    /// How many threads will look at the queue without being woken. One counts as soon as its work is over, before its slot is free: what gets the slot finds a
    /// thread that is awake, and has none woken on a core where another one computes.
    looking: usize,
    /// Those that sleep. The last one is woken first: its core was at work last, and is the likeliest to be free.
    sleeping: Vec<Arc<Condvar>>,
    is_over: bool,
}

/// An attempt that waits for a thread.
struct Queued {
    attempt: Attempt,
    /// The runtime that drives its job.
    driving: Option<Handle>,
    /// Nobody listens to an attempt that was given up.
    ended: oneshot::Sender<Result<(), JobError>>,
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

    /// Runs an attempt on a thread that has nothing to do, else on a new one.
    fn run(self: &Arc<Self>, queued: Queued) -> std::io::Result<()> {
        let mut state = self.locked();
        state.waiting.push_back(queued);
        self.waiting.store(state.waiting.len(), Ordering::Relaxed);
        if state.looking >= state.waiting.len() {
            return Ok(());
        }
        if let Some(sleeping) = state.sleeping.pop() {
            state.looking += 1;
            drop(state);
            sleeping.notify_one();
            return Ok(());
        }
        let pool = Arc::clone(self);
        // Under the lock, so that the last in the queue is still this one.
        let started = thread::Builder::new().name("nebulakit-work".to_owned()).spawn(move || pool.serve());
        match started {
            Ok(_) => state.looking += 1,
            Err(error) => {
                state.waiting.pop_back();
                self.waiting.store(state.waiting.len(), Ordering::Relaxed);
                return Err(error);
            }
        }
        Ok(())
    }

    fn serve(&self) {
        let own = Arc::new(Condvar::new());
        let mut state = self.locked();
        loop {
            if let Some(Queued { attempt, driving, ended }) = state.waiting.pop_front() {
                state.looking -= 1;
                self.waiting.store(state.waiting.len(), Ordering::Relaxed);
                drop(state);
                let end = runtime::within(driving, || attempt.run_here());
                self.locked().looking += 1;
                drop(attempt);
                let _ = ended.send(end);
                self.look();
                state = self.locked();
                continue;
            }
            state.looking -= 1;
            if state.is_over {
                return;
            }
            state.sleeping.push(Arc::clone(&own));
            let (woken, timeout) = own.wait_timeout(state, IDLE).unwrap_or_else(PoisonError::into_inner);
            state = woken;
            // Whoever wakes it takes it out.
            if let Some(place) = state.sleeping.iter().position(|sleeping| Arc::ptr_eq(sleeping, &own)) {
                state.sleeping.remove(place);
                if timeout.timed_out() {
                    return;
                }
                state.looking += 1;
            }
        }
    }

    /// Waits for another attempt for a moment, without sleep.
    fn look(&self) {
        let begin = Instant::now();
        while self.waiting.load(Ordering::Relaxed) == 0 && begin.elapsed() < LOOKS {
            thread::yield_now();
        }
    }

    fn close(&self) {
        let sleeping = {
            let mut state = self.locked();
            state.is_over = true;
            state.looking += state.sleeping.len();
            std::mem::take(&mut state.sleeping)
        };
        sleeping.iter().for_each(|sleeping| sleeping.notify_one());
    }
}

impl ExecutionStrategy for ThreadStrategy {
    fn accepts(&self, kind: WorkKind) -> bool {
        kind.is_here()
    }

    fn slots(&self) -> Option<usize> {
        Some(self.slots)
    }

    fn execute(&self, attempt: Attempt) -> Executing<'_> {
        let (ended, end) = oneshot::channel();
        if let Err(error) = self.pool.run(Queued { attempt, driving: runtime::current(), ended }) {
            let said = format!("no thread can be started: {error}");
            return Box::pin(std::future::ready(Err(JobError::lost(Lost::Strategy(said)))));
        }
        Box::pin(async move { end.await.unwrap_or_else(|_| Err(JobError::lost(Lost::Strategy("the thread ended early".to_owned())))) })
    }

    fn shutdown(&self, _: Instant) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        self.pool.close();
        Box::pin(std::future::ready(()))
    }
}

impl Drop for ThreadStrategy {
    fn drop(&mut self) {
        self.pool.close();
    }
}
