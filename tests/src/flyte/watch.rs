//! What clients see of executions, nodes and attempts.

use std::sync::Arc;
use std::time::SystemTime;

use nebulakit_types::wire::flyteidl::admin::{
    DynamicWorkflowNodeMetadata, Execution, ExecutionClosure, ExecutionList, ExecutionStateChangeDetails, FlyteUrLs, LiteralMapBlob,
    NodeExecution, NodeExecutionClosure, NodeExecutionGetDataResponse, NodeExecutionList, NodeExecutionListRequest, NodeExecutionMetaData,
    Reason, ResourceListRequest, TaskExecution, TaskExecutionClosure, TaskExecutionGetDataResponse, TaskExecutionList,
    TaskExecutionListRequest, TaskNodeMetadata, UrlBlob, WorkflowExecutionGetDataResponse, WorkflowNodeMetadata, execution_closure,
    literal_map_blob, node_execution_closure, task_execution_closure,
};
use nebulakit_types::wire::flyteidl::core::{
    ExecutionError, NodeExecutionIdentifier, TaskExecutionIdentifier, TaskLog, WorkflowExecutionIdentifier, task_log,
};
use nebulakit_types::wire::flyteidl::event::TaskExecutionMetadata;
use nebulakit_types::wire::google::protobuf::{Duration, Timestamp};
use prost::Message as _;

use super::engine::names;
use super::engine::records::{NodeRecord, TaskRecord};
use super::engine::run::{Run, is_terminal};
use super::grpc::{Answer, NOT_FOUND};
use super::launch::{found, shown};
use super::pages::{Columns, Refused, page};
use super::world::World;

/// How much of an error's message lists show.
const LISTED: usize = 100;

pub(crate) fn time(time: SystemTime) -> Timestamp {
    let since = time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    Timestamp { seconds: since.as_secs().cast_signed(), nanos: since.subsec_nanos().cast_signed() }
}

fn between(from: SystemTime, to: SystemTime) -> Duration {
    let passed = to.duration_since(from).unwrap_or_default();
    Duration { seconds: passed.as_secs().cast_signed(), nanos: passed.subsec_nanos().cast_signed() }
}

fn cut(error: &mut ExecutionError) {
    let end = (0..=LISTED.min(error.message.len())).rev().find(|at| error.message.is_char_boundary(*at)).unwrap_or(0);
    error.message.truncate(end);
}

/// An execution as it is now.
pub(crate) fn execution(world: &World, run: &Run) -> Execution {
    let state = run.state.lock().unwrap();
    let folder = names::folder(&world.bucket, &run.id);
    let result = match (&state.abort, &state.error, &state.outputs) {
        (Some(abort), ..) => Some(execution_closure::OutputResult::AbortMetadata(abort.clone())),
        (None, Some(error), _) => Some(execution_closure::OutputResult::Error(error.clone())),
        (None, None, Some(outputs)) if !outputs.literals.is_empty() => {
            let uri = literal_map_blob::Data::Uri(format!("{folder}/end-node/data/0/outputs.pb"));
            Some(execution_closure::OutputResult::Outputs(LiteralMapBlob { data: Some(uri) }))
        }
        _ => None,
    };
    let updated = state.updated.unwrap_or(run.created);
    let closure = ExecutionClosure {
        phase: state.phase.into(),
        started_at: state.started.map(time),
        duration: state.started.filter(|_| is_terminal(state.phase)).map(|started| between(started, updated)),
        created_at: Some(time(run.created)),
        updated_at: Some(time(updated)),
        workflow_id: Some(run.workflow.clone()),
        state_change_details: Some(ExecutionStateChangeDetails {
            state: state.is_archived.into(),
            occurred_at: Some(time(run.created)),
            ..ExecutionStateChangeDetails::default()
        }),
        output_result: result,
        ..ExecutionClosure::default()
    };
    Execution { id: Some(run.id.clone()), spec: Some(run.spec.clone()), closure: Some(closure) }
}

pub(crate) fn execution_data(run: &Run) -> Answer {
    let outputs = run.state.lock().unwrap().outputs.clone();
    let answer = WorkflowExecutionGetDataResponse {
        outputs: Some(UrlBlob::default()),
        inputs: Some(UrlBlob::default()),
        full_inputs: Some(run.inputs.clone()),
        full_outputs: Some(outputs.unwrap_or_default()),
    };
    Ok(answer.encode_to_vec())
}

pub(crate) fn list_executions(world: &World, request: &ResourceListRequest) -> Answer {
    let id = request.id.clone().unwrap_or_default();
    super::registry::present("project", &id.project)?;
    super::registry::present("domain", &id.domain)?;
    let rows: Vec<Arc<Run>> =
        world.runs.lock().unwrap().iter().filter(|run| (&run.id.project, &run.id.domain) == (&id.project, &id.domain)).cloned().collect();
    let value = |run: &Arc<Run>, column: &str| {
        let plan = run.spec.launch_plan.clone().unwrap_or_default();
        let labels = run.spec.labels.clone().unwrap_or_default().values;
        match column {
            "execution_tag.key" => labels.into_keys().collect(),
            "execution_tag.value" => labels.into_values().collect(),
            _ => vec![match column {
                "execution_name" => run.id.name.clone(),
                "phase" => run.phase().as_str_name().to_owned(),
                "launch_plan.name" => plan.name,
                "launch_plan.version" => plan.version,
                "workflow.name" => run.workflow.name.clone(),
                "workflow.version" => run.workflow.version.clone(),
                "mode" => run.spec.metadata.as_ref().map_or(0, |metadata| metadata.mode).to_string(),
                "state" => i32::from(run.state.lock().unwrap().is_archived).to_string(),
                "created_at" | "updated_at" => jiff::Timestamp::try_from(run.created).map(|time| time.to_string()).unwrap_or_default(),
                _ => String::new(),
            }],
        }
    };
    let names = [
        "execution_name",
        "phase",
        "launch_plan.name",
        "launch_plan.version",
        "workflow.name",
        "workflow.version",
        "mode",
        "state",
        "created_at",
        "updated_at",
        "user",
        "execution_tag.key",
        "execution_tag.value",
    ];
    let columns = Columns { table: "e", names: &names, value: &value };
    let rows = columns.sorted(columns.filtered(rows, &request.filters)?, request.sort_by.as_ref())?;
    let (rows, token) = page(rows, request.limit, &request.token)?;
    let executions = rows.iter().map(|run| {
        let mut execution = execution(world, run);
        if let Some(execution_closure::OutputResult::Error(error)) =
            execution.closure.as_mut().and_then(|closure| closure.output_result.as_mut())
        {
            cut(error);
        }
        execution
    });
    Ok(ExecutionList { executions: executions.collect(), token }.encode_to_vec())
}

fn node(run: &Run, record: &NodeRecord) -> NodeExecution {
    use node_execution_closure::{OutputResult, TargetMetadata};
    let has_started_child = record.child.is_some();
    let result = match &record.error {
        // Output information takes its place.
        Some(_) if record.loses_error && !record.tasks.is_empty() && !is_aborted(record) => None,
        Some(error) => Some(OutputResult::Error(error.clone())),
        None if record.output_uri.is_empty() => None,
        None => Some(OutputResult::OutputUri(record.output_uri.clone())),
    };
    let ran_task = !record.tasks.is_empty()
        || record.cache.is_some()
        || record.phase == nebulakit_types::wire::flyteidl::core::node_execution::Phase::Recovered;
    let target = match &record.child {
        Some(child) => Some(TargetMetadata::WorkflowNodeMetadata(WorkflowNodeMetadata { execution_id: Some(child.clone()) })),
        None if ran_task && !is_aborted(record) => Some(TargetMetadata::TaskNodeMetadata(TaskNodeMetadata {
            cache_status: record.cache.map_or(0, Into::into),
            checkpoint_uri: record.checkpoint_uri.clone(),
            ..TaskNodeMetadata::default()
        })),
        None => None,
    };
    let closure = NodeExecutionClosure {
        phase: record.phase.into(),
        started_at: record.started.map(time),
        duration: record.started.filter(|_| result.is_some()).map(|started| between(started, record.updated)),
        created_at: Some(time(record.created)),
        updated_at: Some(time(record.updated)),
        deck_uri: record.deck_uri.clone(),
        output_result: result,
        target_metadata: target,
        ..NodeExecutionClosure::default()
    };
    let metadata = NodeExecutionMetaData {
        is_parent_node: record.is_parent && !has_started_child,
        spec_node_id: record.spec_id.clone(),
        is_dynamic: record.dynamic.is_some(),
        is_array: record.is_array,
        ..NodeExecutionMetaData::default()
    };
    let id = NodeExecutionIdentifier { node_id: record.id.clone(), execution_id: Some(run.id.clone()) };
    NodeExecution { id: Some(id), input_uri: record.input_uri.clone(), closure: Some(closure), metadata: Some(metadata) }
}

fn is_aborted(record: &NodeRecord) -> bool {
    record.phase == nebulakit_types::wire::flyteidl::core::node_execution::Phase::Aborted
}

pub(crate) fn list_nodes(world: &World, request: &NodeExecutionListRequest) -> Answer {
    let run = world.run(&request.workflow_execution_id.clone().unwrap_or_default());
    let parent = Some(request.unique_parent_id.clone()).filter(|parent| !parent.is_empty());
    let nodes: Vec<_> = run
        .iter()
        .flat_map(|run| {
            let state = run.state.lock().unwrap();
            let nodes = state.nodes.iter().filter(|record| record.parent == parent);
            nodes.map(|record| node(run, record)).collect::<Vec<_>>()
        })
        .collect();
    let id = |node: &NodeExecution| node.id.clone().unwrap_or_default().node_id;
    let value = |node: &NodeExecution, column: &str| {
        let closure = node.closure.clone().unwrap_or_default();
        vec![match column {
            "node_id" => id(node),
            "phase" => closure.phase().as_str_name().to_owned(),
            _ => String::new(),
        }]
    };
    let columns = Columns { table: "ne", names: &["node_id", "phase", "created_at"], value: &value };
    let rows = columns.sorted(columns.filtered(nodes, &request.filters)?, request.sort_by.as_ref())?;
    let (mut node_executions, token) = page(rows, request.limit, &request.token)?;
    for node in &mut node_executions {
        if let Some(node_execution_closure::OutputResult::Error(error)) =
            node.closure.as_mut().and_then(|closure| closure.output_result.as_mut())
        {
            cut(error);
        }
    }
    Ok(NodeExecutionList { node_executions, token }.encode_to_vec())
}

/// A node, or why there is none.
pub(crate) fn node_found(world: &World, id: Option<&NodeExecutionIdentifier>) -> Result<(Arc<Run>, NodeRecord), Refused> {
    let id = id.cloned().unwrap_or_default();
    let execution = id.execution_id.unwrap_or_default();
    let run = world.run(&execution);
    run.and_then(|run| Some((run.clone(), run.record(&id.node_id)?))).ok_or_else(|| (NOT_FOUND, missing_node(&id.node_id, &execution)))
}

fn missing_node(node: &str, execution: &WorkflowExecutionIdentifier) -> String {
    format!("missing entity of type node execution with identifier node_id:\"{node}\" execution_id:{{{}}}", shown(execution))
}

pub(crate) fn get_node(world: &World, id: Option<&NodeExecutionIdentifier>) -> Answer {
    let (run, record) = node_found(world, id)?;
    Ok(node(&run, &record).encode_to_vec())
}

pub(crate) fn node_data(world: &World, id: Option<&NodeExecutionIdentifier>) -> Answer {
    let (run, record) = node_found(world, id)?;
    let WorkflowExecutionIdentifier { project, domain, name, .. } = &run.id;
    let url = |letter: &str| format!("flyte://v1/{project}/{domain}/{name}/{}/{letter}", record.id);
    let dynamic = record.dynamic.map(|compiled| DynamicWorkflowNodeMetadata {
        id: compiled.primary.as_ref().and_then(|primary| primary.template.as_ref()?.id.clone()),
        compiled_workflow: Some(super::registry::named(compiled)),
        ..DynamicWorkflowNodeMetadata::default()
    });
    let answer = NodeExecutionGetDataResponse {
        inputs: Some(UrlBlob::default()),
        outputs: Some(UrlBlob::default()),
        full_inputs: Some(record.inputs.clone()),
        full_outputs: Some(record.outputs.clone().unwrap_or_default()),
        dynamic_workflow: dynamic,
        flyte_urls: Some(FlyteUrLs { inputs: url("i"), outputs: url("o"), deck: url("d") }),
    };
    Ok(answer.encode_to_vec())
}

fn task(run: &Run, node: &NodeRecord, task: &TaskRecord) -> TaskExecution {
    use task_execution_closure::OutputResult;
    let result = match &task.error {
        Some(error) => Some(OutputResult::Error(error.clone())),
        None if task.output_uri.is_empty() => None,
        None => Some(OutputResult::OutputUri(task.output_uri.clone())),
    };
    let log = TaskLog {
        uri: task.log.clone(),
        name: "Kubernetes Logs (User)".to_owned(),
        message_format: task_log::MessageFormat::Json.into(),
        ..TaskLog::default()
    };
    let metadata = TaskExecutionMetadata {
        generated_name: task.pod.clone(),
        external_resources: task.elements.clone(),
        plugin_identifier: "container".to_owned(),
        ..TaskExecutionMetadata::default()
    };
    let reason = "task submitted to K8s".to_owned();
    let closure = TaskExecutionClosure {
        phase: task.phase.into(),
        logs: vec![log],
        started_at: Some(time(task.started)),
        duration: result.as_ref().map(|_| between(task.started, task.updated)),
        created_at: Some(time(task.started)),
        updated_at: Some(time(task.updated)),
        task_type: task.task_type.clone(),
        metadata: Some(metadata),
        event_version: 1,
        reasons: vec![Reason { occurred_at: Some(time(task.started)), message: reason.clone() }],
        reason,
        output_result: result,
        ..TaskExecutionClosure::default()
    };
    let node_id = NodeExecutionIdentifier { node_id: node.id.clone(), execution_id: Some(run.id.clone()) };
    let id = TaskExecutionIdentifier { task_id: Some(task.task.clone()), node_execution_id: Some(node_id), retry_attempt: task.attempt };
    TaskExecution { id: Some(id), input_uri: node.input_uri.clone(), closure: Some(closure), is_parent: node.dynamic.is_some() }
}

pub(crate) fn list_tasks(world: &World, request: &TaskExecutionListRequest) -> Answer {
    let found = node_found(world, request.node_execution_id.as_ref()).ok();
    let tasks = found.iter().flat_map(|(run, record)| record.tasks.iter().map(|of| task(run, record, of))).collect::<Vec<_>>();
    let (task_executions, token) = page(tasks, request.limit, &request.token)?;
    Ok(TaskExecutionList { task_executions, token }.encode_to_vec())
}

fn task_found(world: &World, id: Option<TaskExecutionIdentifier>) -> Result<(Arc<Run>, NodeRecord, TaskRecord), Refused> {
    let id = id.unwrap_or_default();
    let (run, record) = node_found(world, id.node_execution_id.as_ref())?;
    let task = record.tasks.iter().find(|task| task.attempt == id.retry_attempt).cloned();
    let task = task.ok_or_else(|| (NOT_FOUND, format!("missing entity of type task execution with identifier {id:?}")))?;
    Ok((run, record, task))
}

pub(crate) fn get_task(world: &World, id: Option<TaskExecutionIdentifier>) -> Answer {
    let (run, record, of) = task_found(world, id)?;
    Ok(task(&run, &record, &of).encode_to_vec())
}

pub(crate) fn task_data(world: &World, id: Option<TaskExecutionIdentifier>) -> Answer {
    let (run, record, task) = task_found(world, id)?;
    let WorkflowExecutionIdentifier { project, domain, name, .. } = &run.id;
    let url = |letter: &str| format!("flyte://v1/{project}/{domain}/{name}/{}/{}/{letter}", record.id, task.attempt);
    let outputs = record.outputs.filter(|_| task.error.is_none());
    let answer = TaskExecutionGetDataResponse {
        inputs: Some(UrlBlob::default()),
        outputs: Some(UrlBlob::default()),
        full_inputs: Some(record.inputs),
        full_outputs: Some(outputs.unwrap_or_default()),
        flyte_urls: Some(FlyteUrLs { inputs: url("i"), outputs: url("o"), deck: String::new() }),
    };
    Ok(answer.encode_to_vec())
}

pub(crate) fn get_execution(world: &World, id: Option<WorkflowExecutionIdentifier>) -> Answer {
    Ok(execution(world, &*found(world, id)?).encode_to_vec())
}
