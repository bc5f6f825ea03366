//! The backend: where runs are launched and recorded, and how.

use super::super::client::FlyteClient;
use super::super::compile::Options as CompileOptions;
use super::super::error::ClientError;
#[cfg(doc)]
use super::super::error::ClientErrorKind;
use super::super::execution::Execution;
use super::super::launch::LaunchOptions;
use super::place::Elsewhere;
use crate::run::{RunHandle, RunsFolder};

/// The name of the file that has the inputs of a run.
pub(super) const INPUTS: &str = "inputs.pb";

/// The name of this backend.
pub(super) const NAME: &str = "flyte";

/// Runs graphs as executions of a control plane, where they are registered, and records what is seen of them in a folder, as all runs are.
///
/// The execution goes on whether it is watched or not. A process that [attaches](crate::backend::Backend::attach) to a run that nobody watches goes on watching it.
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
    pub(super) client: FlyteClient,
    pub(super) runs: RunsFolder,
    pub(super) launch: LaunchOptions,
    pub(super) compile: CompileOptions,
    pub(super) registers: bool,
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
