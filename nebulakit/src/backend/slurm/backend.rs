//! The backend: the local driver, with Slurm for the attempts.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use futures_util::future::BoxFuture;

use super::reach::Slurm;
use super::section::Section;
use super::settings::Rules;
use crate::backend::engine::{EngineBackend, EngineOptions, Mistakes, Said, Settings};
use crate::backend::{Backend, Capabilities, LocalBackend, Options, Plan, Preview, RunError};
use crate::graph::Graph;
use crate::run::{RunHandle, RunId};
use crate::services::env::Environment;

/// What it is called, and its kind in settings.
pub(crate) const KIND: &str = "slurm";

/// Runs graphs from here, each attempt as a job of a Slurm cluster. `docs/slurm.md` says what becomes a job, and which settings there are.
///
/// # Examples
/// ```no_run
/// use std::path::Path;
///
/// use nebulakit::backend::{Backend as _, LocalBackend, SlurmBackend};
/// use nebulakit::run::RunsFolder;
///
/// # fn main() -> anyhow::Result<()> {
/// let local = LocalBackend::new(RunsFolder::open("/shared/project/.nebulakit")?);
/// let backend = SlurmBackend::configured(local, Path::new("/shared/project"))?;
/// assert_eq!(backend.name(), "slurm");
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct SlurmBackend(EngineBackend);

impl SlurmBackend {
    /// With the settings of the `nebulakit.toml` that counts in `folder`. Its runs are recorded as those of `local` are.
    ///
    /// # Errors
    /// With everything that is wrong with the settings.
    pub fn configured(local: LocalBackend, folder: &Path) -> Result<Self, RunError> {
        Self::read(local, folder, None)
    }

    /// Another program that runs the tasks, as under `cargo test`, where this one is the test.
    ///
    /// # Errors
    /// As for [`configured`](Self::configured).
    pub fn configured_with(local: LocalBackend, folder: &Path, program: impl Into<PathBuf>) -> Result<Self, RunError> {
        Self::read(local, folder, Some(program.into()))
    }

    fn read(local: LocalBackend, folder: &Path, program: Option<PathBuf>) -> Result<Self, RunError> {
        let settings = Settings::read(folder, &Environment::from_process(), Said::default()).map_err(|error| RunError::Refused(error.0))?;
        Self::of_settings(local, KIND, &settings, program)
    }

    /// The backend `name` of these settings.
    pub(crate) fn of_settings(local: LocalBackend, name: &str, settings: &Settings, program: Option<PathBuf>) -> Result<Self, RunError> {
        let mut mistakes = Mistakes::new();
        let mut section = Section::read(settings.keys(name), &mut mistakes);
        let rules = Rules::read(settings.of_engine(KIND), &mut mistakes);
        if !mistakes.is_empty() {
            return Err(RunError::Refused(mistakes));
        }
        if let Some(poll) = settings.poll() {
            section.pace.poll = poll;
        }
        let options = EngineOptions {
            pace: section.pace,
            rules: Arc::new(settings.rules.clone()),
            variables: section.variables,
            plan_dir: settings.plan_dir(),
            shared: settings.shared(),
            program,
            ..EngineOptions::default()
        };
        let slurm = Slurm::new(name, &Environment::from_process(), section.cluster, rules);
        Ok(Self(EngineBackend::new(local, Arc::new(slurm), options)))
    }
}

impl Backend for SlurmBackend {
    fn name(&self) -> &str {
        self.0.name()
    }

    fn capabilities(&self) -> Capabilities {
        self.0.capabilities()
    }

    fn compile(&self, graph: &Graph, options: &Options) -> Result<Plan, RunError> {
        self.0.compile(graph, options)
    }

    fn run(&self, plan: Plan) -> BoxFuture<'_, Result<RunHandle, RunError>> {
        self.0.run(plan)
    }

    fn preview<'a>(&'a self, plan: &'a Plan) -> BoxFuture<'a, Result<Preview, RunError>> {
        self.0.preview(plan)
    }

    fn attach(&self, run: &RunId) -> Result<RunHandle, RunError> {
        self.0.attach(run)
    }

    fn drive<'a>(&'a self, run: &'a RunId) -> BoxFuture<'a, Result<RunHandle, RunError>> {
        self.0.drive(run)
    }

    fn begin<'a>(&'a self, plan: &'a Path) -> BoxFuture<'a, Result<RunHandle, RunError>> {
        self.0.begin(plan)
    }

    fn lay_out(&self, plan: &Plan) -> Result<Option<PathBuf>, RunError> {
        self.0.lay_out(plan)
    }
}
