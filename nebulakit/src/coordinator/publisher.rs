//! Who hears what happens: bounded queues, one for each subscriber, so that none holds up another or the work.

use std::collections::VecDeque;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread;
use std::time::SystemTime;

use futures_util::{FutureExt as _, Stream};

use crate::coordinator::event::{EVENT_VERSION, EventKind, JobEvent};
use crate::coordinator::id::{RequestId, RunId};
use crate::coordinator::lock::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use crate::coordinator::lock::{Mutex, locked};
use crate::task::panic::dropped;

/// What becomes of events that a subscriber has no room for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Overflow {
    /// The oldest in its queue go; the subscriber is told how many.
    DropOldest(usize),
    /// Nothing that happens to jobs goes: they do not begin, go on or end before there is room again. The queue can hold as many more as there are open jobs.
    /// Only what running work says of itself, its progress, lines of its log and broadcasts, does not wait: without room it is left out, and the subscriber is told
    /// how much. A process of a job's is not heard before there is room. For logs that must be complete, and never for code that submits jobs itself, which
    /// would wait for itself.
    Wait(usize),
    /// The subscriber is told that it missed events, and hears nothing more.
    Disconnect(usize),
}

impl Overflow {
    fn room(self) -> usize {
        let (Self::DropOldest(room) | Self::Wait(room) | Self::Disconnect(room)) = self;
        room.max(1)
    }
}

/// Tells subscribers what happens to the jobs of one coordinator. Clones are the same publisher.
#[derive(Debug, Clone)]
pub struct Publisher(Arc<Hub>);

#[derive(Debug)]
struct Hub {
    subscribers: Mutex<Subscribers>,
    /// How many listen: nothing is made for nobody.
    listening: AtomicUsize,
    /// How many of them make the work wait.
    holding: AtomicUsize,
    /// Whether one has something to read that it was not woken for.
    is_due: AtomicBool,
    sequence: AtomicU64,
    dropped: AtomicU64,
    /// How many of the dropped ones were given by [`Publisher::newly_dropped`].
    dropped_before: AtomicU64,
}

#[derive(Debug, Default)]
struct Subscribers {
    queues: Vec<Arc<Queue>>,
    is_closed: bool,
}

#[derive(Debug)]
struct Queue {
    overflow: Overflow,
    state: Mutex<QueueState>,
}

#[derive(Debug, Default)]
struct QueueState {
    events: VecDeque<Arc<JobEvent>>,
    missed: u64,
    is_over: bool,
    reader: Option<Waker>,
    /// Jobs that wait for room.
    held: Vec<Waker>,
}

/// What tells that events are missing before the one of that place.
fn lagged(missed: u64, next: u64) -> Arc<JobEvent> {
    let (sequence, kind) = (next.saturating_sub(1), EventKind::Lagged { missed });
    Arc::new(JobEvent { version: EVENT_VERSION, sequence, at: SystemTime::now(), job: None, run: None, kind })
}

impl Queue {
    /// Whether jobs wait for its room.
    fn waits(&self) -> bool {
        matches!(self.overflow, Overflow::Wait(_))
    }

    /// Whether jobs need not wait for it.
    fn has_room(&self) -> bool {
        !self.waits() || self.is_open_to_more(&locked(&self.state))
    }

    fn is_open_to_more(&self, state: &QueueState) -> bool {
        state.is_over || state.events.len() <= self.overflow.room()
    }

    /// Takes an event. It says how many were dropped for it, and whether somebody waits for one.
    fn push(&self, event: Arc<JobEvent>) -> (u64, bool) {
        let mut state = locked(&self.state);
        if state.is_over {
            return (0, false);
        }
        let has_room = state.events.len() < self.overflow.room();
        if has_room || (self.waits() && !event.kind.is_said()) {
            if self.waits() && state.missed > 0 {
                let lagged = lagged(std::mem::take(&mut state.missed), event.sequence);
                state.events.push_back(lagged);
            }
            state.events.push_back(event);
            return (0, state.reader.is_some());
        }
        state.missed += 1;
        match self.overflow {
            Overflow::Disconnect(_) => state.is_over = true,
            Overflow::Wait(_) => {}
            Overflow::DropOldest(_) => {
                state.events.pop_front();
                state.events.push_back(event);
            }
        }
        (1, state.reader.is_some())
    }

    fn poll(&self, context: &mut Context<'_>) -> Poll<Option<Arc<JobEvent>>> {
        let mut state = locked(&self.state);
        // What is missing was the oldest where the queue goes on, and the newest where it ends or jobs wait.
        let is_due = state.missed > 0 && (state.events.is_empty() || !(state.is_over || self.waits()));
        if is_due {
            let missed = std::mem::take(&mut state.missed);
            let next = state.events.front().map_or(0, |event| event.sequence);
            return Poll::Ready(Some(lagged(missed, next)));
        }
        if let Some(event) = state.events.pop_front() {
            let held = if state.events.len() < self.overflow.room() { std::mem::take(&mut state.held) } else { Vec::new() };
            drop(state);
            held.into_iter().for_each(Waker::wake);
            return Poll::Ready(Some(event));
        }
        if state.is_over {
            return Poll::Ready(None);
        }
        if !state.reader.as_ref().is_some_and(|reader| reader.will_wake(context.waker())) {
            state.reader = Some(context.waker().clone());
        }
        Poll::Pending
    }

    fn poll_room(&self, context: &mut Context<'_>) -> Poll<()> {
        let mut state = locked(&self.state);
        if self.is_open_to_more(&state) {
            return Poll::Ready(());
        }
        state.held.push(context.waker().clone());
        Poll::Pending
    }

    fn end(&self) {
        let (reader, held) = {
            let mut state = locked(&self.state);
            state.is_over = true;
            (state.reader.take(), std::mem::take(&mut state.held))
        };
        reader.into_iter().chain(held).for_each(Waker::wake);
    }
}

impl Publisher {
    pub(super) fn new() -> Self {
        Self(Arc::new(Hub {
            subscribers: Mutex::default(),
            listening: AtomicUsize::new(0),
            holding: AtomicUsize::new(0),
            is_due: AtomicBool::new(false),
            sequence: AtomicU64::new(0),
            dropped: AtomicU64::new(0),
            dropped_before: AtomicU64::new(0),
        }))
    }

    /// Notes an event, after `unheard` ones that nobody heard. It is called under the ledger's lock, so that the order of events is that of the ledger;
    /// [`wake`](Self::wake) follows after it.
    pub(super) fn publish(&self, job: &RequestId, run: &RunId, unheard: u64, at: SystemTime, kind: EventKind) {
        self.send(Some(job.clone()), Some(run.clone()), unheard, at, kind);
    }

    fn send(&self, job: Option<RequestId>, run: Option<RunId>, unheard: u64, at: SystemTime, kind: EventKind) {
        let subscribers = locked(&self.0.subscribers);
        let sequence = self.0.sequence.fetch_add(unheard + 1, Ordering::Relaxed) + unheard + 1;
        let Some((last, others)) = subscribers.queues.split_last() else { return };
        let event = Arc::new(JobEvent { version: EVENT_VERSION, sequence, at, job, run, kind });
        let pushed = |(dropped, is_due)| {
            if dropped > 0 {
                self.0.dropped.fetch_add(dropped, Ordering::Relaxed);
            }
            if is_due {
                self.0.is_due.store(true, Ordering::Release);
            }
        };
        others.iter().for_each(|queue| pushed(queue.push(Arc::clone(&event))));
        pushed(last.push(event));
    }

    /// Wakes the subscribers that have something to read.
    pub(super) fn wake(&self) {
        if !self.0.is_due.load(Ordering::Acquire) || !self.0.is_due.swap(false, Ordering::AcqRel) {
            return;
        }
        let subscribers = locked(&self.0.subscribers);
        for queue in &subscribers.queues {
            let reader = locked(&queue.state).reader.take();
            if let Some(reader) = reader {
                reader.wake();
            }
        }
    }

    /// Whether any subscriber makes the work wait when its queue is full.
    pub(super) fn is_holding(&self) -> bool {
        self.0.holding.load(Ordering::Acquire) > 0
    }

    /// Whether all that make the work wait have room at this moment.
    pub(super) fn has_room(&self) -> bool {
        !self.is_holding() || locked(&self.0.subscribers).queues.iter().all(|queue| queue.has_room())
    }

    /// Waits until those that make the work wait have room.
    pub(super) async fn room(&self) {
        if !self.is_holding() {
            return;
        }
        let queues: Vec<_> = locked(&self.0.subscribers).queues.clone();
        for queue in queues.iter().filter(|queue| queue.waits()) {
            std::future::poll_fn(|context| queue.poll_room(context)).await;
        }
    }

    /// Subscribers hear what is in their queues, and then that it is over.
    pub(super) fn close(&self) {
        let queues = {
            let mut subscribers = locked(&self.0.subscribers);
            subscribers.is_closed = true;
            subscribers.queues.clone()
        };
        queues.iter().for_each(|queue| queue.end());
    }

    /// How many listen.
    #[must_use]
    pub fn subscribers(&self) -> usize {
        self.0.listening.load(Ordering::Acquire)
    }

    /// How many events did not reach a subscriber because it was too slow.
    #[must_use]
    pub fn dropped(&self) -> u64 {
        self.0.dropped.load(Ordering::Relaxed)
    }

    /// How many were dropped since this was asked before.
    pub(super) fn newly_dropped(&self) -> u64 {
        let dropped = self.dropped();
        dropped.saturating_sub(self.0.dropped_before.fetch_max(dropped, Ordering::Relaxed))
    }

    /// What happens from now on. Dropping the stream ends the subscription.
    ///
    /// # Examples
    /// ```
    /// use nebulakit::coordinator::{Coordinator, EventKind, Overflow, Strategy, Work};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> anyhow::Result<()> {
    /// let coordinator = Coordinator::new();
    /// let mut events = coordinator.publisher().subscribe(Overflow::DropOldest(1_000));
    /// coordinator.submit(Work::new(|_| async { anyhow::Ok(7) }), Strategy::Async).await?.join().await?;
    /// assert!(matches!(events.next().await.unwrap().kind, EventKind::Submitted { .. }));
    /// assert!(matches!(events.next().await.unwrap().kind, EventKind::Started { attempt: 0 }));
    /// assert!(matches!(events.next().await.unwrap().kind, EventKind::Finished { .. }));
    /// # Ok(())
    /// # }
    /// ```
    pub fn subscribe(&self, overflow: Overflow) -> EventStream {
        let queue = Arc::new(Queue { overflow, state: Mutex::default() });
        let mut subscribers = locked(&self.0.subscribers);
        if subscribers.is_closed {
            queue.end();
        } else {
            subscribers.queues.push(Arc::clone(&queue));
            self.0.listening.fetch_add(1, Ordering::AcqRel);
            if matches!(overflow, Overflow::Wait(_)) {
                self.0.holding.fetch_add(1, Ordering::AcqRel);
            }
        }
        drop(subscribers);
        EventStream { hub: Arc::clone(&self.0), queue }
    }

    /// Calls `callback` with each event from now on, on a thread of its own: it may block. A panic ends this subscription, and is told to the
    /// others. Dropping what this gives ends it too.
    ///
    /// # Errors
    /// When no thread can be started.
    pub fn on_event(
        &self,
        name: &str,
        overflow: Overflow,
        mut callback: impl FnMut(Arc<JobEvent>) + Send + 'static,
    ) -> std::io::Result<Subscription> {
        let mut stream = self.subscribe(overflow);
        let (subscription, publisher, name) = (Subscription::of(&stream), self.clone(), name.to_owned());
        thread::Builder::new().name(format!("events {name}")).spawn(move || {
            let waker = Waker::from(Arc::new(Unpark(thread::current())));
            loop {
                let polled = Pin::new(&mut stream).poll_next(&mut Context::from_waker(&waker));
                match polled {
                    Poll::Ready(Some(event)) => {
                        if let Err(panic) = catch_unwind(AssertUnwindSafe(|| callback(event))) {
                            drop(stream);
                            return publisher.failed(name, panic);
                        }
                    }
                    Poll::Ready(None) => return,
                    Poll::Pending => thread::park(),
                }
            }
        })?;
        Ok(subscription)
    }

    /// The same for a callback that is async, as a task on the runtime that this is called on.
    ///
    /// # Panics
    /// Where there is no runtime.
    pub fn on_event_async<F: Future<Output = ()> + Send + 'static>(
        &self,
        name: &str,
        overflow: Overflow,
        mut callback: impl FnMut(Arc<JobEvent>) -> F + Send + 'static,
    ) -> Subscription {
        let mut stream = self.subscribe(overflow);
        let (subscription, publisher, name) = (Subscription::of(&stream), self.clone(), name.to_owned());
        tokio::spawn(async move {
            while let Some(event) = stream.next().await {
                // The callback itself may panic before it gives a future.
                let called = AssertUnwindSafe(async { callback(event).await }).catch_unwind().await;
                if let Err(panic) = called {
                    drop(stream);
                    return publisher.failed(name, panic);
                }
            }
        });
        subscription
    }

    fn failed(&self, name: String, panic: Box<dyn std::any::Any + Send>) {
        let said = panic.downcast_ref::<&str>().copied().or_else(|| panic.downcast_ref::<String>().map(String::as_str));
        let message = said.unwrap_or("the panic carries no text").to_owned();
        // What a panic carries may panic in turn.
        let _ = dropped(panic);
        tracing::warn!("the subscriber `{name}` of job events panicked and is called no more: {message}");
        self.send(None, None, 0, SystemTime::now(), EventKind::SubscriberFailed { name, message });
        self.wake();
    }

    /// Waits for the first event that `wanted` says yes to, among those from this call on (not from its first poll on).
    ///
    /// # Errors
    /// When the coordinator was shut down before one came, and when 65,536 others came before this was awaited.
    pub fn wait_for(
        &self,
        mut wanted: impl FnMut(&JobEvent) -> bool + Send,
    ) -> impl Future<Output = Result<Arc<JobEvent>, WaitError>> + Send {
        let mut stream = self.subscribe(Overflow::Disconnect(WAITING_ROOM));
        async move {
            while let Some(event) = stream.next().await {
                if let EventKind::Lagged { .. } = event.kind {
                    return Err(WaitError::Missed);
                }
                if wanted(&event) {
                    return Ok(event);
                }
            }
            Err(WaitError::Closed)
        }
    }
}

/// How many events are kept for one who waits for a single one.
const WAITING_ROOM: usize = 65_536;

/// Wakes a thread.
struct Unpark(thread::Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

/// The events of one coordinator, from the subscription on. A [`Stream`]; [`next`](Self::next) needs no trait.
#[derive(Debug)]
#[must_use = "dropping it ends the subscription"]
pub struct EventStream {
    hub: Arc<Hub>,
    queue: Arc<Queue>,
}

impl EventStream {
    /// The next event; [`None`] when the coordinator was shut down, or it and its jobs are gone, and all events were read; or when this subscriber was
    /// cut off.
    pub async fn next(&mut self) -> Option<Arc<JobEvent>> {
        std::future::poll_fn(|context| self.queue.poll(context)).await
    }
}

impl Stream for EventStream {
    type Item = Arc<JobEvent>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Arc<JobEvent>>> {
        self.queue.poll(context)
    }
}

impl Drop for EventStream {
    fn drop(&mut self) {
        let mut subscribers = locked(&self.hub.subscribers);
        let before = subscribers.queues.len();
        subscribers.queues.retain(|queue| !Arc::ptr_eq(queue, &self.queue));
        if subscribers.queues.len() < before {
            self.hub.listening.fetch_sub(1, Ordering::AcqRel);
            if matches!(self.queue.overflow, Overflow::Wait(_)) {
                self.hub.holding.fetch_sub(1, Ordering::AcqRel);
            }
        }
        drop(subscribers);
        self.queue.end();
    }
}

/// A callback that is called until this is dropped.
#[derive(Debug)]
#[must_use = "dropping it ends the subscription"]
pub struct Subscription {
    queue: Arc<Queue>,
    is_detached: bool,
}

impl Subscription {
    fn of(stream: &EventStream) -> Self {
        Self { queue: Arc::clone(&stream.queue), is_detached: false }
    }

    /// Lets the callback go on until the coordinator is shut down, or is gone with its jobs.
    pub fn detach(mut self) {
        self.is_detached = true;
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        if !self.is_detached {
            locked(&self.queue.state).events.clear();
            self.queue.end();
        }
    }
}

/// The event that was waited for did not come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum WaitError {
    /// The coordinator was shut down before, or is gone.
    Closed,
    /// So many events came before they were read that some are lost.
    Missed,
}

impl fmt::Display for WaitError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Closed => "the coordinator was shut down before the event came",
            Self::Missed => "more events came than are kept for a future that nobody polls",
        })
    }
}

impl std::error::Error for WaitError {}
