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
    /// Whether the inputs are known to be what is taken.
    pub(crate) is_checked: bool,
    pub(crate) from: Option<NodePath>,
    pub(crate) is_strict: bool,
    pub(crate) keep: Keep,
}

/// What a run does with outputs that are remembered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum CacheUse {
    /// It takes them, and remembers more.
    #[default]
    On,
    /// It neither takes nor remembers any.
    Off,
    /// It takes none, and remembers its own in their place.
    Overwrite,
}

impl Default for Options {
    fn default() -> Self {
        Self::new()
    }
}

impl Options {
    /// Without inputs; tasks run as they say themselves; what is recorded survives the end of the process.
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

    /// What it is given, as the bytes of an `inputs.pb`.
    pub fn inputs(self, inputs: impl Into<Vec<u8>>) -> Self {
        Self { inputs: inputs.into(), ..self }
    }

    /// The inputs are what is taken: who gives them has asked the task, which knows more forms of some types than their declaration says.
    #[cfg(feature = "run")]
    pub(crate) fn checked(self) -> Self {
        Self { is_checked: true, ..self }
    }

    /// How tasks are run that do not say so themselves.
    pub fn strategy(self, strategy: Strategy) -> Self {
        Self { strategy: Some(strategy), ..self }
    }

    /// What it does with the outputs of tasks with `cache(..)` that are remembered.
    pub fn cache(self, uses: CacheUse) -> Self {
        Self { cache: uses, ..self }
    }

    /// Goes on with another run of the same graph: tasks that succeeded there, with the same inputs, do not run again.
    pub fn resumes(self, run: RunId) -> Self {
        Self { resumes: Some(run), ..self }
    }

    /// The run that it goes on with.
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

    /// Refuses to go on with a run whose tasks another build of this program has changed: their source text, their options or their interface.
    pub fn strict(self) -> Self {
        Self { is_strict: true, ..self }
    }

    /// What becomes of files that tasks stored when no task needs them any more.
    pub fn keep(self, keep: Keep) -> Self {
        Self { keep, ..self }
    }

    /// What the record of the run survives.
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
    /// What it is on that backend, by the names of the files.
    pub files: Vec<(PathBuf, Vec<u8>)>,
}

impl Plan {
    /// Writes its files below `folder`, which is made.
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
