//! Why a job does not run yet.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::coordinator::resources::Resource;

/// What a job waits for that could run, had it its turn.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum WaitsFor {
    /// As many jobs run as may at once.
    Jobs,
    /// As many jobs of its strategy run as may at once.
    Slots {
        /// The strategy.
        strategy: String,
    },
    /// Less is free of these than it asks for.
    Resources(Vec<Resource>),
    /// It would fit: another job that goes first is waited for, or is about to begin.
    Turn,
    /// An engine has it in its queue.
    Engine {
        /// The engine: the name of a backend.
        engine: String,
        /// The job's id there; empty as long as the engine does not take it.
        id: String,
        /// Why it waits, in the engine's words, if the engine says so.
        reason: Option<String>,
    },
}

impl fmt::Display for WaitsFor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Jobs => f.write_str("one of the jobs that run"),
            Self::Slots { strategy } => write!(f, "a slot of `{strategy}`"),
            Self::Resources(resources) => {
                let names: Vec<_> = resources.iter().map(Resource::to_string).collect();
                f.write_str(&names.join(", "))
            }
            Self::Turn => f.write_str("its turn"),
            Self::Engine { engine, id, reason } if id.is_empty() => {
                write!(f, "`{engine}` to take it: {}", reason.as_deref().unwrap_or_default())
            }
            Self::Engine { engine, id, reason: None } => write!(f, "`{engine}`, as its job {id}"),
            Self::Engine { engine, id, reason: Some(reason) } => write!(f, "`{engine}`, as its job {id}: {reason}"),
        }
    }
}
