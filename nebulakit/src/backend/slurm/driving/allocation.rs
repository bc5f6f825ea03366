//! `[backends.slurm.allocation]`: what a job asks for that drives a run.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::backend::engine::{Keys, Mistakes};

/// The longest time that a driver keeps for its own end.
const LONGEST_RESERVE: Duration = Duration::from_secs(60);

/// The shortest.
const SHORTEST_RESERVE: Duration = Duration::from_secs(10);

/// What such a job asks for. What it leaves open is as much as the largest task takes, and what the partition gives.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub(in crate::backend::slurm) struct Allocation {
    /// How many cores.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(in crate::backend::slurm) cores: Option<f64>,
    /// How much memory, in bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(in crate::backend::slurm) memory: Option<u64>,
    /// How many GPUs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(in crate::backend::slurm) gpus: Option<u32>,
    /// How long it lasts: `--time`, which counts in whole minutes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(in crate::backend::slurm) time: Option<Duration>,
}

impl Allocation {
    /// Reads it.
    pub(in crate::backend::slurm) fn read(mut keys: Keys<'_>, mistakes: &mut Mistakes) -> Self {
        let read = Self {
            cores: keys.number("cores", mistakes),
            memory: keys.bytes("memory", mistakes),
            gpus: keys.count("gpus", mistakes),
            time: keys.span("time", mistakes),
        };
        keys.done(mistakes);
        read
    }

    /// The same; what it leaves open is as in `other`.
    pub(in crate::backend::slurm) fn or(self, other: Self) -> Self {
        Self {
            cores: self.cores.or(other.cores),
            memory: self.memory.or(other.memory),
            gpus: self.gpus.or(other.gpus),
            time: self.time.or(other.time),
        }
    }

    /// Its time in minutes, which is what Slurm counts.
    pub(in crate::backend::slurm) fn minutes(&self) -> Option<u64> {
        self.time.map(|time| time.as_secs().div_ceil(60).max(1))
    }

    /// How long nodes have in it at most.
    pub(in crate::backend::slurm) fn of_nodes(&self) -> Option<Duration> {
        let whole = Duration::from_secs(self.minutes()?.saturating_mul(60));
        Some(whole.saturating_sub(reserve(whole)))
    }
}

/// How much of the time of an allocation its driver keeps for its own end: tasks have to stop, and what they did has to be recorded.
pub(in crate::backend::slurm) fn reserve(whole: Duration) -> Duration {
    (whole / 10).clamp(SHORTEST_RESERVE, LONGEST_RESERVE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_driver_keeps_time_for_its_end() {
        let of = |seconds| Allocation { time: Some(Duration::from_secs(seconds)), ..Allocation::default() };
        assert_eq!(of(30).minutes(), Some(1));
        assert_eq!(of(30).of_nodes(), Some(Duration::from_secs(50)));
        assert_eq!(of(3600).of_nodes(), Some(Duration::from_secs(3540)));
        assert_eq!(Allocation::default().of_nodes(), None);
    }
}
