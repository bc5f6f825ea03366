//! An open job, without the types of its work and value.

use std::fmt;
use std::ops::{Deref, DerefMut};
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

#[cfg(feature = "run")]
use tokio::sync::OwnedSemaphorePermit;

use crate::coordinator::error::{CancelReason, JobError, WorkKind};
use crate::coordinator::id::{RequestId, RunId};
use crate::coordinator::job::Labels;
use crate::coordinator::lock::atomic::{AtomicU32, AtomicU64, Ordering};
use crate::coordinator::lock::{Mutex, locked};
use crate::coordinator::resources::{Demand, Granted, Held, OnOom, Resources};
use crate::coordinator::retry::Retry;
use crate::coordinator::state::Place;
use crate::coordinator::stop::Stop;
use crate::coordinator::witness::Witness;

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
    /// How long one attempt may run where its strategy sees to that. The coordinator sets it.
    pub(super) kept_elsewhere: Option<Duration>,
    pub(super) heartbeat: Option<Duration>,
    pub(super) retry: Retry,
    pub(super) key: Option<Arc<str>>,
    pub(super) resources: Option<Resources>,
    pub(super) on_oom: Option<OnOom>,
    /// What it asks for at first, counted, where it is anything in particular. The coordinator sets it.
    pub(super) demand: Option<Arc<Demand>>,
    /// What the jobs above it keep while they wait for it. The coordinator sets it.
    pub(super) kept: Option<Arc<Demand>>,
    /// Whether its container has a network.
    #[cfg(feature = "container")]
    pub(super) network: Option<bool>,
    /// The image of its container.
    #[cfg(feature = "container")]
    pub(super) image: Option<Arc<str>>,
    /// Who hears all that it says and takes, and says where its data goes.
    #[cfg(feature = "run")]
    pub(super) witness: Option<Arc<dyn Witness>>,
    /// What it gives back when its first attempt begins.
    #[cfg(feature = "run")]
    pub(super) turn: Mutex<Option<OwnedSemaphorePermit>>,
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
            kept_elsewhere: None,
            heartbeat: None,
            retry: Retry::NEVER,
            key: None,
            resources: None,
            on_oom: None,
            demand: None,
            kept: None,
            #[cfg(feature = "container")]
            network: None,
            #[cfg(feature = "container")]
            image: None,
            #[cfg(feature = "run")]
            witness: None,
            #[cfg(feature = "run")]
            turn: Mutex::new(None),
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
    /// Whether it may have to wait for a slot, or for resources.
    pub(super) is_limited: bool,
    /// Whether jobs above it hold something that they may give back only when it is over.
    pub(super) is_needed: bool,
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
            is_needed: false,
            place: AtomicU32::new(Place::MAX),
            among_siblings: AtomicU32::new(0),
            stop: Stop::default(),
            running: AtomicU64::new(0),
            seat: Mutex::default(),
            children: Mutex::default(),
        }
    }

    /// What it asks for, where that is anything in particular.
    pub(super) fn demand(&self) -> Option<Arc<Demand>> {
        if self.settings.on_oom.is_some()
            && let Some(demand) = &locked(&self.seat).demand
        {
            return Some(Arc::clone(demand));
        }
        self.settings.demand.clone()
    }

    /// The next attempt asks for this, because the one before ran out of memory.
    pub(super) fn ask(&self, demand: Demand) {
        let mut seat = locked(&self.seat);
        seat.demand = Some(Arc::new(demand));
        seat.escalations += 1;
    }

    /// How many attempts followed one that ran out of memory, with more of it.
    pub(super) fn escalations(&self) -> u32 {
        if self.settings.on_oom.is_some() { locked(&self.seat).escalations } else { 0 }
    }

    /// What its attempt was granted, where it asks for anything in particular.
    pub(super) fn granted(&self) -> Option<Arc<Granted>> {
        if self.settings.demand.is_none() && self.settings.on_oom.is_none() {
            return None;
        }
        locked(&self.seat).held.rest.as_ref().map(|(_, granted)| Arc::clone(granted))
    }

    pub(super) fn place(&self) -> Place {
        self.place.load(Ordering::Acquire)
    }

    /// When it has to be over, and how long that was from its beginning, or its parent's.
    pub(super) fn deadline(&self) -> Option<(Instant, Duration)> {
        self.settings.deadline
    }

    /// Who hears all that it says and takes, if anybody does.
    pub(super) fn own_witness(&self) -> Option<&dyn Witness> {
        #[cfg(feature = "run")]
        return self.settings.witness.as_deref();
        #[cfg(not(feature = "run"))]
        None
    }

    /// The same, or who hears that of the nearest job above it.
    pub(super) fn witness(&self) -> Option<&dyn Witness> {
        let above = || std::iter::successors(self.parent.as_ref(), |job| job.live().parent.as_ref());
        self.own_witness().or_else(|| above().find_map(|job| job.live().own_witness()))
    }

    /// Gives back what it kept until it begins.
    pub(super) fn give_turn_back(&self) {
        #[cfg(feature = "run")]
        drop(locked(&self.settings.turn).take());
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

/// A job's place among those that may run at once by its strategy; it takes memory where the strategy has a limit.
#[derive(Default)]
pub(super) struct Seat(Option<Box<Taken>>);

pub(super) struct Taken {
    pub(super) state: Seated,
    /// Calls of children that the attempt waits for: the seat is lent while there are any.
    pub(super) calls: u32,
    /// How often the seat was lent.
    pub(super) loans: u32,
    /// What the next attempt asks for, where that is more than at first; and how often it became more.
    demand: Option<Arc<Demand>>,
    escalations: u32,
    /// What it holds.
    pub(super) held: Held,
    /// Attempts that are over and go on all the same, as a thread does; and what each kept.
    abandoned: Vec<(u32, Held)>,
    pub(super) waker: Option<Waker>,
}

static NO_SEAT: Taken = Taken::none();

impl Taken {
    const fn none() -> Self {
        Self {
            state: Seated::Out,
            calls: 0,
            loans: 0,
            demand: None,
            escalations: 0,
            held: Held::NOTHING,
            abandoned: Vec::new(),
            waker: None,
        }
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
    pub(super) fn abandon(&mut self, attempt: u32) {
        let held = std::mem::take(&mut self.held);
        self.abandoned.push((attempt, held));
    }

    /// An attempt that went on is done. It says what it kept; [`None`] where it did not go on.
    pub(super) fn is_done(&mut self, attempt: u32) -> Option<Held> {
        let index = self.abandoned.iter().position(|(one, _)| *one == attempt)?;
        Some(self.abandoned.swap_remove(index).1)
    }
}

#[derive(Default, Clone, Copy, PartialEq, Eq)]
pub(super) enum Seated {
    /// It has none and waits for none.
    #[default]
    Out,
    /// It waits, in this queue of its lane and this class, since this turn.
    Waiting { queue: usize, class: usize, turn: u64 },
    /// It has one.
    In,
    /// It gets none, because it would wait for ever.
    Refused,
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

    /// Ready when it has its seat, or will get none.
    pub(super) fn poll_seated(&self, context: &mut Context<'_>) -> Poll<()> {
        if !self.is_limited {
            return Poll::Ready(());
        }
        let mut seat = locked(&self.seat);
        if matches!(seat.state, Seated::In | Seated::Refused) {
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
