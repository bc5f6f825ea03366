//! Executions are launched and read by plain calls, and shown as the recorded ones are.

use std::collections::BTreeMap;

use nebulakit_tests::flyte::{DOMAIN, Double, PROJECT, id};
use nebulakit_types::wire::flyteidl::admin::{
    Execution, ExecutionCreateRequest, ExecutionCreateResponse, ExecutionSpec, NodeExecution, NodeExecutionList, NodeExecutionListRequest,
    TaskExecutionList, TaskExecutionListRequest, WorkflowExecutionGetDataRequest, WorkflowExecutionGetDataResponse,
    WorkflowExecutionGetRequest, execution_closure, node_execution_closure,
};
use nebulakit_types::wire::flyteidl::core::workflow_execution::Phase;
use nebulakit_types::wire::flyteidl::core::{
    CatalogCacheStatus, ExecutionError, Identifier, Literal, LiteralCollection, LiteralMap, Primitive, ResourceType, Scalar, literal,
    primitive, scalar,
};
use serde_json::{Map, Value, json};

pub(crate) fn of(kind: ResourceType, name: &str) -> Identifier {
    Identifier {
        resource_type: kind.into(),
        project: PROJECT.to_owned(),
        domain: DOMAIN.to_owned(),
        name: name.to_owned(),
        version: "v1".to_owned(),
        org: String::new(),
    }
}

pub(crate) fn number(number: i64) -> Literal {
    literal(primitive::Value::Integer(number))
}

pub(crate) fn literal(value: primitive::Value) -> Literal {
    let value = literal::Value::Scalar(Box::new(Scalar { value: Some(scalar::Value::Primitive(Primitive { value: Some(value) })) }));
    Literal { value: Some(value), ..Literal::default() }
}

pub(crate) fn list(literals: Vec<Literal>) -> Literal {
    Literal { value: Some(literal::Value::Collection(LiteralCollection { literals })), ..Literal::default() }
}

pub(crate) fn request<'n>(target: Identifier, name: &str, inputs: impl IntoIterator<Item = (&'n str, Literal)>) -> ExecutionCreateRequest {
    let literals: BTreeMap<_, _> = inputs.into_iter().map(|(name, literal)| (name.to_owned(), literal)).collect();
    ExecutionCreateRequest {
        project: PROJECT.to_owned(),
        domain: DOMAIN.to_owned(),
        name: name.to_owned(),
        spec: Some(ExecutionSpec { launch_plan: Some(target), ..ExecutionSpec::default() }),
        inputs: Some(LiteralMap { literals }),
        org: String::new(),
    }
}

/// Launches a launch plan.
pub(crate) async fn launch<'n>(double: &Double, plan: &str, name: &str, inputs: impl IntoIterator<Item = (&'n str, Literal)>) {
    let request = request(of(ResourceType::LaunchPlan, plan), name, inputs);
    let _: ExecutionCreateResponse = double.call("CreateExecution", &request).await.unwrap();
}

/// Launches a launch plan, and waits for its end.
pub(crate) async fn run<'n>(double: &Double, plan: &str, name: &str, inputs: impl IntoIterator<Item = (&'n str, Literal)>) -> Value {
    launch(double, plan, name, inputs).await;
    double.ended(name).await;
    shown(double, name).await
}

/// An execution as `golden/flyte1-runs.jsonl` has them.
pub(crate) async fn shown(double: &Double, name: &str) -> Value {
    let execution: Execution = double.call("GetExecution", &WorkflowExecutionGetRequest { id: Some(id(name)) }).await.unwrap();
    let closure = execution.closure.unwrap();
    let data: WorkflowExecutionGetDataResponse =
        double.call("GetExecutionData", &WorkflowExecutionGetDataRequest { id: Some(id(name)) }).await.unwrap();
    let outputs: Map<_, _> =
        data.full_outputs.unwrap_or_default().literals.iter().map(|(name, literal)| (name.clone(), plain(literal))).collect();
    let mut shown = json!({ "phase": closure.phase().as_str_name(), "nodes": nodes(double, name, "").await, "outputs": outputs });
    if let Some(execution_closure::OutputResult::Error(error)) = &closure.output_result {
        shown["error"] = of_error(error);
    }
    assert_eq!(
        closure.phase() == Phase::Succeeded,
        closure.output_result.is_none() || shown.get("error").is_none() && closure.phase() != Phase::Aborted
    );
    shown
}

fn of_error(error: &ExecutionError) -> Value {
    json!({ "code": error.code, "kind": error.kind().as_str_name(), "message": error.message })
}

fn nodes<'a>(double: &'a Double, name: &'a str, parent: &'a str) -> futures_util::future::BoxFuture<'a, Vec<Value>> {
    Box::pin(async move {
        let request = NodeExecutionListRequest {
            workflow_execution_id: Some(id(name)),
            limit: 100,
            unique_parent_id: parent.to_owned(),
            ..NodeExecutionListRequest::default()
        };
        let list: NodeExecutionList = double.call("ListNodeExecutions", &request).await.unwrap();
        let mut shown = Vec::new();
        for node in list.node_executions {
            shown.push(of_node(double, name, node).await);
        }
        sorted(&mut shown);
        shown
    })
}

async fn of_node(double: &Double, name: &str, node: NodeExecution) -> Value {
    let (closure, metadata, of) = (node.closure.unwrap(), node.metadata.unwrap(), node.id.unwrap());
    let request = TaskExecutionListRequest { node_execution_id: Some(of.clone()), limit: 100, ..TaskExecutionListRequest::default() };
    let tasks: TaskExecutionList = double.call("ListTaskExecutions", &request).await.unwrap();
    let tasks: Vec<_> = tasks.task_executions.into_iter().map(|task| task.closure.unwrap()).collect();
    let mut shown = json!({ "id": of.node_id, "phase": closure.phase().as_str_name(), "attempts": tasks.len() });
    if metadata.spec_node_id != of.node_id {
        shown["spec_node_id"] = json!(metadata.spec_node_id);
    }
    if !tasks.is_empty() {
        shown["task_phases"] = tasks.iter().map(|task| task.phase().as_str_name()).collect();
    }
    let elements: Vec<_> = tasks.iter().flat_map(|task| &task.metadata.as_ref().unwrap().external_resources).collect();
    if !elements.is_empty() {
        let mut elements: Vec<_> = elements
            .iter()
            .map(|element| {
                let phase = nebulakit_types::wire::flyteidl::core::task_execution::Phase::try_from(element.phase).unwrap();
                json!({ "index": element.index, "retry_attempt": element.retry_attempt, "phase": phase.as_str_name() })
            })
            .collect();
        elements.sort_by_key(|element| element["index"].as_u64());
        shown["external_resources"] = elements.into();
    }
    for (field, is_so) in
        [("is_parent_node", metadata.is_parent_node), ("is_dynamic", metadata.is_dynamic), ("is_array", metadata.is_array)]
    {
        if is_so {
            shown[field] = json!(true);
        }
    }
    if let Some(node_execution_closure::OutputResult::Error(error)) = &closure.output_result {
        shown["error"] = of_error(error);
    }
    if let Some(node_execution_closure::TargetMetadata::TaskNodeMetadata(task)) = &closure.target_metadata
        && task.cache_status() != CatalogCacheStatus::CacheDisabled
    {
        shown["cache"] = json!(task.cache_status().as_str_name());
    }
    let children = nodes(double, name, &of.node_id).await;
    if !children.is_empty() {
        shown["children"] = children.into();
    }
    shown
}

/// Nodes in an order that does not depend on time.
pub(crate) fn sorted(nodes: &mut [Value]) {
    nodes.sort_by_key(|node| node["id"].to_string());
    for node in nodes {
        if let Some(children) = node.get_mut("children").and_then(Value::as_array_mut) {
            sorted(children);
        }
    }
}

/// A literal as plain JSON.
pub(crate) fn plain(literal: &Literal) -> Value {
    match literal.value.as_ref() {
        Some(literal::Value::Collection(collection)) => collection.literals.iter().map(plain).collect(),
        Some(literal::Value::Map(map)) => map.literals.iter().map(|(key, value)| (key.clone(), plain(value))).collect(),
        Some(literal::Value::Scalar(scalar)) => match &scalar.value {
            Some(scalar::Value::Primitive(primitive)) => match &primitive.value {
                Some(primitive::Value::Integer(number)) => json!(number),
                Some(primitive::Value::FloatValue(number)) => json!(number),
                Some(primitive::Value::StringValue(text)) => json!(text),
                Some(primitive::Value::Boolean(yes)) => json!(yes),
                other => json!(format!("{other:?}")),
            },
            Some(scalar::Value::Union(union)) => plain(union.value.as_ref().unwrap()),
            Some(scalar::Value::NoneType(_)) => Value::Null,
            other => json!(format!("{other:?}")),
        },
        _ => Value::Null,
    }
}
