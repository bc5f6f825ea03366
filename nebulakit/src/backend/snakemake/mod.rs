//! Snakemake as a backend: a graph becomes a folder with a `Snakefile` that a person can read and run, and the run is watched as one of ours.
//!
//! Snakemake drives the graph. Each of its jobs runs this program, which does one part of one node and leaves the file that Snakemake looks for.
//! Our process starts Snakemake, turns what the jobs and its logger tell into events, passes on answers, and cancels.
//!
//! | module | holds |
//! |---|---|
//! | `rules`, `parts`, `asks` | a graph as rules |
//! | `snakefile`, `quote` | the rules as text |
//! | `refused` | what no rule can say |
//! | `folder`, `line` | what is in a plan's folder |
//! | `job` | one job |
//! | `backend`, `settings` | the backend, and its section of `nebulakit.toml` |
//! | `compiled`, `started` | what it compiles, and how it starts a plan |
//! | `watch` | the run, as long as Snakemake works on it |

mod asks;
mod backend;
mod compiled;
mod folder;
mod job;
mod line;
mod parts;
mod quote;
mod refused;
mod rules;
mod settings;
mod snakefile;
mod started;
mod watch;

use futures_util::future::BoxFuture;

pub(crate) use self::backend::NAME;
pub use self::backend::SnakemakeBackend;
pub(crate) use self::job::serve;
pub(crate) use self::snakefile::VERB;
use super::{Backend, Capabilities, Options, Plan, RunError};
use crate::graph::Graph;
use crate::run::{RunHandle, RunId};

impl Backend for SnakemakeBackend {
    fn name(&self) -> &str {
        backend::NAME
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities::all()
    }

    fn compile(&self, graph: &Graph, options: &Options) -> Result<Plan, RunError> {
        compiled::compiled(self, graph, options)
    }

    fn run(&self, plan: Plan) -> BoxFuture<'_, Result<RunHandle, RunError>> {
        Box::pin(async move { started::start(self, plan).await })
    }

    fn attach(&self, run: &RunId) -> Result<RunHandle, RunError> {
        RunHandle::attach(&self.runs, run).map_err(RunError::Record)
    }
}
