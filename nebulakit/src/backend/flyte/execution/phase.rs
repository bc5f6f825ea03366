//! How far executions, their nodes and the attempts at those are.

use nebulakit_types::wire::flyteidl::core::{CatalogCacheStatus, node_execution, task_execution, workflow_execution};

/// How far an execution is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ExecutionPhase {
    /// It exists, and nothing has begun yet.
    Undefined,
    /// It waits for its turn.
    Queued,
    /// Its nodes run.
    Running,
    /// All of its nodes succeeded, and its outputs are being stored.
    Succeeding,
    /// It succeeded.
    Succeeded,
    /// It is about to fail: the nodes that still run are stopped.
    Failing,
    /// It failed.
    Failed,
    /// It is being stopped, as somebody asked.
    Aborting,
    /// It was stopped.
    Aborted,
    /// It took too long.
    TimedOut,
}

/// How far a node of an execution is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum NodePhase {
    /// Nothing is known yet.
    Undefined,
    /// It waits for its turn, or for its next attempt.
    Queued,
    /// It runs.
    Running,
    /// It is a dynamic task, and the nodes that it made run.
    DynamicRunning,
    /// It succeeded.
    Succeeded,
    /// It did not run: its outputs are those of the execution that this one recovers.
    Recovered,
    /// It is about to fail.
    Failing,
    /// It failed.
    Failed,
    /// It was stopped.
    Aborted,
    /// It never began, because a node that it needs did not succeed.
    Skipped,
    /// It took too long.
    TimedOut,
}

/// How far an attempt at a node, or at an element of a map, is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum AttemptPhase {
    /// Nothing is known yet.
    Undefined,
    /// It waits for its turn.
    Queued,
    /// Its pod starts.
    Initializing,
    /// The cluster has no room for it yet.
    WaitingForResources,
    /// It runs.
    Running,
    /// It succeeded.
    Succeeded,
    /// It failed, and another one may follow.
    RetryableFailed,
    /// It failed.
    Failed,
    /// It was stopped.
    Aborted,
}

/// What the cache had to do with a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum CacheUsed {
    /// Nothing: its task is not cached, or it is not a task.
    Disabled,
    /// The cache did not have its outputs.
    Miss,
    /// Its outputs are from the cache.
    Hit,
    /// Its outputs were stored in the cache.
    Populated,
    /// The cache could not be asked.
    LookupFailure,
    /// Its outputs could not be stored in the cache.
    PutFailure,
    /// The cache was not asked, on request.
    Skipped,
    /// Its outputs were taken out of the cache.
    Evicted,
}

/// The text of each value, and the value of the wire's.
macro_rules! phases {
    ($phase:ident of $wire:ty: $($variant:ident $text:literal)*) => {
        impl $phase {
            pub(super) fn from_wire(number: i32) -> Self {
                match <$wire>::try_from(number) {
                    $(Ok(<$wire>::$variant) => Self::$variant,)*
                    // A later version of the platform may know more of them.
                    Err(_) => Self::UNKNOWN,
                }
            }

            /// It in words: `timed out`.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $text,)*
                }
            }
        }

        impl std::fmt::Display for $phase {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(self.as_str())
            }
        }
    };
}

// The platform's word for what has not begun is `undefined`.
phases! { ExecutionPhase of workflow_execution::Phase:
    Undefined "queued" Queued "queued" Running "running" Succeeding "succeeding" Succeeded "succeeded" Failing "failing" Failed "failed"
    Aborting "aborting" Aborted "aborted" TimedOut "timed out"
}

phases! { NodePhase of node_execution::Phase:
    Undefined "queued" Queued "queued" Running "running" DynamicRunning "running" Succeeded "succeeded" Recovered "recovered"
    Failing "failing" Failed "failed" Aborted "aborted" Skipped "skipped" TimedOut "timed out"
}

phases! { AttemptPhase of task_execution::Phase:
    Undefined "queued" Queued "queued" Initializing "initializing" WaitingForResources "waiting for resources" Running "running"
    Succeeded "succeeded" RetryableFailed "failed" Failed "failed" Aborted "aborted"
}

impl ExecutionPhase {
    const UNKNOWN: Self = Self::Undefined;

    /// All of them, in the order in which executions pass through them.
    pub const ALL: [Self; 10] = [
        Self::Undefined,
        Self::Queued,
        Self::Running,
        Self::Succeeding,
        Self::Succeeded,
        Self::Failing,
        Self::Failed,
        Self::Aborting,
        Self::Aborted,
        Self::TimedOut,
    ];

    /// Whether the execution is over.
    #[must_use]
    pub fn is_over(self) -> bool {
        matches!(self, Self::Succeeded | Self::Failed | Self::Aborted | Self::TimedOut)
    }

    /// The text that the control plane's filters know it by.
    pub(super) fn filter(self) -> String {
        match self {
            Self::Undefined => "UNDEFINED".to_owned(),
            phase => phase.as_str().to_ascii_uppercase().replace(' ', "_"),
        }
    }
}

impl NodePhase {
    const UNKNOWN: Self = Self::Undefined;

    /// Whether the node is over.
    #[must_use]
    pub fn is_over(self) -> bool {
        !matches!(self, Self::Undefined | Self::Queued | Self::Running | Self::DynamicRunning | Self::Failing)
    }

    /// Whether the node has outputs.
    #[must_use]
    pub fn is_success(self) -> bool {
        matches!(self, Self::Succeeded | Self::Recovered)
    }
}

impl AttemptPhase {
    const UNKNOWN: Self = Self::Undefined;

    /// Whether the attempt failed.
    #[must_use]
    pub fn is_failure(self) -> bool {
        matches!(self, Self::RetryableFailed | Self::Failed)
    }
}

impl CacheUsed {
    pub(super) fn from_wire(number: i32) -> Self {
        match CatalogCacheStatus::try_from(number) {
            Ok(CatalogCacheStatus::CacheMiss) => Self::Miss,
            Ok(CatalogCacheStatus::CacheHit) => Self::Hit,
            Ok(CatalogCacheStatus::CachePopulated) => Self::Populated,
            Ok(CatalogCacheStatus::CacheLookupFailure) => Self::LookupFailure,
            Ok(CatalogCacheStatus::CachePutFailure) => Self::PutFailure,
            Ok(CatalogCacheStatus::CacheSkipped) => Self::Skipped,
            Ok(CatalogCacheStatus::CacheEvicted) => Self::Evicted,
            Ok(CatalogCacheStatus::CacheDisabled) | Err(_) => Self::Disabled,
        }
    }
}
