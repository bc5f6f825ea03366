//! What is known of an execution.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use nebulakit_types::wire::flyteidl::admin::execution_closure::OutputResult;
use nebulakit_types::wire::flyteidl::admin::execution_metadata::ExecutionMode;
use nebulakit_types::wire::flyteidl::admin::{self, ExecutionClosure, ExecutionSpec};
use nebulakit_types::wire::flyteidl::core::{Identifier, ResourceType};

use super::failure::ExecutionFailure;
use super::id::ExecutionId;
use super::phase::ExecutionPhase;
use super::times::{instant, span};

/// What is known of an execution.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct ExecutionDetails {
    /// Its id.
    pub id: ExecutionId,
    /// How far it is.
    pub phase: ExecutionPhase,
    /// What was launched.
    pub launched: Launched,
    /// The workflow that it runs; of a task that runs alone, the one that the control plane made for it.
    pub workflow: Option<Identifier>,
    /// What launched it: `manual`, `scheduled`, `relaunch`, `recovered`, ...
    pub mode: &'static str,
    /// Who launched it, if the control plane knows.
    pub principal: String,
    /// The execution that it repeats or recovers.
    pub reference: Option<ExecutionId>,
    /// The execution whose node launched it.
    pub parent: Option<ExecutionId>,
    /// Why it failed.
    pub failure: Option<ExecutionFailure>,
    /// Why it is or was stopped, and by whom, if somebody stopped it.
    pub abort: Option<Abort>,
    /// When it was created.
    pub created: Option<SystemTime>,
    /// When it began.
    pub started: Option<SystemTime>,
    /// When it changed last.
    pub updated: Option<SystemTime>,
    /// How long it took, once it is over.
    pub duration: Option<Duration>,
    /// Its labels.
    pub labels: BTreeMap<String, String>,
}

/// What an execution was made of.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Launched {
    /// Whether it is a task that runs alone, and not a launch plan.
    pub is_task: bool,
    /// Its project.
    pub project: String,
    /// Its domain.
    pub domain: String,
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
}

/// Why an execution was stopped.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Abort {
    /// The cause, in the words of who stopped it.
    pub cause: String,
    /// Who stopped it; empty if the control plane does not know.
    pub principal: String,
}

impl ExecutionDetails {
    pub(super) fn from_wire(execution: admin::Execution) -> Self {
        let id = execution.id.map_or_else(|| ExecutionId::from_wire(Default::default()), ExecutionId::from_wire);
        let ExecutionSpec { launch_plan, metadata, labels, .. } = execution.spec.unwrap_or_default();
        let closure = execution.closure.unwrap_or_default();
        let metadata = metadata.unwrap_or_default();
        let (failure, abort) = ended(&closure);
        Self {
            id,
            phase: ExecutionPhase::from_wire(closure.phase),
            launched: Launched::from_wire(launch_plan.unwrap_or_default()),
            workflow: closure.workflow_id,
            mode: mode(metadata.mode()),
            principal: metadata.principal,
            reference: metadata.reference_execution.map(ExecutionId::from_wire),
            parent: metadata.parent_node_execution.and_then(|node| node.execution_id).map(ExecutionId::from_wire),
            failure,
            abort,
            created: instant(closure.created_at.as_ref()),
            started: instant(closure.started_at.as_ref()),
            updated: instant(closure.updated_at.as_ref()),
            duration: span(closure.duration.as_ref()).filter(|span| !span.is_zero()),
            labels: labels.map(|labels| labels.values).unwrap_or_default(),
        }
    }
}

impl Launched {
    fn from_wire(id: Identifier) -> Self {
        let is_task = id.resource_type() == ResourceType::Task;
        Self { is_task, project: id.project, domain: id.domain, name: id.name, version: id.version }
    }
}

fn ended(closure: &ExecutionClosure) -> (Option<ExecutionFailure>, Option<Abort>) {
    match &closure.output_result {
        Some(OutputResult::Error(error)) => (Some(ExecutionFailure::from_wire(error)), None),
        Some(OutputResult::AbortCause(cause)) => (None, Some(Abort { cause: cause.clone(), principal: String::new() })),
        Some(OutputResult::AbortMetadata(abort)) => (None, Some(Abort { cause: abort.cause.clone(), principal: abort.principal.clone() })),
        _ => (None, None),
    }
}

fn mode(mode: ExecutionMode) -> &'static str {
    match mode {
        ExecutionMode::Manual => "manual",
        ExecutionMode::Scheduled => "scheduled",
        ExecutionMode::System => "system",
        ExecutionMode::Relaunch => "relaunch",
        ExecutionMode::ChildWorkflow => "child workflow",
        ExecutionMode::Recovered => "recovered",
        ExecutionMode::Trigger => "trigger",
    }
}
