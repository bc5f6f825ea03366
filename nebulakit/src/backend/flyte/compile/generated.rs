//! What nobody wrote: the tasks and workflows that stand for what the platform does not have.

use crate::graph::{Map, Mapped};

/// A task or a workflow that nobody wrote.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub struct Generated {
    /// The name that it is registered by, and that the console shows.
    pub name: String,
    /// The workflow that it is for.
    pub workflow: String,
    /// The id of the node of that workflow; empty if a dynamic task made it.
    pub node: String,
    /// Whether it is a workflow, which runs within that one; else it is a task.
    pub is_workflow: bool,
    /// What it does, such as ``runs `app.double` for each of `xs` ``.
    pub what: String,
}

impl Generated {
    /// Of no node that is known.
    #[cfg(feature = "run")]
    pub(crate) fn new(name: &str, workflow: &str, is_workflow: bool, what: String) -> Self {
        Self { name: name.to_owned(), workflow: workflow.to_owned(), node: String::new(), is_workflow, what }
    }

    /// What a map runs, in words.
    pub(super) fn of_map(map: &Map) -> String {
        let verb = match &map.of {
            Mapped::Task(name) => format!("runs `{name}`"),
            Mapped::Workflow(name) => format!("makes a node of the workflow `{name}`"),
        };
        let lists: Vec<_> = map.mapped.iter().map(|name| format!("`{name}`")).collect();
        let rows = match map.concurrency {
            Some(rows @ 1..) if matches!(map.of, Mapped::Workflow(_)) => format!(", {rows} at once"),
            _ => String::new(),
        };
        format!("{verb} for each of {}{rows}", lists.join(" and "))
    }
}
