//! The ledger: every open job and the last that closed.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, VecDeque};
use std::error::Error as StdError;
use std::fmt;
use std::num::NonZero;
use std::time::{Duration, Instant, SystemTime};

use crate::coordinator::error::SubmitError;
use crate::coordinator::id::{IdState, RequestId};
use crate::coordinator::job::{FailureKind, Job, JobOutcome, JobState};

/// How many jobs are remembered after their end, unless the builder says otherwise.
pub(super) const KEPT: usize = 1_000;

/// How many records keep their memory for the next jobs when they are forgotten, at most: some 200 KB.
const SPARE: usize = 1_024;

/// How many records are looked at in one go by what goes through all of them.
const SLICE: usize = 1_024;

/// How many closed jobs are remembered, and for how long.
#[derive(Debug, Clone, Copy)]
pub(super) struct History {
    pub(super) most: usize,
    pub(super) longest: Option<Duration>,
}

impl Default for History {
    fn default() -> Self {
        Self { most: KEPT, longest: None }
    }
}

/// How many jobs there were, by what became of them. The history's bounds do not touch these.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize)]
#[non_exhaustive]
pub struct Counts {
    /// Jobs that were taken.
    pub submitted: u64,
    /// Attempts that began.
    pub attempts: u64,
    /// Jobs that gave their value.
    pub succeeded: u64,
    /// Jobs that gave an error.
    pub failed: u64,
    /// Jobs that panicked.
    pub panicked: u64,
    /// Jobs that took too long.
    pub timed_out: u64,
    /// Jobs that were cancelled.
    pub cancelled: u64,
    /// Jobs whose attempt ended without an answer.
    pub lost: u64,
    /// Jobs that ran into a limit.
    pub limited: u64,
}

impl Counts {
    /// Jobs that are over.
    #[must_use]
    pub fn closed(&self) -> u64 {
        self.succeeded + self.failed + self.panicked + self.timed_out + self.cancelled + self.lost + self.limited
    }

    fn count(&mut self, outcome: &JobOutcome) {
        let counter = match outcome.failure().map(|failure| failure.kind) {
            None => &mut self.succeeded,
            Some(FailureKind::Failed) => &mut self.failed,
            Some(FailureKind::Panicked) => &mut self.panicked,
            Some(FailureKind::TimedOut) => &mut self.timed_out,
            Some(FailureKind::Cancelled) => &mut self.cancelled,
            Some(FailureKind::Lost) => &mut self.lost,
            Some(FailureKind::Limit) => &mut self.limited,
        };
        *counter += 1;
    }
}

/// Where a job's record lies in its ledger.
pub(super) type Place = u32;

/// Records by id, each with what lives as long as its job is open. Whatever is asked of it costs the same, however many jobs there were.
#[derive(Debug)]
pub(super) struct Ledger<L> {
    places: HashMap<RequestId, Place, IdState>,
    records: Vec<Option<Record<L>>>,
    free: Vec<Place>,
    /// The memory of records that were forgotten, without anything of theirs.
    #[expect(clippy::vec_box, reason = "what is kept is the allocation")]
    spare: Vec<Box<Job>>,
    /// The closed ones, oldest first.
    closed: VecDeque<Place>,
    history: History,
    pub(super) counts: Counts,
}

#[derive(Debug)]
struct Record<L> {
    // Boxed: places that are free, and the room that a vector keeps for its growth, take a word each.
    job: Box<Job>,
    live: Option<L>,
}

impl<L> Ledger<L> {
    pub(super) fn new(history: History) -> Self {
        Self {
            places: HashMap::default(),
            records: Vec::new(),
            free: Vec::new(),
            spare: Vec::new(),
            closed: VecDeque::new(),
            history,
            counts: Counts::default(),
        }
    }

    /// Takes a job, unless one of its id is known.
    pub(super) fn add(&mut self, job: Job, live: L) -> Option<Place> {
        let Entry::Vacant(entry) = self.places.entry(job.id.clone()) else { return None };
        let job = match self.spare.pop() {
            Some(mut spare) => {
                *spare = job;
                spare
            }
            None => Box::new(job),
        };
        let record = Some(Record { job, live: Some(live) });
        let place = if let Some(place) = self.free.pop() {
            self.records[place as usize] = record;
            place
        } else {
            self.records.push(record);
            // Four thousand million records do not fit into memory.
            (self.records.len() - 1) as Place
        };
        entry.insert(place);
        self.counts.submitted += 1;
        Some(place)
    }

    pub(super) fn find(&self, id: &RequestId) -> Option<Place> {
        self.places.get(id).copied()
    }

    pub(super) fn job(&self, place: Place) -> Option<&Job> {
        Some(&self.records.get(place as usize)?.as_ref()?.job)
    }

    /// What lives with an open job.
    pub(super) fn live(&self, place: Place) -> Option<&L> {
        self.records.get(place as usize)?.as_ref()?.live.as_ref()
    }

    fn open_job(&mut self, place: Place) -> Option<&mut Job> {
        let record = self.records.get_mut(place as usize)?.as_mut()?;
        record.live.is_some().then_some(&mut *record.job)
    }

    /// An attempt of the job begins, if it is open.
    pub(super) fn start(&mut self, place: Place, attempt: u32, now: Instant) -> Option<&Job> {
        self.counts.attempts += u64::from(self.live(place).is_some());
        let job = self.open_job(place)?;
        job.state = JobState::Running { attempt };
        job.attempts = attempt + 1;
        job.times.start(now);
        Some(job)
    }

    /// The next attempt has to wait, and gets `memory` then, where that is another amount. It says whether the job is open.
    pub(super) fn back_off(&mut self, place: Place, attempt: u32, until: SystemTime, memory: Option<u64>) -> bool {
        let Some(job) = self.open_job(place) else { return false };
        job.state = JobState::Backoff { attempt, until };
        job.memory = memory.and_then(NonZero::new).or(job.memory);
        true
    }

    /// The wait is over. It says whether the job is open.
    pub(super) fn queue_again(&mut self, place: Place) -> bool {
        self.open_job(place).map(|job| job.state = JobState::Queued).is_some()
    }

    /// Closes an open job, and forgets the oldest of the closed ones that are too many or too old. What lived with the job comes back; [`None`] where it
    /// is not open.
    pub(super) fn close(&mut self, place: Place, outcome: JobOutcome, now: Instant) -> Option<L> {
        let record = self.records.get_mut(place as usize)?.as_mut()?;
        let live = record.live.take()?;
        self.counts.count(&outcome);
        record.job.state = JobState::Closed(outcome);
        record.job.times.close(now);
        self.closed.push_back(place);
        self.forget(now);
        Some(live)
    }

    fn forget(&mut self, now: Instant) {
        while let Some(&oldest) = self.closed.front() {
            let is_old = self.history.longest.is_some_and(|longest| {
                let closed = self.job(oldest).and_then(|job| job.times.closed());
                closed.is_some_and(|at| now.saturating_duration_since(at) > longest)
            });
            if self.closed.len() <= self.history.most && !is_old {
                return;
            }
            self.closed.pop_front();
            if let Some(mut record) = self.records[oldest as usize].take() {
                self.places.remove(&record.job.id);
                self.free.push(oldest);
                if self.spare.len() < SPARE {
                    record.job.clear();
                    self.spare.push(record.job);
                }
            }
        }
    }

    /// How many are open or remembered.
    pub(super) fn len(&self) -> usize {
        self.places.len()
    }

    /// How many are open.
    pub(super) fn open_count(&self) -> usize {
        self.places.len() - self.closed.len()
    }

    pub(super) fn open(&self) -> impl Iterator<Item = (&Job, &L)> {
        open(&self.records)
    }

    /// The open ones of a slice of the ledger, which has as many as give a slice; [`None`] beyond the last.
    pub(super) fn open_in(&self, slice: usize) -> Option<impl Iterator<Item = (&Job, &L)>> {
        self.records.chunks(SLICE).nth(slice).map(open)
    }

    /// The remembered ones that are over, oldest first.
    pub(super) fn closed(&self) -> impl Iterator<Item = &Job> {
        self.closed.iter().filter_map(|&place| self.job(place))
    }
}

fn open<L>(records: &[Option<Record<L>>]) -> impl Iterator<Item = (&Job, &L)> {
    records.iter().flatten().filter_map(|record| Some((&*record.job, record.live.as_ref()?)))
}

/// Every open job, and the last that closed: the coordinator's ledger as a plain value, to be used and tested by itself.
///
/// # Examples
/// ```
/// use nebulakit::coordinator::{CoordinatorState, Job, JobOutcome};
///
/// let mut state = CoordinatorState::empty();
/// let id = state.add_job(Job::new("42"))?;
/// state.end_job(&id, JobOutcome::Success)?;
/// assert_eq!((state.open().count(), state.counts().succeeded), (0, 1));
///
/// assert!(state.end_job(&id, JobOutcome::Success).is_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct CoordinatorState(Ledger<()>);

impl CoordinatorState {
    /// One without jobs, which remembers the last thousand that closed.
    #[must_use]
    pub fn empty() -> Self {
        Self(Ledger::new(History::default()))
    }

    /// One without jobs, which remembers `most` that closed, and none for `longer` than that.
    #[must_use]
    pub fn with_history(most: usize, longest: Option<Duration>) -> Self {
        Self(Ledger::new(History { most, longest }))
    }

    /// Takes a job.
    ///
    /// # Errors
    /// [`SubmitError::Duplicate`]: when one of its id is open or remembered.
    pub fn add_job(&mut self, job: Job) -> Result<RequestId, SubmitError> {
        let id = job.id().clone();
        match self.0.add(job, ()) {
            Some(_) => Ok(id),
            None => Err(SubmitError::Duplicate(id)),
        }
    }

    /// Says that an attempt of an open job began, from 0.
    ///
    /// # Errors
    /// When no job of that id is open.
    pub fn start_job(&mut self, id: &RequestId, attempt: u32) -> Result<(), NoOpenJob> {
        let place = self.open_place(id)?;
        self.0.start(place, attempt, Instant::now());
        Ok(())
    }

    /// Closes an open job.
    ///
    /// # Errors
    /// When no job of that id is open.
    pub fn end_job(&mut self, id: &RequestId, outcome: JobOutcome) -> Result<(), NoOpenJob> {
        let place = self.open_place(id)?;
        self.0.close(place, outcome, Instant::now());
        Ok(())
    }

    fn open_place(&self, id: &RequestId) -> Result<Place, NoOpenJob> {
        match self.0.find(id) {
            Some(place) if self.0.live(place).is_some() => Ok(place),
            Some(_) => Err(NoOpenJob { id: id.clone(), is_closed: true }),
            None => Err(NoOpenJob { id: id.clone(), is_closed: false }),
        }
    }

    /// The job of that id, if it is open or remembered.
    #[must_use]
    pub fn job(&self, id: &RequestId) -> Option<&Job> {
        self.0.job(self.0.find(id)?)
    }

    /// The jobs that are open, in no order.
    pub fn open(&self) -> impl Iterator<Item = &Job> {
        self.0.open().map(|(job, ())| job)
    }

    /// The remembered jobs that are over, oldest first.
    pub fn closed(&self) -> impl Iterator<Item = &Job> {
        self.0.closed()
    }

    /// How many there were.
    #[must_use]
    pub fn counts(&self) -> Counts {
        self.0.counts
    }
}

impl Default for CoordinatorState {
    fn default() -> Self {
        Self::empty()
    }
}

/// No job of that id is open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoOpenJob {
    id: RequestId,
    is_closed: bool,
}

impl fmt::Display for NoOpenJob {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { id, is_closed } = self;
        if *is_closed { write!(f, "the job `{id}` is closed already") } else { write!(f, "there is no job `{id}`") }
    }
}

impl StdError for NoOpenJob {}
