//! What is compiled.

use crate::graph::{Graph, Problems};
use crate::task::def::TaskDef;
use crate::task::registry::registry;
use crate::workflow::workflows;

/// What is compiled: workflows and launch plans of one program with everything that they use, and tasks.
#[derive(Debug, Clone, Default)]
pub struct Program {
    pub(super) graphs: Vec<Graph>,
    pub(super) tasks: Vec<&'static TaskDef>,
}

impl Program {
    /// Everything that this program has, but for what is registered elsewhere.
    ///
    /// # Errors
    /// Everything that is wrong with its workflows, at once.
    pub fn linked() -> Result<Self, Problems> {
        let mut problems = Problems::new();
        let mut graphs = Vec::new();
        for workflow in workflows().into_iter().filter(|workflow| workflow.reference().is_none()) {
            match workflow.graph() {
                Ok(graph) => graphs.push(graph),
                // A mistake in a workflow is one in all that contain it.
                Err(found) => {
                    problems.extend(found.into_iter().filter(|problem| !problems.iter().any(|known| known == problem)).collect::<Vec<_>>())
                }
            }
        }
        let tasks = registry().iter().filter(|task| task.reference().is_none()).collect();
        problems.or(Self { graphs, tasks })
    }

    /// These workflows and launch plans, and what they use.
    #[must_use]
    pub fn of(graphs: impl IntoIterator<Item = Graph>) -> Self {
        Self { graphs: graphs.into_iter().collect(), tasks: Vec::new() }
    }

    /// That task, besides.
    #[must_use]
    pub fn with_task(mut self, task: &'static TaskDef) -> Self {
        self.tasks.push(task);
        self
    }
}
