//! Flyte as a backend: a graph is launched as what it is registered as, and the execution is watched as a run of ours.
//!
//! | module | holds |
//! |---|---|
//! | `place` | the file that says which execution a run is |
//! | `registered`, `launched` | a graph that is registered before it is launched, and the launch |
//! | `known` | the nodes of a run, and where they are among those of the execution |
//! | `look` | one look at an execution |
//! | `tell`, `sink` | what is seen, as events, and where they go |
//! | `watch` | the looks, one after the other, and the requests |
//! | `asked` | requests to a run that nobody watches |
//! | `seen` | an execution that somebody only looks at |

mod asked;
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

use self::known::is_task;
pub(crate) use self::launched::LaunchedRun;
use self::place::Elsewhere;
pub(crate) use self::seen::Seen;
use super::client::FlyteClient;
use super::compile::{Options as CompileOptions, Program, compile};
use super::error::ClientError;
#[cfg(doc)]
use super::error::ClientErrorKind;
use super::execution::Execution;
use super::launch::LaunchOptions;
use crate::backend::inputs::unfit;
use crate::backend::{Backend, CacheUse, Capabilities, Options, Plan, RunError};
use crate::graph::Graph;
use crate::run::{RunHandle, RunId, RunsFolder};

/// The name of the file that has the inputs of a run.
const INPUTS: &str = "inputs.pb";

/// The name of this backend.
const NAME: &str = "flyte";

/// Runs graphs as executions of a control plane, where they are registered, and records what is seen of them in a folder, as all runs are.
///
/// The execution goes on whether it is watched or not. A process that [attaches](Backend::attach) to a run that nobody watches goes on watching it.
///
/// # Examples
/// ```no_run
/// use nebulakit::backend::flyte::{FlyteBackend, FlyteClient, LaunchOptions};
/// use nebulakit::backend::{Backend as _, Options};
/// use nebulakit::prelude::*;
/// use nebulakit::run::RunsFolder;
///
/// #[task]
/// fn greet() -> String {
///     "hello".to_owned()
/// }
///
/// #[workflow]
/// fn greeting() -> Promise<String> {
///     greet::node()
/// }
///
/// # async fn example(client: FlyteClient) -> anyhow::Result<()> {
/// let backend = FlyteBackend::new(client, RunsFolder::open(".nebulakit")?).launching(LaunchOptions::new().version("v1"));
/// let run = backend.run(backend.compile(&greeting::graph()?, &Options::new())?).await?;
/// println!("{:?}", run.wait().await?);
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct FlyteBackend {
    client: FlyteClient,
    runs: RunsFolder,
    launch: LaunchOptions,
    compile: CompileOptions,
    registers: bool,
}

impl FlyteBackend {
    /// A backend that launches by `client` and records in `runs`.
    #[must_use]
    pub fn new(client: FlyteClient, runs: RunsFolder) -> Self {
        // What is registered has its own image.
        Self { client, runs, launch: LaunchOptions::new(), compile: CompileOptions::new(NAME, NAME), registers: false }
    }

    /// How executions are launched: their version, their labels.
    #[must_use]
    pub fn launching(self, options: LaunchOptions) -> Self {
        Self { launch: options, ..self }
    }

    /// What graphs are compiled with, for the limits of the platform.
    #[must_use]
    pub fn compiling(self, options: CompileOptions) -> Self {
        Self { compile: options, ..self }
    }

    /// Registers each graph before it is launched, compiled with these options: they name the image of this program. Its version is a hash of it.
    #[must_use]
    pub fn registering(self, options: CompileOptions) -> Self {
        Self { compile: options, registers: true, ..self }
    }

    /// The execution that a run is; [`None`] if it is not one of Flyte.
    ///
    /// # Errors
    /// With [`ClientErrorKind::Settings`] when the run's folder cannot be read, or the execution is at another control plane.
    pub fn execution(&self, run: &RunHandle) -> Result<Option<Execution>, ClientError> {
        Elsewhere::read(run.folder())?.map(|elsewhere| elsewhere.execution(&self.client)).transpose()
    }
}

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
