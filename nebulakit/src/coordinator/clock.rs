//! Time, as the coordinator sees it.

use std::collections::BTreeMap;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Poll, Waker};
use std::time::{Duration, Instant, SystemTime};

use tokio::task::JoinHandle;

use crate::task::panic::told;

/// Where a coordinator has its time from; tests bring one that they turn by hand.
pub trait Clock: Send + Sync {
    /// What deadlines and durations go by; it never goes back.
    fn now(&self) -> Instant;

    /// What people are shown.
    fn wall(&self) -> SystemTime;

    /// Waits until [`now`](Self::now) is `until` or later.
    fn sleep_until(&self, until: Instant) -> Pin<Box<dyn Future<Output = ()> + Send + '_>>;
}

/// The machine's time; that of a runtime of tokio's that is paused, where it is.
///
/// A coordinator reads what people are shown once in a millisecond at most, and counts on from there: a machine's clock that is set shows in its jobs
/// and events a millisecond later.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Instant {
        tokio::time::Instant::now().into_std()
    }

    fn wall(&self) -> SystemTime {
        SystemTime::now()
    }

    fn sleep_until(&self, until: Instant) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        // A runtime without timers tells this by a panic alone.
        if let Ok(sleep) = told(|| tokio::time::sleep_until(until.into())) {
            return Box::pin(sleep);
        }
        Box::pin(async move {
            // Where no thread can be started either, nothing ends by time.
            let Ok(runtime) = nebulakit_types::process_handle() else { return std::future::pending().await };
            let mut elsewhere = Elsewhere(runtime.spawn(async move { tokio::time::sleep_until(until.into()).await }));
            // It ends early with that runtime alone, which is the process's.
            let _ = (&mut elsewhere.0).await;
        })
    }
}

/// A sleep on another runtime, which ends with the one who waits for it.
struct Elsewhere(JoinHandle<()>);

impl Drop for Elsewhere {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// A clock that stands still until it is turned, for tests of timeouts, pauses and ageing. Clones are the same clock.
///
/// # Examples
/// ```
/// use std::time::Duration;
///
/// use nebulakit::coordinator::{Coordinator, JobError, ManualClock, Strategy, Work};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> anyhow::Result<()> {
/// let clock = ManualClock::new();
/// let coordinator = Coordinator::builder().clock(clock.clone()).build();
/// let work = Work::new(|_| std::future::pending::<anyhow::Result<()>>()).timeout(Duration::from_secs(3600));
/// let job = coordinator.submit(work, Strategy::Async).await?;
/// clock.sleeping().await;
/// clock.turn(Duration::from_secs(3600));
/// assert!(matches!(job.join().await, Err(JobError::TimedOut { .. })));
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct ManualClock(Arc<Mutex<Turned>>);

#[derive(Debug)]
struct Turned {
    now: Instant,
    wall: SystemTime,
    sleepers: BTreeMap<(Instant, u64), Waker>,
    numbers: u64,
    /// Who waits until somebody sleeps.
    watchers: Vec<Waker>,
}

impl ManualClock {
    /// One that shows this moment.
    #[must_use]
    pub fn new() -> Self {
        let (now, wall) = (Instant::now(), SystemTime::now());
        Self(Arc::new(Mutex::new(Turned { now, wall, sleepers: BTreeMap::new(), numbers: 0, watchers: Vec::new() })))
    }

    fn locked(&self) -> MutexGuard<'_, Turned> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Turns it on, and wakes those whose time has come.
    pub fn turn(&self, by: Duration) {
        let due = {
            let mut clock = self.locked();
            clock.now += by;
            clock.wall += by;
            let now = clock.now;
            let later = clock.sleepers.split_off(&(now, u64::MAX));
            std::mem::replace(&mut clock.sleepers, later)
        };
        due.into_values().for_each(Waker::wake);
    }

    /// Sets what it shows to people, and wakes nobody: what an administrator does to a machine's clock.
    pub fn set_wall(&self, wall: SystemTime) {
        self.locked().wall = wall;
    }

    /// Waits until somebody sleeps by it, and says for how long the first one still does.
    pub async fn sleeping(&self) -> Duration {
        std::future::poll_fn(|context| {
            let mut clock = self.locked();
            if let Some((until, _)) = clock.sleepers.keys().next() {
                return Poll::Ready(until.saturating_duration_since(clock.now));
            }
            clock.watchers.push(context.waker().clone());
            Poll::Pending
        })
        .await
    }
}

impl Default for ManualClock {
    fn default() -> Self {
        Self::new()
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Instant {
        self.locked().now
    }

    fn wall(&self) -> SystemTime {
        self.locked().wall
    }

    fn sleep_until(&self, until: Instant) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        let mut sleeper = Sleeper { clock: self.clone(), until, number: None };
        Box::pin(std::future::poll_fn(move |context| sleeper.poll(context.waker())))
    }
}

/// One who sleeps; it leaves the clock when it is dropped.
struct Sleeper {
    clock: ManualClock,
    until: Instant,
    number: Option<u64>,
}

impl Sleeper {
    fn poll(&mut self, waker: &Waker) -> Poll<()> {
        let watchers = {
            let mut clock = self.clock.locked();
            if clock.now >= self.until {
                return Poll::Ready(());
            }
            let number = *self.number.get_or_insert_with(|| {
                clock.numbers += 1;
                clock.numbers
            });
            clock.sleepers.insert((self.until, number), waker.clone());
            std::mem::take(&mut clock.watchers)
        };
        watchers.into_iter().for_each(Waker::wake);
        Poll::Pending
    }
}

impl Drop for Sleeper {
    fn drop(&mut self) {
        if let Some(number) = self.number {
            self.clock.locked().sleepers.remove(&(self.until, number));
        }
    }
}
