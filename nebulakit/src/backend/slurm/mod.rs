//! Slurm: each attempt at a node is a job of its own, or an element of an array, submitted with `sbatch` and watched with `squeue` and `sacct`.
//!
//! Everything goes through Slurm's own client programs, which are on each machine from which jobs are submitted: there is no library to match a
//! cluster's version. `flags`, `script` and `file_names` say a job in their words, `arrays` puts equal ones together, `client` runs the programs, and
//! `submitted`, `queue`, `accounts` and `state` read what they say. `driving` has runs driven by jobs, and
//! `serve` is such a job.

mod accounts;
mod arrays;
mod backend;
mod client;
mod cluster;
mod driving;
mod engine;
mod file_names;
mod flags;
#[cfg(test)]
mod odd_answers;
#[cfg(test)]
mod on_a_cluster;
mod queue;
mod reach;
mod script;
mod section;
mod serve;
mod settings;
mod state;
mod submitted;
mod submitting;
mod timely;

pub(crate) use self::backend::KIND;
pub use self::backend::SlurmBackend;
pub(crate) use self::driving::VERB;
pub(crate) use self::serve::{DriverRequest, serve};
