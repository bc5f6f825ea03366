//! Counts by the facade of the crate `metrics`.

use std::sync::OnceLock;
use std::time::{Duration, Instant};

use metrics::{Counter, Gauge, Histogram, Unit, counter, describe_counter, describe_gauge, describe_histogram, gauge, histogram};

use crate::coordinator::job::FailureKind;
use crate::coordinator::meters::Phase;
use crate::task::strategy::Strategy;

const SUBMITTED: &str = "nebulakit_jobs_submitted_total";
const CLOSED: &str = "nebulakit_jobs_closed_total";
const OPEN: &str = "nebulakit_jobs_open";
const QUEUED: &str = "nebulakit_jobs_queued";
const RUNNING: &str = "nebulakit_jobs_running";
const ATTEMPTS: &str = "nebulakit_attempts_total";
const RETRIES: &str = "nebulakit_retries_total";
const QUEUE_SECONDS: &str = "nebulakit_job_queue_seconds";
const ATTEMPT_SECONDS: &str = "nebulakit_attempt_seconds";
const ABANDONED: &str = "nebulakit_threads_abandoned";
const DROPPED: &str = "nebulakit_events_dropped_total";

/// The values of the label `outcome`, the first for no failure.
const OUTCOMES: [&str; 7] = ["success", "failed", "panicked", "timed_out", "cancelled", "lost", "limit"];

/// What is counted, by a recorder that is looked for when the first job comes.
pub(crate) struct Meters {
    strategies: Vec<String>,
    made: OnceLock<Made>,
}

struct Made {
    /// By the index of the strategy.
    lanes: Vec<OfLane>,
    abandoned: Gauge,
    dropped: Counter,
}

struct OfLane {
    submitted: Counter,
    /// By the index of the outcome.
    closed: [Counter; 7],
    open: Gauge,
    queued: Gauge,
    running: Gauge,
    attempts: Counter,
    retries: Counter,
    queue_seconds: Histogram,
    attempt_seconds: Histogram,
}

/// Measures how long an attempt takes.
#[derive(Clone, Copy)]
pub(crate) struct Stopwatch(Instant);

impl Stopwatch {
    pub(crate) fn started(at: Instant) -> Self {
        Self(at)
    }
}

impl OfLane {
    fn new(strategy: &str) -> Self {
        let named = |name: &'static str| counter!(name, "strategy" => strategy.to_owned());
        let gauged = |name: &'static str| gauge!(name, "strategy" => strategy.to_owned());
        let timed = |name: &'static str| histogram!(name, "strategy" => strategy.to_owned());
        Self {
            submitted: named(SUBMITTED),
            closed: OUTCOMES.map(|outcome| counter!(CLOSED, "strategy" => strategy.to_owned(), "outcome" => outcome)),
            open: gauged(OPEN),
            queued: gauged(QUEUED),
            running: gauged(RUNNING),
            attempts: named(ATTEMPTS),
            retries: named(RETRIES),
            queue_seconds: timed(QUEUE_SECONDS),
            attempt_seconds: timed(ATTEMPT_SECONDS),
        }
    }
}

impl Meters {
    pub(crate) const ARE_READ: bool = true;

    pub(crate) fn new<'a>(strategies: impl Iterator<Item = &'a Strategy>) -> Self {
        Self { strategies: strategies.map(|strategy| strategy.name().to_owned()).collect(), made: OnceLock::new() }
    }

    fn made(&self) -> &Made {
        self.made.get_or_init(|| {
            describe_counter!(SUBMITTED, Unit::Count, "Jobs that were taken");
            describe_counter!(CLOSED, Unit::Count, "Jobs that are over, by how they ended");
            describe_gauge!(OPEN, Unit::Count, "Jobs that wait, run or pause");
            describe_gauge!(QUEUED, Unit::Count, "Jobs that wait for their turn");
            describe_gauge!(RUNNING, Unit::Count, "Jobs with an attempt that runs");
            describe_counter!(ATTEMPTS, Unit::Count, "Attempts that began");
            describe_counter!(RETRIES, Unit::Count, "Attempts that began after one had failed");
            describe_histogram!(QUEUE_SECONDS, Unit::Seconds, "From a job's submission to its first attempt");
            describe_histogram!(ATTEMPT_SECONDS, Unit::Seconds, "How long an attempt ran");
            describe_gauge!(ABANDONED, Unit::Count, "Threads that go on although their attempt was given up");
            describe_counter!(DROPPED, Unit::Count, "Events that did not reach a subscriber because it was too slow");
            Made {
                lanes: self.strategies.iter().map(|strategy| OfLane::new(strategy)).collect(),
                abandoned: gauge!(ABANDONED),
                dropped: counter!(DROPPED),
            }
        })
    }

    fn lane(&self, index: usize) -> &OfLane {
        &self.made().lanes[index]
    }

    pub(crate) fn submitted(&self, lane: usize) {
        let lane = self.lane(lane);
        lane.submitted.increment(1);
        lane.open.increment(1);
        lane.queued.increment(1);
    }

    /// An attempt of a job that was queued began; of the first one, after how long a wait.
    pub(crate) fn started(&self, lane: usize, attempt: u32, waited: Option<Duration>) {
        let lane = self.lane(lane);
        lane.queued.decrement(1);
        lane.running.increment(1);
        lane.attempts.increment(1);
        if attempt > 0 {
            lane.retries.increment(1);
        }
        if let Some(waited) = waited {
            lane.queue_seconds.record(waited);
        }
    }

    /// An attempt ended, or was given up.
    pub(crate) fn attempted(&self, lane: usize, Stopwatch(begin): Stopwatch, now: impl FnOnce() -> Instant) {
        self.lane(lane).attempt_seconds.record(now().saturating_duration_since(begin));
    }

    /// A job that ran waits for the time of its next attempt.
    pub(crate) fn paused(&self, lane: usize) {
        self.lane(lane).running.decrement(1);
    }

    pub(crate) fn queued_again(&self, lane: usize) {
        self.lane(lane).queued.increment(1);
    }

    /// A job that was doing `was` closed, with this failure if there was one.
    pub(crate) fn closed(&self, lane: usize, was: Option<Phase>, failure: Option<FailureKind>) {
        let lane = self.lane(lane);
        let outcome = match failure {
            None => 0,
            Some(FailureKind::Failed) => 1,
            Some(FailureKind::Panicked) => 2,
            Some(FailureKind::TimedOut) => 3,
            Some(FailureKind::Cancelled) => 4,
            Some(FailureKind::Lost) => 5,
            Some(FailureKind::Limit) => 6,
        };
        lane.closed[outcome].increment(1);
        lane.open.decrement(1);
        match was {
            Some(Phase::Queued) => lane.queued.decrement(1),
            Some(Phase::Running) => lane.running.decrement(1),
            Some(Phase::Pausing) | None => {}
        }
    }

    /// An attempt goes on although it was given up, or is over after all.
    pub(crate) fn abandoned(&self, goes_on: bool) {
        let abandoned = &self.made().abandoned;
        if goes_on { abandoned.increment(1) } else { abandoned.decrement(1) }
    }

    pub(crate) fn dropped(&self, events: u64) {
        if events > 0 {
            self.made().dropped.increment(events);
        }
    }
}
