//! A graph compiled for a backend.

use std::borrow::Cow;
use std::io;
use std::path::{Path, PathBuf};

use crate::graph::Graph;
use crate::run::{Durability, Keep, NodePath, RunId};
use crate::task::strategy::Strategy;

/// How a graph is to be run.
#[derive(Debug, Clone)]
#[must_use = "options do nothing before something is compiled with them"]
pub struct Options {
    pub(crate) inputs: Vec<u8>,
    pub(crate) strategy: Option<Strategy>,
    pub(crate) durability: Durability,
    pub(crate) cache: CacheUse,
    pub(crate) resumes: Option<RunId>,
    /// Whether the inputs are already known to fit.
    pub(crate) is_checked: bool,
    pub(crate) from: Option<NodePath>,
    pub(crate) is_strict: bool,
    pub(crate) keep: Keep,
}

/// How a run uses the cache.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum CacheUse {
    /// It reads entries and adds new ones.
    #[default]
    On,
    /// It neither reads nor writes entries.
    Off,
    /// It does not read entries, and replaces them with its own.
    Overwrite,
}

impl Default for Options {
    fn default() -> Self {
        Self::new()
    }
}

impl Options {
    /// No inputs; tasks run by their own strategies; the record survives the end of the process.
    pub fn new() -> Self {
        Self {
            inputs: Vec::new(),
            strategy: None,
            durability: Durability::Kernel,
            cache: CacheUse::On,
            resumes: None,
            from: None,
            is_strict: false,
            keep: Keep::All,
            is_checked: false,
        }
    }

    /// Its inputs, as the bytes of an `inputs.pb`.
    pub fn inputs(self, inputs: impl Into<Vec<u8>>) -> Self {
        Self { inputs: inputs.into(), ..self }
    }

    /// The inputs are already checked: the caller has asked the task, which accepts more forms of some types than their declaration says.
    #[cfg(feature = "run")]
    pub(crate) fn checked(self) -> Self {
        Self { is_checked: true, ..self }
    }

    /// How tasks run if they do not set a strategy themselves.
    pub fn strategy(self, strategy: Strategy) -> Self {
        Self { strategy: Some(strategy), ..self }
    }

    /// How it uses the cache for tasks with `cache(..)`.
    pub fn cache(self, uses: CacheUse) -> Self {
        Self { cache: uses, ..self }
    }

    /// Resumes another run of the same graph: tasks that succeeded there with the same inputs do not run again.
    pub fn resumes(self, run: RunId) -> Self {
        Self { resumes: Some(run), ..self }
    }

    /// The run that it resumes.
    pub(crate) fn resumed(&self) -> Option<&RunId> {
        self.resumes.as_ref()
    }

    /// What of it is for runs that are recorded in a folder, by the names of the methods that said it.
    pub(crate) fn of_a_folder(&self) -> impl Iterator<Item = &'static str> {
        let said = [
            (self.resumes.is_some(), "resumes"),
            (self.from.is_some(), "from"),
            (self.is_strict, "strict"),
            (self.keep != Keep::All, "keep"),
            // Without a folder nothing is remembered anyhow.
            (self.cache == CacheUse::Overwrite, "cache"),
            (self.durability != Durability::Kernel, "durability"),
        ];
        said.into_iter().filter(|(is_said, _)| *is_said).map(|(_, name)| name)
    }

    /// Runs that node of the run that it [resumes](Self::resumes) again, with all that needs what it gives, be it kept or cached. All others are kept where they
    /// are given the same.
    pub fn from(self, node: impl Into<NodePath>) -> Self {
        Self { from: Some(node.into()), ..self }
    }

    /// Refuses to resume a run if tasks that ran have since changed in another build of this program: their source text, options or interface.
    pub fn strict(self) -> Self {
        Self { is_strict: true, ..self }
    }

    /// What happens to files that tasks stored once nothing needs them.
    pub fn keep(self, keep: Keep) -> Self {
        Self { keep, ..self }
    }

    /// What the record of the run survives: the end of the process, or also a power loss.
    pub fn durability(self, durability: Durability) -> Self {
        Self { durability, ..self }
    }
}

/// A graph compiled for a backend: files that a person can read, and what the backend needs to run it.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Plan {
    /// The backend that it is for.
    pub backend: Cow<'static, str>,
    /// What it runs.
    pub graph: Graph,
    /// How.
    pub options: Options,
    /// The compiled files, by their names.
    pub files: Vec<(PathBuf, Vec<u8>)>,
}

impl Plan {
    /// Writes its files below `folder`, which is created if necessary.
    ///
    /// # Errors
    /// When one cannot be written.
    pub fn write_to(&self, folder: &Path) -> io::Result<()> {
        for (name, contents) in &self.files {
            let path = folder.join(name);
            if let Some(parent) = path.parent() {
                std::fs::create_dir_all(parent)?;
            }
            std::fs::write(path, contents)?;
        }
        Ok(())
    }
}
