//! The attempts at a node, the elements of a map, and where their logs are.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use nebulakit_types::wire::flyteidl::admin::TaskExecution;
use nebulakit_types::wire::flyteidl::admin::task_execution_closure::OutputResult;
use nebulakit_types::wire::flyteidl::core::{Identifier, LogContext, TaskLog};
use nebulakit_types::wire::flyteidl::event::ExternalResourceInfo;
use nebulakit_types::wire::flyteidl::event::external_resource_info::TargetMetadata;

use super::failure::ExecutionFailure;
use super::id::ExecutionId;
use super::phase::{AttemptPhase, CacheUsed};
use super::times::{instant, span};

/// An attempt at a node that runs a task.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct NodeAttempt {
    /// Which attempt, from 0.
    pub number: u32,
    /// The task.
    pub task: Identifier,
    /// How far it is.
    pub phase: AttemptPhase,
    /// Why it failed.
    pub failure: Option<ExecutionFailure>,
    /// What the platform says of it, such as that its image cannot be pulled.
    pub reason: String,
    /// When it began.
    pub started: Option<SystemTime>,
    /// How long it took, once it is over.
    pub duration: Option<Duration>,
    /// Where its logs are, as the platform's settings say.
    pub logs: Vec<LogLink>,
    /// Its pods, for those who can ask Kubernetes.
    pub pods: Vec<PodLog>,
    /// The elements of a map, each as often as it was tried.
    pub elements: Vec<MapElement>,
}

/// One try at an element of a map.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct MapElement {
    /// The place of the element in the list, from 0.
    pub index: u32,
    /// Which attempt, from 0.
    pub attempt: u32,
    /// How far it is.
    pub phase: AttemptPhase,
    /// What the cache had to do with it.
    pub cache: CacheUsed,
    /// Where its logs are.
    pub logs: Vec<LogLink>,
    /// Its pods.
    pub pods: Vec<PodLog>,
    /// The execution that it launched, in a map of a launch plan.
    pub execution: Option<ExecutionId>,
}

/// A link to logs.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct LogLink {
    /// What it leads to.
    pub name: String,
    /// The address.
    pub uri: String,
}

/// A pod, with the containers whose logs Kubernetes has.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct PodLog {
    /// The namespace.
    pub namespace: String,
    /// The pod's name.
    pub pod: String,
    /// The container that the task runs in.
    pub container: String,
}

impl NodeAttempt {
    /// Of each element of a map the last try, in the order of the list.
    #[must_use]
    pub fn latest(&self) -> Vec<&MapElement> {
        let mut latest = BTreeMap::new();
        for element in &self.elements {
            latest.insert(element.index, element);
        }
        latest.into_values().collect()
    }

    pub(super) fn from_wire(execution: TaskExecution) -> Self {
        let id = execution.id.unwrap_or_default();
        let closure = execution.closure.unwrap_or_default();
        let failure = match &closure.output_result {
            Some(OutputResult::Error(error)) => Some(ExecutionFailure::from_wire(error)),
            _ => None,
        };
        let elements = closure.metadata.map(|metadata| metadata.external_resources).unwrap_or_default();
        let mut elements: Vec<_> = elements.into_iter().map(MapElement::from_wire).collect();
        elements.sort_by_key(|element| (element.index, element.attempt));
        let phase = AttemptPhase::from_wire(closure.phase);
        Self {
            number: id.retry_attempt,
            task: id.task_id.unwrap_or_default(),
            phase,
            failure,
            reason: if phase == AttemptPhase::Succeeded { String::new() } else { closure.reason },
            started: instant(closure.started_at.as_ref()),
            duration: span(closure.duration.as_ref()).filter(|span| !span.is_zero()),
            logs: links(closure.logs),
            pods: pods(closure.log_context),
            elements,
        }
    }
}

impl MapElement {
    fn from_wire(resource: ExternalResourceInfo) -> Self {
        let execution = match resource.target_metadata {
            Some(TargetMetadata::WorkflowNodeMetadata(launched)) => launched.execution_id.map(ExecutionId::from_wire),
            None => None,
        };
        Self {
            index: resource.index,
            attempt: resource.retry_attempt,
            phase: AttemptPhase::from_wire(resource.phase),
            cache: CacheUsed::from_wire(resource.cache_status),
            logs: links(resource.logs),
            pods: pods(resource.log_context),
            execution,
        }
    }
}

fn links(logs: Vec<TaskLog>) -> Vec<LogLink> {
    logs.into_iter().map(|TaskLog { name, uri, .. }| LogLink { name, uri }).collect()
}

fn pods(context: Option<LogContext>) -> Vec<PodLog> {
    let pods = context.map(|context| context.pods).unwrap_or_default().into_iter();
    pods.map(|pod| PodLog { namespace: pod.namespace, pod: pod.pod_name, container: pod.primary_container_name }).collect()
}

#[cfg(test)]
mod tests {
    use nebulakit_types::wire::flyteidl::admin::TaskExecutionClosure;
    use nebulakit_types::wire::flyteidl::core::task_execution::Phase;
    use nebulakit_types::wire::flyteidl::event::TaskExecutionMetadata;

    use super::*;

    #[test]
    fn the_last_try_at_an_element_counts() {
        let tries = [(0, 0, Phase::Failed), (0, 1, Phase::Succeeded), (3, 0, Phase::Failed), (3, 1, Phase::Failed)];
        let external_resources = tries.map(|(index, retry_attempt, phase)| ExternalResourceInfo {
            index,
            retry_attempt,
            phase: phase.into(),
            ..ExternalResourceInfo::default()
        });
        let metadata = TaskExecutionMetadata { external_resources: external_resources.into(), ..TaskExecutionMetadata::default() };
        let closure = TaskExecutionClosure { metadata: Some(metadata), ..TaskExecutionClosure::default() };
        let attempt = NodeAttempt::from_wire(TaskExecution { closure: Some(closure), ..TaskExecution::default() });
        let latest: Vec<_> =
            attempt.latest().into_iter().map(|element| (element.index, element.attempt, element.phase.is_failure())).collect();
        assert_eq!(latest, [(0, 1, false), (3, 1, true)]);
    }
}
