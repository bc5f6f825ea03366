//! What backends have in common whose jobs run on an engine: a cluster's, a cloud's, or programs that the user named.

mod backend;
mod board;
mod chunk_files;
mod chunks;
mod contract;
mod ends;
mod heard;
#[cfg(test)]
mod killed;
mod laid_out;
mod note;
mod plan;
mod prints;
mod rules;
mod settings;
mod shared;
mod strategy;
mod variables;
mod wanted;
mod watcher;

pub(in crate::backend) use self::backend::{EngineBackend, EngineOptions};
pub(in crate::backend) use self::board::Pace;
pub(in crate::backend) use self::contract::{Ending, Engine, EngineEnd, EngineError, EngineId, EngineJob, NotSubmitted, Seen};
#[cfg(feature = "snakemake")]
pub(in crate::backend) use self::ends::{cancelled, of_record};
pub(in crate::backend) use self::plan::quoted;
#[cfg(feature = "snakemake")]
pub(in crate::backend) use self::prints::Prints;
#[cfg(any(feature = "snakemake", feature = "slurm"))]
pub(in crate::backend) use self::prints::tail;
#[cfg(feature = "aws-batch")]
pub(in crate::backend) use self::rules::Rules as TaskRules;
#[cfg(any(feature = "aws-batch", feature = "slurm"))]
pub(in crate::backend) use self::rules::sorted;
#[cfg(any(feature = "aws-batch", feature = "slurm"))]
pub(in crate::backend) use self::settings::Scope;
pub(in crate::backend) use self::settings::{Keys, Mistakes};
pub(crate) use self::settings::{Said, Settings};
pub(in crate::backend) use self::strategy::seconds;
#[cfg(feature = "snakemake")]
pub(in crate::backend) use self::strategy::usage;
pub(in crate::backend) use self::variables::of_jobs;
#[cfg(feature = "slurm")]
pub(in crate::backend) use self::wanted::wanted;
