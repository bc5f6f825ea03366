//! The backend: where runs are recorded, and how Snakemake is started.

use std::ffi::OsString;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::run::{Recorder, RunsFolder};

/// The name of this backend.
pub(crate) const NAME: &str = "snakemake";

/// Runs graphs on Snakemake 9, and records them in a folder, as all runs are.
///
/// # Examples
/// ```no_run
/// use nebulakit::backend::{Backend as _, Options, SnakemakeBackend};
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
/// # async fn example() -> anyhow::Result<()> {
/// let backend = SnakemakeBackend::new(RunsFolder::open(".nebulakit")?).cores(4);
/// let run = backend.run(backend.compile(&greeting::graph()?, &Options::new())?).await?;
/// println!("{:?}", run.wait().await?);
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct SnakemakeBackend {
    pub(super) runs: RunsFolder,
    pub(super) program: Option<PathBuf>,
    pub(super) snakemake: PathBuf,
    pub(super) cores: Option<u32>,
    pub(super) arguments: Vec<OsString>,
    pub(super) limits: Vec<(String, u64)>,
    pub(super) folder: Option<PathBuf>,
    pub(super) image: Option<String>,
    pub(super) has_benchmarks: bool,
    /// The variables that jobs get besides those of workers.
    pub(super) variables: Vec<String>,
    pub(super) begun: Begun,
}

/// Called with the recorder of a run before anything of it begins.
#[derive(Clone)]
pub(super) struct Begun(pub(super) Arc<Hook>);

type Hook = dyn Fn(&Arc<Recorder>) + Send + Sync;

impl fmt::Debug for Begun {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Begun")
    }
}

impl SnakemakeBackend {
    /// A backend that records in `runs`, and starts the `snakemake` that is on the path.
    #[must_use]
    pub fn new(runs: RunsFolder) -> Self {
        Self {
            runs,
            program: None,
            snakemake: "snakemake".into(),
            cores: None,
            arguments: Vec::new(),
            limits: Vec::new(),
            folder: None,
            image: None,
            has_benchmarks: false,
            variables: Vec::new(),
            begun: Begun(Arc::new(|_| ())),
        }
    }

    /// The program of the jobs, in place of this one. It has the same tasks, and is of the same build.
    #[must_use]
    pub fn program(self, program: impl Into<PathBuf>) -> Self {
        Self { program: Some(program.into()), ..self }
    }

    /// The `snakemake` that is started.
    #[must_use]
    pub fn snakemake(self, snakemake: impl Into<PathBuf>) -> Self {
        Self { snakemake: snakemake.into(), ..self }
    }

    /// How many cores Snakemake hands out, in place of all of this machine.
    #[must_use]
    pub fn cores(self, cores: u32) -> Self {
        Self { cores: Some(cores), ..self }
    }

    /// What Snakemake is started with besides, such as `--executor slurm` or `--profile NAME`.
    #[must_use]
    pub fn arguments<I: Into<OsString>>(self, arguments: impl IntoIterator<Item = I>) -> Self {
        Self { arguments: arguments.into_iter().map(Into::into).collect(), ..self }
    }

    /// How many tokens of that name there are at once: tasks take them by `tokens(..)`.
    #[must_use]
    pub fn tokens(mut self, name: &str, tokens: u32) -> Self {
        self.limits.push((super::asks::token(name), tokens.into()));
        self
    }

    /// The folder of the plan, in place of one below `plans` in the folder of runs.
    #[must_use]
    pub fn plan_folder(self, folder: impl Into<PathBuf>) -> Self {
        Self { folder: Some(folder.into()), ..self }
    }

    /// The image that the jobs of tasks run in, by `--sdm apptainer`.
    #[must_use]
    pub fn image(self, image: impl Into<String>) -> Self {
        Self { image: Some(image.into()), ..self }
    }

    /// Hands a variable of this process on to Snakemake and its jobs, besides those that workers get.
    #[must_use]
    pub fn variable(mut self, name: impl Into<String>) -> Self {
        self.variables.push(name.into());
        self
    }

    /// Has Snakemake measure each task: `benchmark.tsv` in the folder of its node.
    #[must_use]
    pub fn benchmarks(self) -> Self {
        Self { has_benchmarks: true, ..self }
    }

    /// The folder of the plan of a run.
    pub(super) fn plan_of(&self, run: &str) -> PathBuf {
        self.folder.clone().unwrap_or_else(|| self.runs.path().join("plans").join(run))
    }

    /// The program of the jobs.
    pub(super) fn of_jobs(&self) -> std::io::Result<PathBuf> {
        self.program.as_deref().map(Path::to_owned).map_or_else(crate::process::program::path, Ok)
    }
}
