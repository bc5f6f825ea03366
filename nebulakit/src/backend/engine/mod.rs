//! What backends have in common whose jobs run on an engine: a cluster's, a cloud's, or programs that the user named.

mod backend;
mod board;
mod contract;
mod ends;
mod note;
mod plan;
mod prints;
mod rules;
mod settings;
mod strategy;
mod variables;
mod wanted;
mod watcher;

pub(in crate::backend) use self::backend::{EngineBackend, EngineOptions};
pub(in crate::backend) use self::board::Pace;
pub(in crate::backend) use self::contract::{Ending, Engine, EngineEnd, EngineError, EngineId, EngineJob, NotSubmitted, Seen};
pub(in crate::backend) use self::plan::quoted;
#[cfg(feature = "slurm")]
pub(in crate::backend) use self::rules::sorted;
#[cfg(feature = "slurm")]
pub(in crate::backend) use self::settings::Scope;
pub(in crate::backend) use self::settings::{Keys, Mistakes};
pub(crate) use self::settings::{Said, Settings};
pub(in crate::backend) use self::strategy::seconds;
pub(in crate::backend) use self::variables::of_jobs;
