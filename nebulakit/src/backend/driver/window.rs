//! A driver that goes on for a time only, and leaves what is not over to the next one: what does not end in time is not begun.

use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use bytes::Bytes;
use futures_util::future::BoxFuture;

use crate::run::{EventKind, NodePath, Record, Recorded};

/// How often it is looked whether anything can still be done.
const LOOK: Duration = Duration::from_millis(200);

/// How long nothing may be done before the driver ends: between a node that is over and those that need it there is a moment.
const SETTLED: Duration = Duration::from_secs(1);

/// How long a driver may go on.
#[derive(Debug)]
pub(crate) struct Window {
    /// When all that runs has to stop; [`None`] for any time.
    until: Option<Instant>,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// How many nodes do something, or wait for cores.
    busy: usize,
    /// How many wait for the next driver, since they would not end in time.
    held: usize,
    /// How many of these had their cores already.
    seated: usize,
    /// How many run that had to be looked at when they began.
    runs: usize,
    /// How many wait for an answer, for any time.
    gates: usize,
    /// Whether any node has had its turn.
    has_begun: bool,
    /// A node whose time limit is longer than the time that a driver has, and that limit.
    too_long: Option<(NodePath, Duration)>,
    closed: Option<Closed>,
    /// Whether the driver has let go of the run.
    is_left: bool,
    /// Whether the run is to end with this driver, since somebody asked for its end.
    ends_here: bool,
}

/// Why a driver leaves a run to the next one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Closed {
    /// Its time is over, or what is left does not end in it.
    Time,
    /// All that is left waits for answers.
    Gates,
    /// Nothing began, since the time limit of a node is longer than all the time that a driver has.
    TooLong(NodePath, Duration),
}

/// What a node does, as long as this is there.
pub(crate) struct Doing<'w> {
    window: &'w Window,
    what: What,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum What {
    Busy,
    Held,
    Seated,
    Runs,
    Gate,
}

impl Window {
    /// One that ends at a time.
    pub(crate) fn new(until: Option<Instant>) -> Self {
        Self { until, state: Mutex::default() }
    }

    /// Leaves the run to the next driver: what runs is told to stop. The first reason counts.
    pub(crate) fn close(&self, why: Closed) {
        let mut state = self.state();
        if !state.ends_here {
            state.closed.get_or_insert(why);
        }
    }

    /// Has the run end with this driver.
    pub(crate) fn end_here(&self) {
        self.state().ends_here = true;
    }

    /// Says that the driver has let go of the run.
    pub(crate) fn let_go(&self) {
        self.state().is_left = true;
    }

    /// Waits until the driver has let go of the run.
    pub(crate) async fn gone(&self) {
        while !self.state().is_left {
            tokio::time::sleep(LOOK).await;
        }
    }

    /// Why the run is left to the next driver, if it is.
    pub(crate) fn left(&self) -> Option<Closed> {
        let state = self.state();
        state.closed.clone().filter(|_| !state.ends_here)
    }

    /// Waits until it is closed, and closes it when nothing can be done any more.
    pub(crate) async fn over(&self) {
        let mut since: Option<(Closed, Instant)> = None;
        while self.state().closed.is_none() {
            let now = Instant::now();
            if self.until.is_some_and(|until| until <= now) {
                self.close(Closed::Time);
            }
            since = match (self.idle(), since) {
                (Some(why), Some((same, from))) if why == same => {
                    if now.duration_since(from) >= SETTLED {
                        self.close(why);
                    }
                    Some((same, from))
                }
                (why, _) => why.map(|why| (why, now)),
            };
            tokio::time::sleep(LOOK).await;
        }
    }

    /// Why nothing can be done, if that is so.
    fn idle(&self) -> Option<Closed> {
        let state = self.state();
        match &state.too_long {
            // Those that wait for the cores of such a one would wait for ever.
            _ if state.seated > 0 && state.runs == 0 => Some(Closed::Time),
            _ if state.busy > 0 || state.held + state.gates == 0 => None,
            Some((node, limit)) if !state.has_begun => Some(Closed::TooLong(node.clone(), *limit)),
            _ if state.held > 0 => Some(Closed::Time),
            _ => Some(Closed::Gates),
        }
    }

    /// A node does something from now on.
    pub(super) fn busy(&self) -> Doing<'_> {
        self.doing(What::Busy)
    }

    /// A node waits for an answer from now on.
    pub(super) fn at_gate(&self) -> Doing<'_> {
        self.doing(What::Gate)
    }

    /// Whether a task that takes up to `limit` ends in time, and so begins.
    pub(crate) fn admits(&self, limit: Option<Duration>) -> bool {
        let Some(until) = self.until else { return true };
        let is_in_time = Instant::now().checked_add(limit.unwrap_or_default()).is_some_and(|end| end < until);
        if is_in_time {
            self.state().has_begun = true;
        }
        is_in_time
    }

    /// Waits for ever, as the task at `node` does that would not end in time. It was [busy](Self::busy) before.
    pub(super) async fn hold<T>(&self, node: &NodePath, limit: Option<Duration>) -> T {
        let _held = self.doing(What::Held);
        self.state().too_long = limit.map(|limit| (node.clone(), limit));
        std::future::pending().await
    }

    /// Waits for ever, as an attempt does that has its cores and would not end in time any more.
    pub(crate) async fn hold_seated<T>(&self) -> T {
        let _seated = self.doing(What::Seated);
        if let Some(until) = self.until {
            // Nobody shall take it for one that took too long.
            tokio::time::sleep_until(until.into()).await;
            self.close(Closed::Time);
        }
        std::future::pending().await
    }

    /// An attempt runs from now on.
    pub(crate) fn running(&self) -> Doing<'_> {
        self.doing(What::Runs)
    }

    fn doing(&self, what: What) -> Doing<'_> {
        self.state().count(what, 1);
        Doing { window: self, what }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn count(&mut self, what: What, more: isize) {
        let add = |number: &mut usize, more: isize| *number = number.saturating_add_signed(more);
        match what {
            What::Busy => add(&mut self.busy, more),
            What::Gate => add(&mut self.gates, more),
            What::Seated => add(&mut self.seated, more),
            What::Runs => add(&mut self.runs, more),
            What::Held => {
                add(&mut self.held, more);
                add(&mut self.busy, -more);
            }
        }
    }
}

impl Drop for Doing<'_> {
    fn drop(&mut self) {
        self.window.state().count(self.what, -1);
    }
}

/// The record of a driver that leaves the run to the next one: what was stopped for that is told as over by nobody.
pub(crate) struct Leaving {
    record: Arc<dyn Record>,
    window: Arc<Window>,
}

impl Leaving {
    pub(crate) fn new(record: Arc<dyn Record>, window: Arc<Window>) -> Self {
        Self { record, window }
    }

    fn is_told(&self, kind: &EventKind) -> bool {
        use EventKind::{Cancelled, Failed, Retrying, Skipped};
        !matches!(kind, Cancelled | Failed { .. } | Retrying { .. } | Skipped { .. }) || self.window.left().is_none()
    }
}

impl Record for Leaving {
    fn record(&self, node: Option<&NodePath>, kind: EventKind) -> io::Result<()> {
        if self.is_told(&kind) { self.record.record(node, kind) } else { Ok(()) }
    }

    fn append(&self, node: Option<&NodePath>, kind: EventKind) -> io::Result<()> {
        if self.is_told(&kind) { self.record.append(node, kind) } else { Ok(()) }
    }

    fn flush(&self) -> io::Result<()> {
        self.record.flush()
    }

    fn settle(&self) -> Option<BoxFuture<'_, io::Result<()>>> {
        self.record.settle()
    }

    fn log(&self, node: &NodePath, source: &str, text: &[u8]) -> io::Result<()> {
        self.record.log(node, source, text)
    }

    fn keep(&self, outputs: Bytes) -> BoxFuture<'_, io::Result<Recorded>> {
        self.record.keep(outputs)
    }

    fn keep_for_all(&self, outputs: Bytes) -> BoxFuture<'_, io::Result<Recorded>> {
        self.record.keep_for_all(outputs)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: Duration = Duration::from_secs(3600);

    #[test]
    fn what_does_not_end_in_time_is_not_begun() {
        let window = Window::new(Some(Instant::now() + HOUR));
        assert!(window.admits(None) && window.admits(Some(HOUR / 2)));
        assert!(!window.admits(Some(HOUR)) && !window.admits(Some(Duration::MAX)));
        assert!(Window::new(None).admits(Some(Duration::MAX)));
    }

    #[test]
    fn it_closes_when_all_that_is_left_waits() {
        let window = Window::new(None);
        let busy = window.busy();
        let gate = window.at_gate();
        assert_eq!(window.idle(), None);
        drop(busy);
        assert_eq!(window.idle(), Some(Closed::Gates));
        drop(gate);
        assert_eq!(window.idle(), None, "nothing waits: the run ends by itself");
    }

    #[tokio::test]
    async fn a_node_that_is_held_leaves_the_run_to_the_next_driver() {
        let window = Window::new(Some(Instant::now() + HOUR));
        let _busy = window.busy();
        assert!(window.admits(None));
        let node = NodePath::from("n1");
        let held = window.hold::<()>(&node, Some(HOUR * 2));
        let closed = async {
            window.over().await;
            window.left()
        };
        let closed = tokio::select! {
            () = held => panic!("it went on"),
            closed = closed => closed,
        };
        assert_eq!(closed, Some(Closed::Time));
        window.end_here();
        assert_eq!(window.left(), None, "who was asked to end the run ends it");
    }

    #[tokio::test]
    async fn who_has_cores_and_no_time_keeps_nobody_waiting() {
        let window = Window::new(Some(Instant::now() + HOUR));
        let _busy = window.busy();
        let running = window.running();
        let mut seated = std::pin::pin!(window.hold_seated::<()>());
        assert!(futures_util::poll!(seated.as_mut()).is_pending());
        assert_eq!(window.idle(), None);
        drop(running);
        assert_eq!(window.idle(), Some(Closed::Time));
    }

    #[tokio::test]
    async fn a_node_that_never_fits_is_named() {
        let window = Window::new(Some(Instant::now() + HOUR));
        let _busy = window.busy();
        let node = NodePath::from("n1");
        let mut held = std::pin::pin!(window.hold::<()>(&node, Some(HOUR * 2)));
        assert!(futures_util::poll!(held.as_mut()).is_pending());
        assert_eq!(window.idle(), Some(Closed::TooLong(node.clone(), HOUR * 2)));
    }
}
