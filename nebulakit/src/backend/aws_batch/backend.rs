//! The backend: the local driver, with Batch for the attempts.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use futures_util::future::BoxFuture;

use super::client::Clients;
use super::reach::Batch;
use super::section::Section;
use super::settings::Rules;
use super::variables::planned;
use crate::backend::engine::{EngineBackend, EngineOptions, Mistakes, Said, Settings};
use crate::backend::{Backend, Capabilities, LocalBackend, Options, Plan, Preview, RunError};
use crate::graph::Graph;
use crate::run::{RunHandle, RunId};
use crate::services::env::Environment;

/// What it is called, and its kind in settings.
pub(crate) const KIND: &str = "aws-batch";

/// Runs graphs from here, each attempt as a job of AWS Batch. `docs/aws-batch.md` says what becomes a job, and which settings there are.
///
/// # Examples
/// ```no_run
/// use std::path::Path;
///
/// use nebulakit::backend::{AwsBatchBackend, Backend as _, LocalBackend};
/// use nebulakit::run::RunsFolder;
///
/// # fn main() -> anyhow::Result<()> {
/// let local = LocalBackend::new(RunsFolder::open("project/.nebulakit")?);
/// let backend = AwsBatchBackend::configured(local, Path::new("project"))?;
/// assert_eq!(backend.name(), "aws-batch");
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct AwsBatchBackend(EngineBackend);

impl AwsBatchBackend {
    /// With the settings of the `nebulakit.toml` that counts in `folder`. Its runs are recorded as those of `local` are.
    ///
    /// # Errors
    /// With everything that is wrong with the settings.
    pub fn configured(local: LocalBackend, folder: &Path) -> Result<Self, RunError> {
        Self::read(local, folder, None)
    }

    /// Another program that the images have, as under `cargo test`, where this one is the test.
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
        let environment = Environment::from_process();
        let mut mistakes = Mistakes::new();
        let mut section = Section::read(settings.keys(name), &mut mistakes);
        let rules = Rules::read(settings.of_engine(KIND), &mut mistakes);
        if let Some(poll) = settings.poll() {
            section.pace.poll = poll;
        }
        if section.queue.is_none() && rules.queues().next().is_none() {
            mistakes.push(format!("no job queue is named\nhint: in nebulakit.toml: [backends.{name}] with queue = \"NAME\""));
        }
        let prefix = settings.data_prefix().map(|prefix| prefix.trim_end_matches('/').to_owned());
        match prefix.as_deref() {
            None => mistakes.push(
                "jobs on AWS Batch share no folder with this machine, and no place for plans and data is named\nhint: in nebulakit.toml: \
                 [data] with prefix = \"s3://BUCKET/PREFIX\""
                    .to_owned(),
            ),
            Some(prefix) if !prefix.starts_with("s3://") || prefix.len() == "s3://".len() => {
                mistakes.push(format!(
                    "`data.prefix` is `{prefix}`; expected `s3://BUCKET/PREFIX`, which jobs on AWS Batch reach by their role"
                ));
            }
            Some(_) => {}
        }
        let clients = Clients::new(section.region.as_deref(), &environment).map_err(|said| mistakes.push(said)).ok();
        let Some(clients) = clients.filter(|_| mistakes.is_empty()) else { return Err(RunError::Refused(mistakes)) };
        let tasks = Arc::new(settings.rules.clone());
        let options = EngineOptions {
            pace: section.pace,
            rules: Arc::clone(&tasks),
            variables: section.variables.clone(),
            program,
            prefix,
            planned: planned(&environment, &section.variables),
            ..EngineOptions::default()
        };
        let batch = Batch::new(name, clients, section, rules, tasks);
        Ok(Self(EngineBackend::new(local, Arc::new(batch), options)))
    }
}

impl Backend for AwsBatchBackend {
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
