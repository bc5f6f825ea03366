//! What every command works with.

use nebulakit_types::Dialect;

use super::complaint::Complaint;
use super::unlinked;
use crate::process::exit::Exit;
use crate::process::platform::Platform;
use crate::services::env::Environment;
use crate::task::def::TaskDef;
use crate::task::registry::Registry;

/// Ends the process, from whichever thread.
pub(super) type Leave = fn(Exit) -> !;

/// The commands, which are taken for tasks where they stand behind `run`.
const COMMANDS: [&str; 13] = [
    "list",
    "describe",
    "graph",
    "runs",
    "cache",
    "config",
    "image",
    "register",
    "package",
    "executions",
    "launch-plans",
    "completions",
    "help",
];

/// What every command works with.
#[derive(Debug)]
pub(super) struct Setting<'a> {
    /// The name of the file that runs, as it was called.
    pub(super) binary: String,
    pub(super) environment: &'a Environment,
    pub(super) registry: &'a Registry,
    pub(super) platform: &'static Platform,
    pub(super) leave: Leave,
}

impl Setting<'_> {
    pub(super) fn dialect(&self) -> &'static Dialect {
        &self.platform.dialect
    }

    /// The task called `name`.
    pub(super) fn find(&self, name: &str) -> Result<&'static TaskDef, Complaint> {
        let task = self.registry.find(name).map_err(|error| {
            let hint = if COMMANDS.contains(&name) {
                format!("`{name}` is a command of its own: `{} {name}`", self.binary)
            } else if error.is_far_off() {
                unlinked::hint(self.environment, self.registry)
            } else {
                error.hint()
            };
            Complaint::usage(error.message()).hint(format!("hint: {hint}"))
        })?;
        match task.undescribable(self.dialect()) {
            None => Ok(task),
            Some(reason) => Err(Complaint::failed(format!("cannot describe the types of the task `{}`: {reason}", task.name))),
        }
    }

    /// The shortest name that means this task and no other.
    pub(super) fn short_name(&self, task: &'static TaskDef) -> &'static str {
        let starts = task.name.rmatch_indices('.').map(|(dot, _)| dot + 1);
        let is_enough = |name: &&str| self.registry.find(name).is_ok_and(|found| std::ptr::eq(found, task));
        starts.map(|start| &task.name[start..]).find(is_enough).unwrap_or(task.name)
    }
}
