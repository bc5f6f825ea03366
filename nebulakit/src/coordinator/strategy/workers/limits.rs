//! Which limits are asked for, and which can be kept.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use crate::coordinator::strategy::workers::groups::{Bytes, Group, Place, Places};
use crate::process::memory::{Account, MemoryGroup};

/// What a worker may take.
#[derive(Debug, Clone, Default)]
pub(in crate::coordinator::strategy) struct Asked {
    pub(in crate::coordinator::strategy) memory: Option<u64>,
    pub(in crate::coordinator::strategy) cpu_time: Option<Duration>,
    pub(in crate::coordinator::strategy) cpus: Option<f64>,
    pub(in crate::coordinator::strategy) folder: Option<PathBuf>,
    pub(in crate::coordinator::strategy) are_required: bool,
}

/// How a limit is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Enforced {
    /// None was asked for.
    NotAsked,
    /// By a cgroup of version 1: for the worker and all that it starts.
    Cgroup1,
    /// By a cgroup of version 2: for the worker and all that it starts.
    Cgroup2,
    /// By a resource limit: for each process by itself.
    Rlimit,
    /// Not at all: it takes a cgroup, and none can be made here.
    Not,
}

impl fmt::Display for Enforced {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotAsked => "not asked for",
            Self::Cgroup1 => "by cgroup (version 1)",
            Self::Cgroup2 => "by cgroup (version 2)",
            Self::Rlimit => "by resource limit, for each process by itself",
            Self::Not => "not kept: no cgroup can be made here",
        })
    }
}

/// Which limits of a [`ProcessStrategy`](crate::coordinator::ProcessStrategy) are in force, and by what.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct LimitsInForce {
    /// That on memory.
    pub memory: Enforced,
    /// That on CPU time of a job.
    pub cpu_time: Enforced,
    /// That on cores.
    pub cpus: Enforced,
}

impl fmt::Display for LimitsInForce {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "memory {}; CPU time {}; cores {}", self.memory, self.cpu_time, self.cpus)
    }
}

/// What is asked for, and where it can be kept.
#[derive(Debug, Clone)]
pub(in crate::coordinator::strategy) struct Kept {
    asked: Asked,
    places: Places,
    pub(in crate::coordinator::strategy) in_force: LimitsInForce,
    /// The cgroup of this process, in which workers are that have none of their own.
    shared: Option<MemoryGroup>,
    /// Whether the limit on memory is set for each job, and not with the groups.
    is_of_jobs: bool,
}

impl Kept {
    pub(in crate::coordinator::strategy) fn new(asked: &Asked) -> Self {
        let needs_groups = asked.memory.is_some() || asked.cpus.is_some();
        let places = if needs_groups { Places::find(asked.folder.as_deref()) } else { Places::default() };
        let by = |place: &Option<Place>, otherwise| match place {
            None => otherwise,
            Some(place) if place.is_v2 => Enforced::Cgroup2,
            Some(_) => Enforced::Cgroup1,
        };
        let in_force = LimitsInForce {
            memory: asked.memory.map_or(Enforced::NotAsked, |_| by(&places.memory, Enforced::Rlimit)),
            cpu_time: asked.cpu_time.map_or(Enforced::NotAsked, |_| Enforced::Rlimit),
            cpus: asked.cpus.map_or(Enforced::NotAsked, |_| by(&places.cpu, Enforced::Not)),
        };
        Self { asked: asked.clone(), places, in_force, shared: MemoryGroup::of_this_process(), is_of_jobs: false }
    }

    /// Those of workers for jobs that say how much memory they take: it can be kept in the same places for all of them.
    pub(in crate::coordinator::strategy) fn of_jobs(asked: &Asked) -> Self {
        Self { is_of_jobs: true, ..Self::new(&Asked { memory: Some(u64::MAX), ..asked.clone() }) }
    }

    /// The same for a job with so many bytes.
    pub(in crate::coordinator::strategy) fn with_memory(mut self, bytes: u64) -> Self {
        self.asked.memory = Some(bytes);
        self
    }

    /// Whether cgroups keep the limit on memory.
    pub(in crate::coordinator::strategy) fn has_memory_groups(&self) -> bool {
        matches!(self.in_force.memory, Enforced::Cgroup1 | Enforced::Cgroup2)
    }

    /// The limit on memory of those that ask for none of their own.
    pub(in crate::coordinator::strategy) fn memory(&self) -> Bytes {
        self.asked.memory.map_or(Bytes::Any, Bytes::AtMost)
    }

    /// The limit on memory with which a worker is started.
    pub(in crate::coordinator::strategy) fn memory_at_start(&self) -> Bytes {
        if self.is_of_jobs { Bytes::Any } else { self.memory() }
    }

    /// Why workers may not be started: a limit that is none, or one that is required and cannot be kept.
    pub(in crate::coordinator::strategy) fn problem(&self) -> Option<String> {
        if let Some(cores) = self.asked.cpus.filter(|cores| !cores.is_finite() || *cores <= 0.0) {
            return Some(format!("a worker cannot have {cores} cores: a number above 0 is expected"));
        }
        let is_missing = self.asked.are_required && self.in_force.cpus == Enforced::Not;
        is_missing.then(|| "the limit on cores is required, and no cgroup can be made here that keeps it".to_owned())
    }

    /// Makes the groups of a new worker.
    pub(super) fn group(&self) -> std::io::Result<Option<Group>> {
        let memory = self.asked.memory.map(|_| self.memory_at_start());
        Group::make(&self.places, memory, self.asked.cpus)
    }

    /// Where the kernel's account of a new worker's memory is.
    pub(super) fn account(&self, own: Option<&Group>) -> Option<Account> {
        match own.and_then(|own| own.memory.clone()) {
            Some(own) => Account::of(own, false),
            None => Account::of(self.shared.clone()?, true),
        }
    }

    /// The limit that the worker itself sets to its memory.
    pub(in crate::coordinator::strategy) fn own_memory(&self) -> Option<u64> {
        self.asked.memory.filter(|_| self.in_force.memory == Enforced::Rlimit)
    }

    /// Whole seconds: the kernel counts them so.
    pub(in crate::coordinator::strategy) fn cpu_seconds(&self) -> Option<u64> {
        self.asked.cpu_time.map(|time| time.as_secs() + u64::from(time.subsec_nanos() > 0))
    }

    pub(in crate::coordinator::strategy) fn cpu_time(&self) -> Option<Duration> {
        self.asked.cpu_time
    }

    pub(in crate::coordinator::strategy) fn are_required(&self) -> bool {
        self.asked.are_required
    }
}
