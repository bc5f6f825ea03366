//! What came of a program.

use nebulakit_types::wire::flyteidl::admin::{LaunchPlan, TaskSpec, WorkflowSpec};
use nebulakit_types::wire::flyteidl::core::Identifier;

/// What is registered, as data.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Compiled {
    /// The tasks, workflows and launch plans, each behind those that it needs.
    pub entities: Vec<Entity>,
    /// What tasks and nodes ask for that the platform does not have, for people: one line each.
    pub ignored: Vec<String>,
}

/// A task, a workflow or a launch plan.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Entity {
    /// A task.
    Task {
        /// Its id.
        id: Identifier,
        /// What it is.
        spec: Box<TaskSpec>,
        /// Whether nobody wrote it: it stands for what the platform does not have.
        is_generated: bool,
    },
    /// A workflow, with all workflows that run within it.
    Workflow {
        /// Its id.
        id: Identifier,
        /// What it is.
        spec: Box<WorkflowSpec>,
    },
    /// A launch plan.
    LaunchPlan {
        /// Its id.
        id: Identifier,
        /// What it is, its id included.
        plan: Box<LaunchPlan>,
        /// Whether its registration makes it the active one.
        is_active: bool,
    },
}

impl Entity {
    /// Its id.
    #[must_use]
    pub fn id(&self) -> &Identifier {
        match self {
            Self::Task { id, .. } | Self::Workflow { id, .. } | Self::LaunchPlan { id, .. } => id,
        }
    }
}
