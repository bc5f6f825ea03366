//! The resources that a run took: times, counts, CPU, memory and data.

use std::time::{Duration, SystemTime};

use crate::coordinator::Usage;
use crate::run::state::{Counts, RunState};

/// What a run has taken so far, summed over its nodes: the result of [`RunHandle::metrics`](super::RunHandle::metrics). For single nodes see
/// [`NodeState::used`](super::NodeState::used).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Metrics {
    /// Its wall-clock time, so far or in total.
    pub elapsed: Duration,
    /// How many nodes have which status.
    pub counts: Counts,
    /// How many attempts have begun.
    pub attempts: u64,
    /// What the finished attempts took: the sum of their times, and the peak memory of any of them. Nodes for which a value is not known do not count
    /// for that value.
    pub used: Usage,
    /// How much data its tasks have read and stored, in bytes.
    pub moved: u64,
}

impl RunState {
    /// What the run took up to `now`, or to its end.
    ///
    /// # Examples
    /// ```
    /// use std::time::{Duration, SystemTime};
    ///
    /// use nebulakit::run::{Event, RunState};
    ///
    /// let mut state = RunState::new();
    /// let told = r#"{"sequence":0,"at":"2026-11-29T10:00:00Z","event":"created","version":1,"run":"r1","name":"app.add","backend":"local","nodes":1}"#;
    /// state.apply(&serde_json::from_str::<Event>(told)?)?;
    /// let metrics = state.metrics(state.created.unwrap() + Duration::from_secs(3));
    /// assert_eq!((metrics.elapsed, metrics.attempts), (Duration::from_secs(3), 0));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn metrics(&self, now: SystemTime) -> Metrics {
        // The clock may have been set back meanwhile.
        let elapsed = self.created.and_then(|created| self.ended.unwrap_or(now).duration_since(created).ok()).unwrap_or_default();
        Metrics {
            elapsed,
            counts: self.counts(),
            attempts: self.nodes.values().map(|node| u64::from(node.attempts)).sum(),
            used: self.nodes.values().filter_map(|node| node.used).fold(Usage::default(), Usage::and),
            moved: self.moved,
        }
    }
}
