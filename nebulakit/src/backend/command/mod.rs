//! An engine that is reached by programs which the user names: LSF, PBS, SGE, HTCondor, or anything that takes jobs.

mod engine;
mod programs;
mod section;
mod template;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use futures_util::future::BoxFuture;

use self::engine::Commands;
use self::section::Section;
use super::engine::{EngineBackend, EngineOptions, Settings, of_jobs};
use super::{Backend, Capabilities, LocalBackend, Options, Plan, Preview, RunError};
use crate::graph::Graph;
use crate::run::{RunHandle, RunId};
use crate::services::env::Environment;

/// The kind that its sections name.
pub(crate) const KIND: &str = "command";

/// Runs graphs from here, each attempt as a job of an engine that is reached by programs: `submit`, `status` and `cancel` in `[backends.NAME]` of
/// `nebulakit.toml`.
///
/// # Examples
/// ```no_run
/// use std::path::Path;
///
/// use nebulakit::backend::{Backend as _, CommandBackend, LocalBackend};
/// use nebulakit::run::RunsFolder;
///
/// # fn main() -> anyhow::Result<()> {
/// let local = LocalBackend::new(RunsFolder::open("/shared/project/.nebulakit")?);
/// let backend = CommandBackend::configured(local, "lsf", Path::new("/shared/project"))?;
/// assert_eq!(backend.name(), "lsf");
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct CommandBackend(EngineBackend);

impl CommandBackend {
    /// The backend `name` of the `nebulakit.toml` that counts in `folder`. Its runs are recorded as those of `local` are.
    ///
    /// # Errors
    /// With everything that is wrong with the settings.
    pub fn configured(local: LocalBackend, name: &str, folder: &Path) -> Result<Self, RunError> {
        let environment = Environment::from_process();
        let settings = Settings::read(folder, &environment, super::engine::Said::default()).map_err(|error| RunError::Refused(error.0))?;
        Self::of_settings(local, name, &settings, None)
    }

    /// Another program that runs the tasks, as under `cargo test`, where this one is the test.
    ///
    /// # Errors
    /// As for [`configured`](Self::configured).
    pub fn configured_with(local: LocalBackend, name: &str, folder: &Path, program: impl Into<PathBuf>) -> Result<Self, RunError> {
        let environment = Environment::from_process();
        let settings = Settings::read(folder, &environment, super::engine::Said::default()).map_err(|error| RunError::Refused(error.0))?;
        Self::of_settings(local, name, &settings, Some(program.into()))
    }

    /// The backend `name` of these settings.
    pub(crate) fn of_settings(local: LocalBackend, name: &str, settings: &Settings, program: Option<PathBuf>) -> Result<Self, RunError> {
        let keys = settings.keys(name).filter(|_| settings.kind(name).as_deref() == Some(KIND));
        let Some(keys) = keys else {
            return Err(RunError::Refused(vec![format!("no section `[backends.{name}]` with `kind = \"{KIND}\"` is in nebulakit.toml")]));
        };
        let mut section = Section::read(keys).map_err(RunError::Refused)?;
        if let Some(poll) = settings.poll() {
            section.pace.poll = poll;
        }
        let options = EngineOptions {
            pace: section.pace,
            rules: Arc::new(settings.rules.clone()),
            tokens: Vec::new(),
            variables: section.variables.clone(),
            plan_dir: settings.plan_dir(),
            shared: settings.shared(),
            program,
            ..EngineOptions::default()
        };
        let variables = of_jobs(&Environment::from_process(), &section.variables);
        Ok(Self(EngineBackend::new(local, Arc::new(Commands::new(name.to_owned(), section, variables)), options)))
    }
}

impl Backend for CommandBackend {
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
