//! Backends compile graphs and run them.
//!
//! A [`Backend`] says what it [can do](Capabilities), compiles a graph to a [`Plan`], runs it, and returns a [`RunHandle`] that is the same in every process.
//! The [`LocalBackend`] runs graphs on this machine. [`run_local`](crate::Invocation::run_local) runs them without a record, for tests and
//! your own programs.

mod asked;
#[cfg(feature = "aws-batch")]
mod aws_batch;
mod capability;
mod command;
mod demand;
mod driver;
mod engine;
mod error;
mod extent;
pub mod flyte;
mod inputs;
mod local;
mod needs;
pub(crate) mod node;
mod plan;
mod preview;
#[cfg(feature = "slurm")]
mod slurm;
#[cfg(feature = "snakemake")]
mod snakemake;
mod values;

use std::path::{Path, PathBuf};

use futures_util::future::BoxFuture;

#[cfg(feature = "aws-batch")]
pub use self::aws_batch::AwsBatchBackend;
#[cfg(feature = "aws-batch")]
pub(crate) use self::aws_batch::KIND as AWS_BATCH;
pub use self::capability::{Capabilities, Capability};
pub use self::command::CommandBackend;
pub(crate) use self::command::KIND as COMMAND;
pub(crate) use self::engine::{Said, Settings};
pub use self::error::{NodeError, RunError};
pub use self::local::{LocalBackend, RunLocal};
pub use self::plan::{CacheUse, Options, Plan};
pub use self::preview::{Fate, Foreseen, Preview, Unkept};
#[cfg(feature = "slurm")]
pub use self::slurm::SlurmBackend;
#[cfg(feature = "slurm")]
pub(crate) use self::slurm::{DriverRequest, KIND as SLURM, VERB as SLURM_VERB, serve as serve_slurm};
#[cfg(feature = "snakemake")]
pub use self::snakemake::SnakemakeBackend;
#[cfg(feature = "snakemake")]
pub(crate) use self::snakemake::{NAME as SNAKEMAKE, VERB as SNAKEMAKE_VERB, serve as serve_snakemake};
use crate::graph::Graph;
pub use crate::run::Keep;
use crate::run::{RunHandle, RunId};
pub use crate::task::mock::{Mock, MockReturn};

/// Compiles graphs and runs them.
pub trait Backend: Send + Sync {
    /// Its name, such as `local`.
    fn name(&self) -> &str;

    /// What it can do.
    fn capabilities(&self) -> Capabilities;

    /// Compiles a graph to a plan.
    ///
    /// # Errors
    /// With everything that the graph needs but is missing, and everything that is wrong with the inputs.
    fn compile(&self, graph: &Graph, options: &Options) -> Result<Plan, RunError>;

    /// Starts a plan. The run goes on if its handle is dropped.
    ///
    /// # Errors
    /// When it cannot be started.
    fn run(&self, plan: Plan) -> BoxFuture<'_, Result<RunHandle, RunError>>;

    /// Says what a plan would do, without running or recording anything: what would run and why, what is cached, and what is kept from the run that
    /// it resumes. By default this is refused; backends that support it override it.
    ///
    /// # Errors
    /// When the backend does not support it, or the plan cannot be examined.
    fn preview<'a>(&'a self, _plan: &'a Plan) -> BoxFuture<'a, Result<Preview, RunError>> {
        let reason = format!("the backend `{}` cannot say beforehand what a run would do", self.name());
        Box::pin(async move { Err(RunError::Refused(vec![reason])) })
    }

    /// Drives a run on whose driver is gone: what is over stays as it is, and what runs elsewhere is waited for. By default this is refused; backends whose jobs
    /// run elsewhere override it.
    ///
    /// # Errors
    /// When the backend does not support it, when there is no such run, when it is over, or when another process drives it.
    fn drive<'a>(&'a self, run: &'a RunId) -> BoxFuture<'a, Result<RunHandle, RunError>> {
        let reason =
            format!("the backend `{}` cannot go on with the run {run}: its tasks ended with the process that drove it", self.name());
        Box::pin(async move { Err(RunError::Refused(vec![reason])) })
    }

    /// Starts a plan that was [laid out](Self::lay_out) in that folder, once. By default this is refused.
    ///
    /// # Errors
    /// When the backend does not support it, when there is no such plan, when it was started before, or when it cannot be started.
    fn begin<'a>(&'a self, plan: &'a Path) -> BoxFuture<'a, Result<RunHandle, RunError>> {
        let reason = format!("the backend `{}` cannot start a plan that was written before, as in {}", self.name(), plan.display());
        Box::pin(async move { Err(RunError::Refused(vec![reason])) })
    }

    /// Writes a plan without running it, where the backend has more than its files; the folder.
    ///
    /// # Errors
    /// When it cannot be written.
    fn lay_out(&self, _plan: &Plan) -> Result<Option<PathBuf>, RunError> {
        Ok(None)
    }

    /// The handle of a run that this or any other process started.
    ///
    /// # Errors
    /// When there is no such run.
    fn attach(&self, run: &RunId) -> Result<RunHandle, RunError>;
}
