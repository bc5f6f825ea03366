//! What all jobs of a coordinator share: the ledger, the seats and the publisher, changed together.
//!
//! State changes first, then the event goes out, then those who wait are woken; no code of a user's runs under the lock.

use std::any::Any;
use std::collections::HashMap;
use std::num::NonZero;
use std::sync::Arc;
use std::task::Waker;
use std::time::{Duration, Instant, SystemTime};

use tokio::sync::Semaphore;

use crate::coordinator::clock::Clock;
use crate::coordinator::error::{CancelReason, JobError, SubmitError};
use crate::coordinator::event::EventKind;
use crate::coordinator::id::{RequestId, RunId};
use crate::coordinator::job::{Job, JobOutcome, JobState, Times};
use crate::coordinator::live::{IsLive, Live, Seated};
use crate::coordinator::lock::atomic::{AtomicU64, AtomicUsize, Ordering};
use crate::coordinator::lock::{Mutex, locked};
use crate::coordinator::meters::{Meters, Phase, Stopwatch};
use crate::coordinator::publisher::Publisher;
use crate::coordinator::queue::{Seats, Woken};
use crate::coordinator::resources::Held;
use crate::coordinator::resources::shared::Bell;
use crate::coordinator::retry::RetryBudget;
use crate::coordinator::state::{Ledger, Place};
use crate::coordinator::stuck::victim;
use crate::coordinator::witness::Witness;
use crate::task::cancellation::Cancellation;

/// What all jobs of a coordinator share.
pub(super) struct Core {
    pub(super) state: Mutex<State>,
    pub(super) publisher: Publisher,
    pub(super) meters: Meters,
    pub(super) clock: Arc<dyn Clock>,
    /// Whether the clock is the machine's, whose two times go on together.
    pub(super) is_machines_time: bool,
    /// A permit for each top-level job that may still be opened.
    pub(super) room: Semaphore,
    /// How long work that looks whether it should stop may take to do so.
    pub(super) grace: Duration,
    /// Ends the grace of all that were told to stop.
    pub(super) hurry: Cancellation,
    pub(super) numbers: AtomicU64,
    /// Threads that go on although their job is over.
    pub(super) abandoned: AtomicUsize,
    /// Wakes the thread that shares the limits with other processes.
    pub(super) bell: Option<Arc<Bell>>,
    /// Told whenever no job is open.
    pub(super) idle: tokio::sync::Notify,
}

/// What is changed under one lock.
pub(super) struct State {
    pub(super) ledger: Ledger<Arc<dyn IsLive>>,
    pub(super) seats: Seats,
    /// Jobs with an idempotency key, as long as their record is kept.
    pub(super) keyed: HashMap<Arc<str>, Keyed>,
    pub(super) budget: Option<(RetryBudget, f64)>,
    /// The last reading of both of the machine's times.
    pub(super) read: Option<(Instant, SystemTime)>,
    /// Events that nobody has heard since the last one that somebody has.
    pub(super) unheard: u64,
    /// No more top-level jobs are taken.
    pub(super) is_closing: bool,
    /// No more jobs are taken at all.
    pub(super) is_over: bool,
}

/// For how long the time that people are shown is what has gone by since a reading of it. A machine's clock that is set is seen after that at
/// the latest; a reading of each of two clocks for each event would be a good part of what an event costs.
const READ_AGAIN: Duration = Duration::from_millis(1);

/// A job with an idempotency key.
pub(super) struct Keyed {
    pub(super) id: RequestId,
    pub(super) place: Place,
    /// What the work is, where it can be told.
    pub(super) digest: Option<[u8; 32]>,
    /// The job itself, by its type.
    pub(super) piece: Arc<dyn Any + Send + Sync>,
}

/// What came of opening a job.
pub(super) enum Opened {
    New,
    /// A job with its idempotency key is known.
    Joined(Arc<dyn Any + Send + Sync>),
}

impl State {
    /// The job with that key, as long as its record is kept.
    fn known(&self, key: &str) -> Option<&Keyed> {
        self.keyed.get(key).filter(|keyed| self.is_kept(keyed))
    }

    /// Where jobs that each keep what the other needs wait for each other, one of them is given up.
    fn unstick(&mut self, mut woken: Woken) -> Woken {
        if self.seats.stands_still()
            && let Some(job) = victim(self.ledger.open().map(|(_, job)| job))
        {
            woken.add(self.seats.refuse(job.live()));
        }
        woken
    }

    fn is_kept(&self, keyed: &Keyed) -> bool {
        // The place may have been given to another job since.
        self.ledger.job(keyed.place).is_some_and(|job| job.id == keyed.id)
    }

    /// Remembers a job by its key. Those that are forgotten come back: their values are the user's, and are not dropped under the lock.
    fn remember(&mut self, key: &Arc<str>, keyed: Keyed) -> Vec<Keyed> {
        let mut forgotten = Vec::from_iter(self.keyed.insert(Arc::clone(key), keyed));
        if self.keyed.len() > 2 * self.ledger.len() + 16 {
            let keys: Vec<_> = self.keyed.iter().filter(|(_, keyed)| !self.is_kept(keyed)).map(|(key, _)| Arc::clone(key)).collect();
            forgotten.extend(keys.iter().filter_map(|key| self.keyed.remove(key)));
        }
        forgotten
    }
}

impl Drop for Core {
    /// Nothing happens any more: those who listen need not wait.
    fn drop(&mut self) {
        self.publisher.close();
        self.bell.iter().for_each(|bell| bell.end());
    }
}

impl Core {
    /// What people are shown at `now`.
    fn wall(&self, state: &mut State, now: Instant) -> SystemTime {
        if !self.is_machines_time {
            return self.clock.wall();
        }
        let since = state.read.and_then(|(at, wall)| Some((now.checked_duration_since(at)?, wall)));
        if let Some((since, wall)) = since
            && since < READ_AGAIN
        {
            return wall + since;
        }
        let wall = self.clock.wall();
        // `now` may be from before the lock was free.
        state.read = Some((self.clock.now(), wall));
        wall
    }

    /// Notes what happened to a job at `now`. Under the lock, so that the order of events is that of the ledger; the publisher's `wake` follows after it.
    fn note(&self, state: &mut State, live: &Live, now: Instant, kind: impl FnOnce(&State) -> EventKind) {
        if self.publisher.subscribers() == 0 {
            state.unheard += 1;
            return;
        }
        let at = self.wall(state, now);
        let unheard = std::mem::take(&mut state.unheard);
        self.publisher.publish(&live.id, &live.run, unheard, at, kind(state));
    }

    /// Opens a job: from here on it exists. Where another one with its idempotency key is known, that is given instead.
    pub(super) fn open(&self, live: &Live, shared: impl Fn() -> Arc<dyn IsLive>, keyed: Option<Keyed>) -> Result<Opened, SubmitError> {
        let now = self.clock.now();
        let mut forgotten = Vec::new();
        let mut woken = Woken::default();
        {
            let mut guard = locked(&self.state);
            let state = &mut *guard;
            // A job that is given time to end needs its children.
            if state.is_over || (state.is_closing && live.parent.is_none()) {
                return Err(SubmitError::Closed);
            }
            if let (Some(key), Some(keyed)) = (&live.settings.key, &keyed)
                && let Some(known) = state.known(key)
            {
                let is_same = known.digest == keyed.digest && (*known.piece).type_id() == (*keyed.piece).type_id();
                return if is_same { Ok(Opened::Joined(Arc::clone(&known.piece))) } else { Err(SubmitError::KeyConflict(Arc::clone(key))) };
            }
            let job = Job {
                id: live.id.clone(),
                run: live.run.clone(),
                parent: live.parent.as_ref().map(|parent| Box::new(parent.live().id.clone())),
                name: live.settings.name.clone(),
                labels: live.settings.labels.clone(),
                strategy: state.seats.lanes[live.lane].strategy.clone(),
                state: JobState::Queued,
                attempts: 0,
                memory: live.settings.demand.as_ref().and_then(|demand| NonZero::new(demand.memory?)),
                opened: self.wall(state, now),
                times: Times::opened(now),
            };
            let Some(place) = state.ledger.add(job, shared()) else { return Err(SubmitError::Duplicate(live.id.clone())) };
            live.place.store(place, Ordering::Release);
            if let (Some(key), Some(keyed)) = (&live.settings.key, keyed) {
                forgotten = state.remember(key, Keyed { place, ..keyed });
            }
            if let Some((RetryBudget { share, most }, tokens)) = &mut state.budget {
                *tokens = (*tokens + *share).min(*most);
            }
            if live.is_limited {
                woken = state.seats.enter(&shared(), false, now);
            }
            self.note(state, live, now, |state| EventKind::Submitted {
                strategy: state.seats.lanes[live.lane].strategy.to_name(),
                name: live.settings.name.clone(),
                parent: live.parent.as_ref().map(|parent| parent.live().id.clone()),
            });
            if let Some(parent) = &live.parent {
                locked(&parent.live().children).add(shared());
            }
        }
        drop(forgotten);
        woken.wake();
        self.meters.submitted(live.lane);
        self.told();
        // One that was cancelled meanwhile did not see this child, or this sees that it was.
        if let Some(reason) = live.parent.as_ref().and_then(|parent| parent.live().stop.reason()) {
            live.stop.job(reason.passed_on());
        }
        Ok(Opened::New)
    }

    /// An attempt begins; the job has its seat.
    pub(super) fn start(&self, live: &Live, attempt: u32) -> Stopwatch {
        let (started, now) = {
            let mut state = locked(&self.state);
            let now = self.clock.now();
            let started = state.ledger.start(live.place(), attempt, now);
            let started = started.filter(|_| Meters::ARE_READ).map(|job| job.waited().filter(|_| attempt == 0));
            live.begin(attempt);
            self.note(&mut state, live, now, |_| EventKind::Started { attempt });
            (started, now)
        };
        if let Some(waited) = started {
            self.meters.started(live.lane, attempt, waited);
        }
        self.told();
        live.give_turn_back();
        if let Some(witness) = live.own_witness() {
            witness.began(attempt);
        }
        Stopwatch::started(now)
    }

    /// An attempt ended, or was given up.
    pub(super) fn attempted(&self, live: &Live, stopwatch: Stopwatch) {
        if let Some(witness) = live.own_witness() {
            witness.ended();
        }
        self.meters.attempted(live.lane, stopwatch, || self.clock.now());
    }

    /// What was published under the lock goes out.
    fn told(&self) {
        self.publisher.wake();
        if Meters::ARE_READ {
            self.meters.dropped(self.publisher.newly_dropped());
        }
    }

    /// An attempt is over, and nothing goes on of it: its seat is free.
    pub(super) fn leave(&self, live: &Live, attempt: u32) {
        let was_abandoned = if live.is_limited {
            let (woken, was_abandoned) = {
                let mut state = locked(&self.state);
                let (woken, was_abandoned) = match self.left(live, attempt) {
                    Some(held) => (state.seats.give_back(live.lane, &held, self.clock.now()), true),
                    None => (state.seats.leave(live, self.clock.now()), false),
                };
                (state.unstick(woken), was_abandoned)
            };
            woken.wake();
            was_abandoned
        } else {
            self.left(live, attempt).is_some()
        };
        if was_abandoned {
            self.meters.abandoned(false);
        }
    }

    /// What the attempt kept, if it was given up; [`None`] where it was not.
    fn left(&self, live: &Live, attempt: u32) -> Option<Held> {
        if live.stops(attempt) {
            if live.is_limited {
                locked(&live.seat).calls = 0;
            }
            return None;
        }
        // It was given up: who did that is done with it when the lock is free.
        let kept = locked(&live.seat).is_done(attempt);
        if kept.is_some() {
            self.abandoned.fetch_sub(1, Ordering::AcqRel);
        }
        kept
    }

    /// The attempt is given up. Where it goes on all the same, as a thread does, it keeps what it holds.
    pub(super) fn give_up(&self, live: &Live, attempt: u32) {
        if !live.runs(attempt) {
            return;
        }
        let mut state = locked(&self.state);
        let mut seat = locked(&live.seat);
        if live.stops(attempt) {
            let before = std::mem::take(&mut seat.state);
            seat.abandon(attempt);
            // It waited for the seat that it had lent: the next attempt takes a place of its own.
            state.seats.unqueue(live, before);
            if live.is_limited {
                seat.calls = 0;
            }
            self.abandoned.fetch_add(1, Ordering::AcqRel);
            // What goes on does not wait for a seat that it will not get.
            let waits = seat.waker.take();
            drop((seat, state));
            waits.into_iter().for_each(Waker::wake);
            self.meters.abandoned(true);
        }
    }

    /// Whether a retry is within the budget; it is taken from it then.
    pub(super) fn pay_for_retry(&self) -> bool {
        match &mut locked(&self.state).budget {
            None => true,
            Some((_, tokens)) if *tokens >= 1.0 => {
                *tokens -= 1.0;
                true
            }
            Some(_) => false,
        }
    }

    /// An attempt failed, and another one follows after `pause`, with `memory` where that is more than before.
    pub(super) fn back_off(&self, live: &Live, attempt: u32, pause: Duration, memory: Option<u64>, error: &JobError) {
        let (failure, witness) = (error.to_failure(), live.own_witness());
        if let Some(witness) = witness {
            witness.retrying(attempt, pause, &failure);
        }
        let used = witness.and_then(Witness::usage);
        let is_paused = {
            let mut state = locked(&self.state);
            let until = self.clock.wall().checked_add(pause).unwrap_or_else(|| self.clock.wall());
            let is_paused = state.ledger.back_off(live.place(), attempt, until, memory);
            self.note(&mut state, live, self.clock.now(), |_| EventKind::Retrying { attempt, delay: pause, memory, failure, used });
            is_paused
        };
        if is_paused {
            self.meters.paused(live.lane);
        }
        self.told();
    }

    /// The pause is over: the job takes its place in the queue again.
    pub(super) fn queue_again(&self, piece: &Arc<dyn IsLive>) {
        let live = piece.live();
        let (is_queued, woken) = {
            let mut state = locked(&self.state);
            let woken = if live.is_limited { state.seats.enter(piece, false, self.clock.now()) } else { Woken::default() };
            let woken = state.unstick(woken);
            (state.ledger.queue_again(live.place()), woken)
        };
        woken.wake();
        if is_queued {
            self.meters.queued_again(live.lane);
        }
    }

    /// Closes a job, once: it says whether this was it.
    pub(super) fn close(&self, live: &Live, outcome: JobOutcome) -> bool {
        let failure = outcome.failure().map(|failure| failure.kind);
        let (woken, is_idle, was) = {
            let mut guard = locked(&self.state);
            let state = &mut *guard;
            let now = self.clock.now();
            let job = state.ledger.job(live.place());
            let (attempts, was) = job.map_or((0, None), |job| (job.attempts(), Phase::of(job.state())));
            let told = (self.publisher.subscribers() > 0).then(|| outcome.clone());
            if state.ledger.close(live.place(), outcome, now).is_none() {
                return false;
            }
            // A running attempt gives its own seat back.
            let waits = live.is_limited && !live.is_running();
            let woken = if waits { state.seats.leave(live, now) } else { Woken::default() };
            match told {
                Some(outcome) => self.note(state, live, now, |_| EventKind::Finished { attempts, outcome }),
                None => state.unheard += 1,
            }
            (state.unstick(woken), state.ledger.open_count() == 0, was)
        };
        woken.wake();
        self.meters.closed(live.lane, was, failure);
        match &live.parent {
            None => self.room.add_permits(1),
            Some(parent) => {
                let waker = locked(&parent.live().children).remove(live);
                waker.into_iter().for_each(Waker::wake);
            }
        }
        self.told();
        if is_idle {
            self.idle.notify_waiters();
        }
        true
    }

    /// Tells the subscribers something about a job; nothing once it is closed.
    pub(super) fn tell(&self, live: &Live, kind: impl FnOnce() -> EventKind) {
        if self.publisher.subscribers() == 0 {
            return;
        }
        {
            let mut state = locked(&self.state);
            if state.ledger.live(live.place()).is_none_or(|open| !std::ptr::eq(open.live(), live)) {
                return;
            }
            self.note(&mut state, live, self.clock.now(), |_| kind());
        }
        self.told();
    }

    /// The slot and the cores are lent while the attempt waits for a child.
    pub(super) fn lend(&self, live: &Live, attempt: u32) {
        if !live.is_limited {
            return;
        }
        let woken = {
            let mut state = locked(&self.state);
            let (is_lent, goes_on) = {
                let mut seat = locked(&live.seat);
                if !live.runs(attempt) {
                    return;
                }
                seat.calls += 1;
                if seat.calls == 1 {
                    seat.loans = seat.loans.wrapping_add(1);
                    // A call that is over and waits for the seat goes on without, as it would beside this one. Given the seat, nobody would lend it.
                    (seat.state != Seated::Out, seat.waker.take())
                } else {
                    (false, None)
                }
            };
            let mut woken = if is_lent { state.seats.lend(live, self.clock.now()) } else { Woken::default() };
            woken.add(goes_on);
            state.unstick(woken)
        };
        woken.wake();
    }

    /// One call fewer is waited for; after the last one the attempt needs a seat again. It waits for one where it `can_wait`: this gives the loan that is to
    /// be over then. Else it has one beyond the limit.
    pub(super) fn take_back(&self, piece: &Arc<dyn IsLive>, attempt: u32, can_wait: bool) -> Option<u32> {
        let live = piece.live();
        if !live.is_limited {
            return None;
        }
        let mut state = locked(&self.state);
        let loan = {
            let mut seat = locked(&live.seat);
            // An attempt that is over needs none.
            if !live.runs(attempt) {
                return None;
            }
            seat.calls = seat.calls.saturating_sub(1);
            if seat.calls > 0 || seat.state != Seated::Out {
                return None;
            }
            seat.loans
        };
        if can_wait {
            let woken = state.seats.enter(piece, true, self.clock.now());
            drop(state);
            woken.wake();
            return Some(loan);
        }
        state.seats.force(live);
        None
    }

    /// Tells the jobs of a run to stop. Nothing keeps them together, which each job would pay for: they are looked for slice by slice, so that others get the lock in
    /// between.
    pub(super) fn cancel_run(&self, run: &RunId, reason: CancelReason) {
        for slice in 0.. {
            let jobs: Vec<_> = match locked(&self.state).ledger.open_in(slice) {
                Some(open) => open.filter(|(job, _)| job.run == *run).map(|(_, live)| Arc::clone(live)).collect(),
                None => return,
            };
            for job in jobs {
                job.live().stop.job(reason);
            }
        }
    }

    pub(super) fn find(&self, id: &RequestId) -> Option<Arc<dyn IsLive>> {
        let state = locked(&self.state);
        state.ledger.live(state.ledger.find(id)?).cloned()
    }
}
