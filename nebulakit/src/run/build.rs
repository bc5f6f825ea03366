//! Describes the program that drives a run, so that another build can tell what has changed since: `build.json` in the run's folder.

use std::collections::{BTreeMap, HashSet};
use std::fmt;
use std::sync::OnceLock;

use serde::{Deserialize, Serialize};

use crate::process::program;
use crate::run::digest::Parts;
use crate::run::memo::of_variables;
use crate::task::def::TaskDef;
use crate::task::panic::told;
use crate::task::registry::registry;

/// The version of the format of a [`Build`]. A reader of an older version would misread a newer one.
pub const BUILD_VERSION: u32 = 1;

/// A program and its tasks, by digests of their source text.
///
/// This does not cover what tasks call: if a function that a task calls changes, the build is different, but none of its tasks is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Build {
    /// The version of this format, [`BUILD_VERSION`].
    pub version: u32,
    /// The linker's build id of the program's file, else the digest of that file; empty if it cannot be read.
    pub id: String,
    /// Its tasks, by their full names.
    pub tasks: BTreeMap<String, TaskDigests>,
}

/// The version of a [`Build`], alone.
#[derive(Deserialize)]
pub(crate) struct BuildVersion {
    pub(crate) version: u32,
}

/// The digests of a task's source.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct TaskDigests {
    /// Its function: signature and body, without comments and layout.
    pub source: String,
    /// The options in `#[task(..)]`.
    pub options: String,
    /// The names and types of its inputs and outputs.
    pub interface: String,
}

/// What has changed in a task since another build.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct TaskChange {
    /// Its full name.
    pub task: String,
    /// Whether the source of its function has changed.
    pub source: bool,
    /// Whether its options have changed.
    pub options: bool,
    /// Whether its interface has changed: then its earlier outputs cannot be used.
    pub interface: bool,
}

impl Build {
    /// The build of this program.
    #[must_use]
    pub fn of_this_program() -> &'static Self {
        static OWN: OnceLock<Build> = OnceLock::new();
        OWN.get_or_init(|| {
            // What a task takes and gives may be told by code of its author, which can panic: nothing is known of such a task.
            let digests = |task: &TaskDef| told(|| TaskDigests::of(task)).ok();
            let tasks = registry().iter().filter_map(|task| Some((task.name.to_owned(), digests(task)?)));
            Self { version: BUILD_VERSION, id: program::id().unwrap_or_default(), tasks: tasks.collect() }
        })
    }

    /// The contents of `build.json`.
    pub(crate) fn json(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("text and a number have a form as JSON")
    }

    /// Whether both are the same program: then nothing can have changed.
    #[must_use]
    pub fn is(&self, other: &Self) -> bool {
        !self.id.is_empty() && self.id == other.id
    }

    /// The tasks that have changed since `before`, without those that only one of the builds has.
    #[must_use]
    pub fn changes(&self, before: &Self) -> Vec<TaskChange> {
        let changes = self.tasks.iter().filter_map(|(task, now)| {
            let before = before.tasks.get(task).filter(|before| *before != now)?;
            let (source, options) = (now.source != before.source, now.options != before.options);
            Some(TaskChange { task: task.clone(), source, options, interface: now.interface != before.interface })
        });
        changes.collect()
    }

    /// The tasks with the same interface as in `before`.
    pub(crate) fn with_interfaces_of(&self, before: &Self) -> HashSet<String> {
        let is_same =
            |(task, now): &(&String, &TaskDigests)| before.tasks.get(*task).is_some_and(|before| before.interface == now.interface);
        self.tasks.iter().filter(is_same).map(|(task, _)| task.clone()).collect()
    }
}

impl TaskDigests {
    fn of(task: &TaskDef) -> Self {
        let ((source, options), interface) = (task.digests, task.interface());
        let mut types = Parts::default();
        types.add(of_variables(&interface.inputs));
        types.add(of_variables(&interface.outputs));
        Self { source: format!("{source:016x}"), options: format!("{options:016x}"), interface: types.digest() }
    }
}

/// Looks like `app.count: source, options`.
impl fmt::Display for TaskChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts = [("source", self.source), ("options", self.options), ("interface", self.interface)];
        let changed: Vec<_> = parts.into_iter().filter(|(_, is_changed)| *is_changed).map(|(part, _)| part).collect();
        write!(f, "{}: {}", self.task, changed.join(", "))
    }
}
