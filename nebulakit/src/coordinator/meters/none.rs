//! Counts nothing.

use std::time::{Duration, Instant};

use crate::coordinator::job::FailureKind;
use crate::coordinator::meters::Phase;
use crate::task::strategy::Strategy;

/// Counts nothing.
pub(crate) struct Meters;

/// Measures nothing.
#[derive(Clone, Copy)]
pub(crate) struct Stopwatch;

impl Stopwatch {
    pub(crate) fn started(_: Instant) -> Self {
        Self
    }
}

impl Meters {
    pub(crate) const ARE_READ: bool = false;

    pub(crate) fn new<'a>(_: impl Iterator<Item = &'a Strategy>) -> Self {
        Self
    }

    pub(crate) fn submitted(&self, _: usize) {}

    pub(crate) fn started(&self, _: usize, _: u32, _: Option<Duration>) {}

    pub(crate) fn attempted(&self, _: usize, _: Stopwatch, _: impl FnOnce() -> Instant) {}

    pub(crate) fn paused(&self, _: usize) {}

    pub(crate) fn queued_again(&self, _: usize) {}

    pub(crate) fn closed(&self, _: usize, _: Option<Phase>, _: Option<FailureKind>) {}

    pub(crate) fn abandoned(&self, _: bool) {}

    pub(crate) fn dropped(&self, _: u64) {}
}
