//! Flyte as a backend: a graph is launched as what it is registered as, and the execution is watched as a run of ours.
//!
//! | module | holds |
//! |---|---|
//! | `backend` | the backend itself |
//! | `place` | the file that says which execution a run is |
//! | `registered`, `launched` | a graph that is registered before it is launched, and the launch |
//! | `known` | the nodes of a run, and where they are among those of the execution |
//! | `look` | one look at an execution |
//! | `tell`, `sink` | what is seen, as events, and where they go |
//! | `watch` | the looks, one after the other, and the requests |
//! | `asked` | requests to a run that nobody watches |
//! | `seen` | an execution that somebody only looks at |

mod asked;
mod backend;
mod known;
mod launched;
mod look;
mod place;
mod registered;
mod seen;
mod sink;
mod tell;
mod watch;

use std::path::PathBuf;

use bytes::Bytes;
use futures_util::future::BoxFuture;
use tokio::runtime::Handle;

pub use self::backend::FlyteBackend;
use self::backend::{INPUTS, NAME};
use self::known::is_task;
pub(crate) use self::launched::LaunchedRun;
pub(crate) use self::seen::Seen;
use super::compile::{Program, compile};
use crate::backend::inputs::unfit;
use crate::backend::{Backend, CacheUse, Capabilities, Options, Plan, RunError};
use crate::graph::Graph;
use crate::run::{RunHandle, RunId};

impl Backend for FlyteBackend {
    fn name(&self) -> &str {
        NAME
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities::all()
    }

    fn compile(&self, graph: &Graph, options: &Options) -> Result<Plan, RunError> {
        let mut reasons = self.capabilities().missing(graph);
        if !options.is_checked {
            reasons.extend(unfit(graph, &Bytes::copy_from_slice(&options.inputs)).map_err(RunError::Inputs)?);
        }
        let here = options.of_a_folder().filter(|name| !["cache", "durability"].contains(name));
        reasons.extend(here.map(|name| format!("`Options::{name}` is for runs on this machine")));
        if options.cache == CacheUse::Off {
            reasons.push("the platform does not run tasks without its cache; `CacheUse::Overwrite` replaces what is in it".to_owned());
        }
        if !reasons.is_empty() {
            return Err(RunError::Refused(reasons));
        }
        if !is_task(graph) {
            compile(&Program::of([graph.clone()]), &self.compile).map_err(RunError::Graph)?;
        }
        let json = graph.to_json().map_err(RunError::Graph)?;
        let files = vec![(PathBuf::from("graph.json"), json.into_bytes()), (PathBuf::from(INPUTS), options.inputs.clone())];
        Ok(Plan { backend: NAME.into(), graph: graph.clone(), options: options.clone(), files })
    }

    fn run(&self, plan: Plan) -> BoxFuture<'_, Result<RunHandle, RunError>> {
        Box::pin(async move { Ok(self.launch(plan).await?.watch()) })
    }

    fn attach(&self, run: &RunId) -> Result<RunHandle, RunError> {
        let handle = RunHandle::attach(&self.runs, run).map_err(RunError::Record)?;
        // Without a runtime nobody can watch.
        let watched = if Handle::try_current().is_ok() { self.go_on(&handle)? } else { None };
        Ok(watched.unwrap_or(handle))
    }
}
