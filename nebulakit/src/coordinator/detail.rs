//! What a coordinator says of itself.

use crate::coordinator::job::Job;
use crate::coordinator::resources::Resource;
use crate::coordinator::state::Counts;
use crate::task::strategy::Strategy;

/// What a coordinator is doing: a snapshot, which does not change any more.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct SystemDetail {
    /// How many jobs there were, by what became of them.
    pub counts: Counts,
    /// The jobs that are open, in no order.
    pub open: Vec<Job>,
    /// The jobs that closed last, oldest first: as many as the history holds.
    pub closed: Vec<Job>,
    /// The strategies.
    pub strategies: Vec<StrategyDetail>,
    /// The resources that are counted: cores, memory, GPUs, and tokens by their names.
    pub resources: Vec<ResourceDetail>,
    /// Threads that go on although their attempt was given up.
    pub abandoned: usize,
    /// Subscribers of the publisher.
    pub subscribers: usize,
    /// Events that did not reach a subscriber because it was too slow.
    pub dropped_events: u64,
    /// Whether it was shut down and takes no more work.
    pub is_closed: bool,
}

/// How busy a strategy is.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct StrategyDetail {
    /// The strategy.
    pub strategy: Strategy,
    /// How many attempts it runs at once; [`None`] for any number.
    pub slots: Option<usize>,
    /// How many attempts run that hold a slot or resources.
    pub taken: usize,
    /// How many jobs wait for a slot or for resources.
    pub waiting: usize,
}

/// How much of a resource is taken.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct ResourceDetail {
    /// Which.
    pub resource: Resource,
    /// How much there is in all: cores, bytes, GPUs or tokens. [`None`] for memory where that is not known.
    pub limit: Option<f64>,
    /// How much of it jobs hold. More cores than there are where a job goes on that could not wait for its own.
    pub taken: f64,
}

/// What became of a coordinator's jobs when it was shut down.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct DrainReport {
    /// Jobs that ended within the time that they were given.
    pub drained: u64,
    /// Jobs that were cancelled when it was over.
    pub cancelled: u64,
    /// Jobs that did not end although they were cancelled: their records are closed as lost.
    pub lost: u64,
    /// Threads that go on although their attempt was given up.
    pub abandoned: usize,
    /// Events that did not reach a subscriber because it was too slow.
    pub dropped_events: u64,
}
