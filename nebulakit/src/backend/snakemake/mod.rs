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

use std::path::PathBuf;

use futures_util::future::BoxFuture;

pub(crate) use self::backend::NAME;
pub use self::backend::SnakemakeBackend;
pub(crate) use self::job::serve;
pub(crate) use self::snakefile::VERB;
use super::{Backend, CacheUse, Capabilities, LocalBackend, Options, Plan, Preview, RunError};
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

    fn preview<'a>(&'a self, plan: &'a Plan) -> BoxFuture<'a, Result<Preview, RunError>> {
        Box::pin(async move {
            let local = LocalBackend::new(self.runs.clone());
            // The cache is not asked there.
            local.preview(&Plan { options: plan.options.clone().cache(CacheUse::Off), ..plan.clone() }).await
        })
    }

    fn lay_out(&self, plan: &Plan) -> Result<Option<PathBuf>, RunError> {
        started::lay_out(self, plan).map(Some).map_err(RunError::Folder)
    }

    fn attach(&self, run: &RunId) -> Result<RunHandle, RunError> {
        RunHandle::attach(&self.runs, run).map_err(RunError::Record)
    }
}
