//! What is known of the nodes of an execution: one record for each, in the order in which they began.

use std::time::SystemTime;

use nebulakit_types::wire::flyteidl::core::{
    CatalogCacheStatus, CompiledWorkflowClosure, ExecutionError, Identifier, LiteralMap, WorkflowExecutionIdentifier, node_execution,
    task_execution,
};
use nebulakit_types::wire::flyteidl::event::ExternalResourceInfo;

/// A node, as the platform tells of it.
#[derive(Clone, Debug)]
pub(crate) struct NodeRecord {
    pub(crate) id: String,
    pub(crate) spec_id: String,
    /// The id of the node within which it is.
    pub(crate) parent: Option<String>,
    pub(crate) phase: node_execution::Phase,
    pub(crate) error: Option<ExecutionError>,
    pub(crate) inputs: LiteralMap,
    pub(crate) input_uri: String,
    pub(crate) outputs: Option<LiteralMap>,
    pub(crate) output_uri: String,
    pub(crate) is_parent: bool,
    pub(crate) is_array: bool,
    /// What a dynamic task became.
    pub(crate) dynamic: Option<CompiledWorkflowClosure>,
    pub(crate) cache: Option<CatalogCacheStatus>,
    pub(crate) checkpoint_uri: String,
    pub(crate) deck_uri: String,
    /// Whether the platform loses its error, since it looked for a report.
    pub(crate) loses_error: bool,
    /// The execution that it started.
    pub(crate) child: Option<WorkflowExecutionIdentifier>,
    pub(crate) tasks: Vec<TaskRecord>,
    pub(crate) created: SystemTime,
    pub(crate) started: Option<SystemTime>,
    pub(crate) updated: SystemTime,
}

/// An attempt at a task.
#[derive(Clone, Debug)]
pub(crate) struct TaskRecord {
    pub(crate) task: Identifier,
    pub(crate) task_type: String,
    pub(crate) attempt: u32,
    pub(crate) phase: task_execution::Phase,
    pub(crate) error: Option<ExecutionError>,
    pub(crate) pod: String,
    pub(crate) log: String,
    pub(crate) output_uri: String,
    /// The elements of a map.
    pub(crate) elements: Vec<ExternalResourceInfo>,
    pub(crate) started: SystemTime,
    pub(crate) updated: SystemTime,
}

impl NodeRecord {
    pub(crate) fn new(id: String, spec_id: &str, parent: Option<String>) -> Self {
        let now = SystemTime::now();
        Self {
            id,
            spec_id: spec_id.to_owned(),
            parent,
            phase: node_execution::Phase::Queued,
            error: None,
            inputs: LiteralMap::default(),
            input_uri: String::new(),
            outputs: None,
            output_uri: String::new(),
            is_parent: false,
            is_array: false,
            dynamic: None,
            cache: None,
            checkpoint_uri: String::new(),
            deck_uri: String::new(),
            loses_error: false,
            child: None,
            tasks: Vec::new(),
            created: now,
            started: None,
            updated: now,
        }
    }

    /// Whether its outputs serve an execution that recovers this one.
    pub(crate) fn has_succeeded(&self) -> bool {
        matches!(self.phase, node_execution::Phase::Succeeded | node_execution::Phase::Recovered)
    }
}
