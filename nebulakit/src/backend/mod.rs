//! Backends: what compiles graphs and runs them.
//!
//! A [`Backend`] says what it [can do](Capabilities), makes a [`Plan`] of a graph, runs it, and gives a [`RunHandle`] that is the same in every process.
//! The [`LocalBackend`] runs graphs on this machine. [`run_local`](crate::Invocation::run_local) does without a record, for tests and for
//! programs of one's own.

mod capability;
mod demand;
mod driver;
mod error;
mod extent;
mod inputs;
mod local;
mod needs;
mod plan;
mod preview;

use futures_util::future::BoxFuture;

pub use self::capability::{Capabilities, Capability};
pub use self::error::{NodeError, RunError};
pub use self::local::{LocalBackend, RunLocal};
pub use self::plan::{CacheUse, Options, Plan};
pub use self::preview::{Fate, Foreseen, Preview, Unkept};
use crate::graph::Graph;
pub use crate::run::Keep;
use crate::run::{RunHandle, RunId};
pub use crate::task::mock::{Mock, MockReturn};

/// What compiles graphs and runs them.
pub trait Backend: Send + Sync {
    /// Its name, as `local`.
    fn name(&self) -> &str;

    /// What it can do.
    fn capabilities(&self) -> Capabilities;

    /// Makes a plan of a graph.
    ///
    /// # Errors
    /// With everything that it needs and that is not there, and everything that is wrong with the inputs.
    fn compile(&self, graph: &Graph, options: &Options) -> Result<Plan, RunError>;

    /// Starts a plan. The run goes on where its handle is dropped.
    ///
    /// # Errors
    /// When it cannot be started.
    fn run(&self, plan: Plan) -> BoxFuture<'_, Result<RunHandle, RunError>>;

    /// Says what a plan would do, without running any of it or recording anything: what would run and why, what is cached, and what is kept from the run that
    /// it goes on with. Unless a backend can say it, it is refused.
    ///
    /// # Errors
    /// When it cannot be said.
    fn preview<'a>(&'a self, _plan: &'a Plan) -> BoxFuture<'a, Result<Preview, RunError>> {
        let reason = format!("the backend `{}` cannot say beforehand what a run would do", self.name());
        Box::pin(async move { Err(RunError::Refused(vec![reason])) })
    }

    /// The handle of a run that this or any other process started.
    ///
    /// # Errors
    /// When there is no such run.
    fn attach(&self, run: &RunId) -> Result<RunHandle, RunError>;
}
