//! An open job, without the types of its work and value.

use std::fmt;
use std::ops::{Deref, DerefMut};
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use tokio::sync::Notify;

use crate::coordinator::error::{CancelReason, JobError, WorkKind};
use crate::coordinator::id::{RequestId, RunId};
use crate::coordinator::job::Labels;
use crate::coordinator::lock::atomic::{AtomicBool, AtomicU8, AtomicU32, AtomicU64, Ordering};
use crate::coordinator::lock::{Mutex, locked};
use crate::coordinator::retry::Retry;
use crate::coordinator::state::Place;
use crate::task::cancellation::Cancellation;

/// Which jobs go first. Those that wait for long rise: nothing starves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Priority {
    /// Before the others.
    High,
    /// As most are.
    #[default]
    Normal,
    /// After the others.
    Low,
}

/// What is asked for a piece of work.
#[derive(Debug)]
pub(super) struct Settings {
    pub(super) id: Option<RequestId>,
    pub(super) run: Option<RunId>,
    pub(super) name: Option<Arc<str>>,
    pub(super) labels: Labels,
    pub(super) priority: Priority,
    pub(super) schedule_to_start: Option<Duration>,
    pub(super) start_to_close: Option<Duration>,
    pub(super) schedule_to_close: Option<Duration>,
    pub(super) heartbeat: Option<Duration>,
    pub(super) retry: Retry,
    pub(super) key: Option<Arc<str>>,
    /// When it has to be over, and how long that was from its beginning, or its parent's. The coordinator sets it.
    pub(super) deadline: Option<(Instant, Duration)>,
    /// The last sign of life of an attempt that has to give some.
    pub(super) beat: Mutex<Option<Instant>>,
}

/// Those of work for which nothing is asked.
static NONE: Settings = Settings::none();

impl Settings {
    const fn none() -> Self {
        Self {
            id: None,
            run: None,
            name: None,
            labels: None,
            priority: Priority::Normal,
            schedule_to_start: None,
            start_to_close: None,
            schedule_to_close: None,
            heartbeat: None,
            retry: Retry::NEVER,
            key: None,
            deadline: None,
            beat: Mutex::new(None),
        }
    }
}

/// Settings, which take memory where there are any.
#[derive(Debug, Default)]
pub(super) struct Chosen(Option<Box<Settings>>);

impl Chosen {
    /// The id and the run that were chosen.
    pub(super) fn take_ids(&mut self) -> (Option<RequestId>, Option<RunId>) {
        self.0.as_mut().map_or((None, None), |settings| (settings.id.take(), settings.run.take()))
    }
}

impl Deref for Chosen {
    type Target = Settings;

    fn deref(&self) -> &Settings {
        self.0.as_deref().unwrap_or(&NONE)
    }
}

impl DerefMut for Chosen {
    fn deref_mut(&mut self) -> &mut Settings {
        self.0.get_or_insert_with(|| Box::new(Settings::none()))
    }
}

/// How a job or an attempt ended. In a box, so that a success is a word.
pub(super) type Ended = Result<(), Box<JobError>>;

/// What has an open job in it.
pub(super) trait IsLive: Send + Sync {
    fn live(&self) -> &Live;

    /// The job is closed: its handle has the outcome.
    fn complete(&self, ended: Ended);

    /// The same by itself, when nobody else has it.
    fn live_mut(&mut self) -> &mut Live;
}

impl fmt::Debug for dyn IsLive {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Live").field("id", &self.live().id).finish_non_exhaustive()
    }
}

/// An open job, without the types of its work and value.
pub(super) struct Live {
    pub(super) kind: WorkKind,
    pub(super) settings: Chosen,
    pub(super) id: RequestId,
    pub(super) run: RunId,
    pub(super) parent: Option<Arc<dyn IsLive>>,
    /// The index of its strategy.
    pub(super) lane: usize,
    /// Whether the strategy limits how many run at once.
    pub(super) is_limited: bool,
    /// Where its record is in the ledger.
    pub(super) place: AtomicU32,
    /// Where it is among its parent's children.
    pub(super) among_siblings: AtomicU32,
    pub(super) stop: Stop,
    /// The attempt that runs, from 1; 0 for none. It changes to none under the seat's lock, or by the attempt itself.
    running: AtomicU64,
    pub(super) seat: Mutex<Seat>,
    pub(super) children: Mutex<Children>,
}

impl Live {
    /// Work that was not submitted yet.
    pub(super) fn new(kind: WorkKind) -> Self {
        let id = RequestId::numbered(0);
        Self {
            kind,
            settings: Chosen::default(),
            run: RunId::of(&id),
            id,
            parent: None,
            lane: 0,
            is_limited: true,
            place: AtomicU32::new(Place::MAX),
            among_siblings: AtomicU32::new(0),
            stop: Stop::default(),
            running: AtomicU64::new(0),
            seat: Mutex::default(),
            children: Mutex::default(),
        }
    }

    pub(super) fn place(&self) -> Place {
        self.place.load(Ordering::Acquire)
    }

    /// When it has to be over, and how long that was from its beginning, or its parent's.
    pub(super) fn deadline(&self) -> Option<(Instant, Duration)> {
        self.settings.deadline
    }

    /// Tells the job and all its descendants to stop. It says whether this is the first time.
    pub(super) fn cancel(&self, reason: CancelReason) -> bool {
        if !self.stop.job(reason) {
            return false;
        }
        let mut rest = locked(&self.children).all();
        while let Some(child) = rest.pop() {
            // One that was told before has told its own.
            if child.live().stop.job(reason.passed_on()) {
                rest.append(&mut locked(&child.live().children).all());
            }
        }
        true
    }
}

impl Drop for Live {
    /// One ancestor after the other: a chain of calls may be longer than a stack.
    fn drop(&mut self) {
        let mut next = self.parent.take();
        while let Some(mut parent) = next {
            next = Arc::get_mut(&mut parent).and_then(|parent| parent.live_mut().parent.take());
        }
    }
}

/// Tells a job, or one attempt of it, to stop.
#[derive(Default)]
pub(super) struct Stop {
    /// 0 for none, else a reason.
    reason: AtomicU8,
    /// How many attempts were told to stop: all before this one.
    attempts: AtomicU32,
    /// Whether the work has ever looked: work that does not look needs no time to react.
    is_watched: AtomicBool,
    /// Whether the driver has ever waited.
    is_awaited: AtomicBool,
    listeners: Mutex<Listeners>,
}

/// Who is told.
#[derive(Default)]
struct Listeners {
    /// The job's driver, which alone waits for its job's stop.
    driver: Option<Waker>,
    /// The work, where it has ever looked.
    work: Option<Box<Watching>>,
}

#[derive(Default)]
struct Watching {
    changed: Arc<Notify>,
    /// That of a task that runs.
    cancellation: Option<Cancellation>,
}

const REASONS: [CancelReason; 4] = [CancelReason::Caller, CancelReason::Parent, CancelReason::Fatal, CancelReason::Shutdown];

impl Stop {
    /// Tells the job to stop. The first reason stays; it says whether this is it.
    pub(super) fn job(&self, reason: CancelReason) -> bool {
        let number = REASONS.iter().position(|one| *one == reason).map_or(1, |index| index as u8 + 1);
        let is_first = self.reason.compare_exchange(0, number, Ordering::AcqRel, Ordering::Acquire).is_ok();
        if is_first {
            self.tell();
            self.driver_left().into_iter().for_each(Waker::wake);
        }
        is_first
    }

    /// Tells one attempt to stop.
    pub(super) fn attempt(&self, attempt: u32) {
        self.attempts.fetch_max(attempt + 1, Ordering::AcqRel);
        self.tell();
    }

    fn tell(&self) {
        let work = locked(&self.listeners).work.as_ref().map(|work| (Arc::clone(&work.changed), work.cancellation.clone()));
        if let Some((changed, cancellation)) = work {
            changed.notify_waiters();
            cancellation.iter().for_each(Cancellation::cancel);
        }
    }

    pub(super) fn reason(&self) -> Option<CancelReason> {
        let number = self.reason.load(Ordering::Acquire);
        REASONS.get(usize::from(number).checked_sub(1)?).copied()
    }

    /// Whether the attempt should stop, by itself or with its job.
    pub(super) fn is_over(&self, attempt: u32) -> bool {
        self.reason.load(Ordering::Acquire) != 0 || self.attempts.load(Ordering::Acquire) > attempt
    }

    /// Waits until the job is told to stop: for its driver, and nobody else.
    pub(super) async fn of_job(&self) -> CancelReason {
        std::future::poll_fn(|context| self.poll_job(context)).await
    }

    /// Ready when the job is told to stop: for its driver, and nobody else.
    pub(super) fn poll_job(&self, context: &Context<'_>) -> Poll<CancelReason> {
        self.is_awaited.store(true, Ordering::Relaxed);
        let mut listeners = locked(&self.listeners);
        if let Some(reason) = self.reason() {
            return Poll::Ready(reason);
        }
        if !listeners.driver.as_ref().is_some_and(|driver| driver.will_wake(context.waker())) {
            listeners.driver = Some(context.waker().clone());
        }
        Poll::Pending
    }

    /// The driver waits no more: what it would have been woken by keeps its memory.
    pub(super) fn driver_left(&self) -> Option<Waker> {
        if self.is_awaited.load(Ordering::Relaxed) { locked(&self.listeners).driver.take() } else { None }
    }

    /// Waits until the attempt is told to stop.
    pub(super) async fn of_attempt(&self, attempt: u32) {
        self.watch();
        let watched = Arc::clone(&locked(&self.listeners).work.get_or_insert_default().changed);
        loop {
            let changed = watched.notified();
            if self.is_over(attempt) {
                return;
            }
            changed.await;
        }
    }

    /// Notes that the work looks whether it should stop.
    pub(super) fn watch(&self) {
        self.is_watched.store(true, Ordering::Release);
    }

    pub(super) fn is_watched(&self) -> bool {
        self.is_watched.load(Ordering::Acquire)
    }

    /// Tells `cancellation` too, from now on, for this attempt.
    pub(super) fn pass_to(&self, cancellation: Cancellation, attempt: u32) {
        self.watch();
        locked(&self.listeners).work.get_or_insert_default().cancellation = Some(cancellation.clone());
        if self.is_over(attempt) {
            cancellation.cancel();
        }
    }
}

/// A job's place among those that may run at once by its strategy; it takes memory where the strategy has a limit.
#[derive(Default)]
pub(super) struct Seat(Option<Box<Taken>>);

pub(super) struct Taken {
    pub(super) state: Seated,
    /// Calls of children that the attempt waits for: the seat is lent while there are any.
    pub(super) calls: u32,
    /// How often the seat was lent.
    pub(super) loans: u32,
    /// Attempts that are over and go on all the same, as a thread does; and whether each kept a seat.
    abandoned: Vec<(u32, bool)>,
    pub(super) waker: Option<Waker>,
}

static NO_SEAT: Taken = Taken::none();

impl Taken {
    const fn none() -> Self {
        Self { state: Seated::Out, calls: 0, loans: 0, abandoned: Vec::new(), waker: None }
    }
}

impl Deref for Seat {
    type Target = Taken;

    fn deref(&self) -> &Taken {
        self.0.as_deref().unwrap_or(&NO_SEAT)
    }
}

impl DerefMut for Seat {
    fn deref_mut(&mut self) -> &mut Taken {
        self.0.get_or_insert_with(|| Box::new(Taken::none()))
    }
}

impl Seat {
    /// The attempt is over, and goes on all the same.
    pub(super) fn abandon(&mut self, attempt: u32, has_seat: bool) {
        self.abandoned.push((attempt, has_seat));
    }

    /// An attempt that went on is done. It says whether it kept a seat; [`None`] where it did not go on.
    pub(super) fn is_done(&mut self, attempt: u32) -> Option<bool> {
        let index = self.abandoned.iter().position(|(one, _)| *one == attempt)?;
        Some(self.abandoned.swap_remove(index).1)
    }
}

#[derive(Default, Clone, Copy, PartialEq, Eq)]
pub(super) enum Seated {
    /// It has none and waits for none.
    #[default]
    Out,
    /// It waits, in this class, since this turn.
    Waiting { class: usize, turn: u64 },
    /// It has one.
    In,
}

impl Live {
    pub(super) fn begin(&self, attempt: u32) {
        self.running.store(u64::from(attempt) + 1, Ordering::Release);
    }

    /// The attempt that runs.
    pub(super) fn running(&self) -> Option<u32> {
        u32::try_from(self.running.load(Ordering::Acquire).checked_sub(1)?).ok()
    }

    /// Whether any attempt runs.
    pub(super) fn is_running(&self) -> bool {
        self.running.load(Ordering::Acquire) != 0
    }

    /// Whether that attempt runs.
    pub(super) fn runs(&self, attempt: u32) -> bool {
        self.running.load(Ordering::Acquire) == u64::from(attempt) + 1
    }

    /// The attempt runs no more. It says whether it did: of those that end it and those that give it up, one is first.
    pub(super) fn stops(&self, attempt: u32) -> bool {
        self.running.compare_exchange(u64::from(attempt) + 1, 0, Ordering::AcqRel, Ordering::Acquire).is_ok()
    }

    /// Whether it needs no seat, or has one.
    pub(super) fn is_seated(&self) -> bool {
        !self.is_limited || locked(&self.seat).state == Seated::In
    }

    /// Ready when it has its seat.
    pub(super) fn poll_seated(&self, context: &mut Context<'_>) -> Poll<()> {
        if !self.is_limited {
            return Poll::Ready(());
        }
        let mut seat = locked(&self.seat);
        if seat.state == Seated::In {
            return Poll::Ready(());
        }
        seat.waker = Some(context.waker().clone());
        Poll::Pending
    }

    /// Ready when a running attempt has the seat back that it lent by `loan`, has lent it again, or is given up.
    pub(super) fn poll_back(&self, attempt: u32, loan: u32, context: &mut Context<'_>) -> Poll<()> {
        let mut seat = locked(&self.seat);
        if seat.state == Seated::In || seat.loans != loan || !self.runs(attempt) {
            return Poll::Ready(());
        }
        seat.waker = Some(context.waker().clone());
        Poll::Pending
    }
}

/// The open jobs that a job has started; most start none.
#[derive(Default)]
pub(super) struct Children(Option<Box<Started>>);

#[derive(Default)]
struct Started {
    list: Vec<Option<Arc<dyn IsLive>>>,
    free: Vec<u32>,
    /// The job itself, where it waits until there are none.
    waker: Option<Waker>,
}

impl Children {
    pub(super) fn add(&mut self, child: Arc<dyn IsLive>) {
        let Started { list, free, .. } = &mut **self.0.get_or_insert_default();
        let index = free.pop().unwrap_or(list.len() as u32);
        child.live().among_siblings.store(index, Ordering::Release);
        match list.get_mut(index as usize) {
            Some(place) => *place = Some(child),
            None => list.push(Some(child)),
        }
    }

    pub(super) fn remove(&mut self, child: &Live) -> Option<Waker> {
        let started = self.0.as_mut()?;
        let index = child.among_siblings.load(Ordering::Acquire);
        if started.list.get_mut(index as usize)?.take_if(|one| std::ptr::eq(one.live(), child)).is_some() {
            started.free.push(index);
        }
        if started.is_over() { started.waker.take() } else { None }
    }

    pub(super) fn all(&self) -> Vec<Arc<dyn IsLive>> {
        self.0.iter().flat_map(|started| started.list.iter().flatten().cloned()).collect()
    }

    /// Ready when there are none.
    pub(super) fn poll_none(&mut self, context: &mut Context<'_>) -> Poll<()> {
        match &mut self.0 {
            Some(started) if !started.is_over() => {
                started.waker = Some(context.waker().clone());
                Poll::Pending
            }
            _ => Poll::Ready(()),
        }
    }
}

impl Started {
    fn is_over(&self) -> bool {
        self.list.len() == self.free.len()
    }
}
