//! Executions are created, ended, and begun again.

use std::collections::BTreeMap;
use std::sync::Arc;

use nebulakit_types::wire::flyteidl::admin::execution_metadata::ExecutionMode;
use nebulakit_types::wire::flyteidl::admin::{
    AbortMetadata, ExecutionCreateRequest, ExecutionMetadata, ExecutionRecoverRequest, ExecutionRelaunchRequest, ExecutionSpec,
    ExecutionTerminateRequest, LaunchPlanSpec, SystemMetadata, WorkflowSpec, execution_spec::NotificationOverrides,
};
use nebulakit_types::wire::flyteidl::core::{
    Binding, BindingData, Identifier, LiteralMap, Node, NodeMetadata, OutputReference, ResourceType, RetryStrategy, TaskNode, TaskTemplate,
    WorkflowExecutionIdentifier, WorkflowTemplate, binding_data, node, parameter, task_node, workflow_execution::Phase,
};

use super::engine::names;
use super::engine::run::{Run, is_terminal};
use super::grpc::{ALREADY_EXISTS, FAILED_PRECONDITION, INVALID_ARGUMENT, NOT_FOUND};
use super::pages::Refused;
use super::registry::{fits, labels, notifications, place, present};
use super::world::World;

fn refuse<T>(text: impl Into<String>) -> Result<T, Refused> {
    Err((INVALID_ARGUMENT, text.into()))
}

/// Creates an execution, and lets it run.
pub(crate) fn create(world: &Arc<World>, request: ExecutionCreateRequest, recovers: Option<Arc<Run>>) -> Result<Arc<Run>, Refused> {
    present("project", &request.project)?;
    present("domain", &request.domain)?;
    place(&request.project, &request.domain)?;
    let mut spec = request.spec.unwrap_or_default();
    let name = named(request.name)?;
    let Some(mut target) = spec.launch_plan.clone() else { return refuse("missing id") };
    match target.resource_type() {
        ResourceType::LaunchPlan => {}
        ResourceType::Task => target = of_task(world, &target)?,
        other => {
            let allowed = "map[TASK:<nil> LAUNCH_PLAN:<nil>]";
            return refuse(format!("Invalid reference entity resource type [{}], only [{allowed}] allowed", other.as_str_name()));
        }
    }
    checked(&spec)?;
    let launched = world.registry.launched(&target)?;
    // The older place of inputs still counts where the newer is empty.
    let given = request.inputs.clone().or_else(|| spec.inputs.clone()).unwrap_or_default();
    let inputs = inputs(&given, &launched.expected.parameters, &launched.spec)?;
    at_most(world, &target, &launched.spec)?;
    settle(&mut spec, &launched.spec, &request.project, &request.domain);
    let id = WorkflowExecutionIdentifier { project: request.project, domain: request.domain, name, org: String::new() };
    let run = Run::new(id, spec, launched.workflow, inputs, launched.closure, recovers);
    let mut runs = world.runs.lock().unwrap();
    let is_taken = |other: &Arc<Run>| other.id == run.id;
    if runs.iter().any(is_taken) {
        let has_labels = run.spec.labels.as_ref().is_some_and(|labels| !labels.values.is_empty());
        let table = if has_labels { "execution_tags_pkey" } else { "executions_pkey" };
        let text = format!("value with matching already exists (duplicate key value violates unique constraint \"{table}\")");
        return Err((ALREADY_EXISTS, text));
    }
    runs.push(run.clone());
    drop(runs);
    world.runtime.spawn(run.clone().drive(world.clone()));
    Ok(run)
}

/// A name as the platform takes it, or one that it makes.
fn named(name: String) -> Result<String, Refused> {
    if name.is_empty() {
        let number = uuid();
        return Ok(format!("a{number}"));
    }
    if name.len() > 63 {
        return refuse(format!("size of name exceeded length 63 : {name}"));
    }
    let small = name.to_lowercase();
    let fits = small.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
    if !fits || !small.starts_with(|first: char| first.is_ascii_lowercase()) {
        return refuse(format!("invalid name format: {small}, does not match regex '^[a-z][a-z\\-0-9]*$'"));
    }
    Ok(name)
}

/// Nineteen letters and digits that nobody had before.
pub(crate) fn uuid() -> String {
    static NEXT: std::sync::atomic::AtomicU64 = std::sync::atomic::AtomicU64::new(0);
    let number = NEXT.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
    let time = std::time::UNIX_EPOCH.elapsed().unwrap_or_default().as_nanos();
    let text = format!("{number:03x}{time:016x}");
    text[text.len() - 19..].to_owned()
}

fn checked(spec: &ExecutionSpec) -> Result<(), Refused> {
    if let Some(given) = &spec.labels {
        labels(given.values.keys().map(String::as_str), given.values.values().map(String::as_str))?;
    }
    let Some(NotificationOverrides::Notifications(list)) = &spec.notification_overrides else { return Ok(()) };
    notifications(&list.notifications)
}

/// The inputs of an execution: what is given, what is fixed, and defaults.
fn inputs(
    given: &LiteralMap,
    expected: &BTreeMap<String, nebulakit_types::wire::flyteidl::core::Parameter>,
    plan: &LaunchPlanSpec,
) -> Result<LiteralMap, Refused> {
    if let Some(name) = given.literals.keys().find(|name| !expected.contains_key(*name)) {
        return refuse(format!("invalid input {name}"));
    }
    let mut literals = plan.fixed_inputs.clone().unwrap_or_default().literals;
    for (name, parameter) in expected {
        let default = match &parameter.behavior {
            Some(parameter::Behavior::Default(value)) => Some(value),
            _ => None,
        };
        let Some(value) = given.literals.get(name).or(default) else { return refuse(format!("expected_inputs {name} missing")) };
        if let Some(variable) = &parameter.var {
            fits(name, value, variable)?;
        }
        literals.insert(name.clone(), value.clone());
    }
    Ok(LiteralMap { literals })
}

/// Refuses what its launch plan does not let run beside others.
fn at_most(world: &World, plan: &Identifier, spec: &LaunchPlanSpec) -> Result<(), Refused> {
    let Some(most) = spec.concurrency_policy.as_ref().map(|policy| policy.max).filter(|most| *most > 0) else { return Ok(()) };
    let runs = world.runs.lock().unwrap();
    let is_of_plan = |run: &&Arc<Run>| {
        let of = run.spec.launch_plan.as_ref();
        of.is_some_and(|of| (&of.project, &of.domain, &of.name) == (&plan.project, &plan.domain, &plan.name)) && !is_terminal(run.phase())
    };
    if runs.iter().filter(is_of_plan).count() < most as usize {
        return Ok(());
    }
    Err((ALREADY_EXISTS, format!("concurrency limit ({most}) reached for launch plan {}; skipping execution", plan.name)))
}

/// Settings come from the request, else from the launch plan, else from the platform. They replace each other whole.
fn settle(spec: &mut ExecutionSpec, plan: &LaunchPlanSpec, project: &str, domain: &str) {
    let metadata = spec.metadata.get_or_insert_default();
    // Who is logged in, which is nobody.
    metadata.principal.clear();
    let system = SystemMetadata { namespace: format!("{project}-{domain}"), ..SystemMetadata::default() };
    metadata.system_metadata = Some(system);
    spec.inputs = None;
    spec.labels = spec.labels.take().or_else(|| plan.labels.clone());
    spec.annotations = spec.annotations.take().or_else(|| plan.annotations.clone());
    spec.envs = spec.envs.take().or_else(|| plan.envs.clone());
    spec.interruptible = spec.interruptible.or(plan.interruptible);
    spec.overwrite_cache |= plan.overwrite_cache;
    spec.raw_output_data_config = spec.raw_output_data_config.take().or_else(|| plan.raw_output_data_config.clone());
    spec.security_context = spec.security_context.take().or_else(|| plan.security_context.clone());
    spec.security_context.get_or_insert_default().run_as.get_or_insert_default();
    if spec.max_parallelism == 0 {
        spec.max_parallelism = if plan.max_parallelism == 0 { 25 } else { plan.max_parallelism };
    }
}

/// The launch plan that the platform makes for executions of a task alone.
fn of_task(world: &World, id: &Identifier) -> Result<Identifier, Refused> {
    let template = world.registry.task(id)?;
    let of = |kind: ResourceType| Identifier {
        resource_type: kind.into(),
        name: format!(".flytegen.{}", id.name),
        ..template.id.clone().unwrap_or_default()
    };
    let (workflow, plan) = (of(ResourceType::Workflow), of(ResourceType::LaunchPlan));
    let spec = LaunchPlanSpec { workflow_id: Some(workflow.clone()), ..LaunchPlanSpec::default() };
    world.registry.keep((workflow, one_node(&template)), (plan.clone(), spec));
    Ok(plan)
}

/// How often a task alone is tried again that says nothing of it.
const RETRIES: u32 = 3;

fn one_node(template: &TaskTemplate) -> WorkflowSpec {
    let id = template.id.clone().unwrap_or_default();
    let node = names::of_task(&id.name);
    let interface = template.interface.clone().unwrap_or_default();
    let bound = |node: &str, name: &String| {
        let promise = OutputReference { node_id: node.to_owned(), var: name.clone(), ..OutputReference::default() };
        let binding = BindingData { value: Some(binding_data::Value::Promise(promise)), ..BindingData::default() };
        Binding { var: name.clone(), binding: Some(binding) }
    };
    let inputs = interface.inputs.iter().flat_map(|inputs| inputs.variables.keys());
    let outputs = interface.outputs.iter().flat_map(|outputs| outputs.variables.keys());
    let retries = template.metadata.as_ref().and_then(|metadata| metadata.retries).unwrap_or(RetryStrategy { retries: RETRIES });
    let (inputs, outputs) = (inputs.map(|name| bound("", name)).collect(), outputs.map(|name| bound(&node, name)).collect());
    let task = TaskNode { reference: Some(task_node::Reference::ReferenceId(id)), ..TaskNode::default() };
    let node = Node {
        metadata: Some(NodeMetadata { name: node.clone(), retries: Some(retries), ..NodeMetadata::default() }),
        id: node,
        inputs,
        target: Some(node::Target::TaskNode(task)),
        ..Node::default()
    };
    let template = WorkflowTemplate { interface: Some(interface), nodes: vec![node], outputs, ..WorkflowTemplate::default() };
    WorkflowSpec { template: Some(template), ..WorkflowSpec::default() }
}

/// The execution of that id, or why there is none.
pub(crate) fn found(world: &World, id: Option<WorkflowExecutionIdentifier>) -> Result<Arc<Run>, Refused> {
    let id = id.unwrap_or_default();
    world.run(&id).ok_or_else(|| (NOT_FOUND, format!("missing entity of type execution with identifier {}", shown(&id))))
}

/// An execution's id, as refusals show it.
pub(crate) fn shown(id: &WorkflowExecutionIdentifier) -> String {
    format!("project:\"{}\" domain:\"{}\" name:\"{}\"", id.project, id.domain, id.name)
}

/// Ends an execution.
pub(crate) fn terminate(run: &Run, cause: &str) -> bool {
    let is_running = run.change(|state| {
        let is_running = !is_terminal(state.phase);
        if is_running {
            state.phase = Phase::Aborting;
            state.abort = Some(AbortMetadata { cause: cause.to_owned(), principal: String::new() });
        }
        is_running
    });
    if is_running {
        run.stop.stop("Workflow aborted.");
    }
    is_running
}

pub(crate) fn terminated(world: &World, request: ExecutionTerminateRequest) -> Result<(), Refused> {
    let run = found(world, request.id)?;
    match terminate(&run, &request.cause) {
        true => Ok(()),
        false => Err((FAILED_PRECONDITION, "Cannot abort an already terminated workflow execution".to_owned())),
    }
}

/// Begins an execution once more.
pub(crate) fn relaunch(world: &Arc<World>, request: ExecutionRelaunchRequest) -> Result<Arc<Run>, Refused> {
    let former = found(world, request.id)?;
    let spec = ExecutionSpec { overwrite_cache: request.overwrite_cache, ..former.spec.clone() };
    again(world, &former, spec, request.name, ExecutionMode::Relaunch, false)
}

/// Begins an execution once more, with what has succeeded.
pub(crate) fn recover(world: &Arc<World>, request: ExecutionRecoverRequest) -> Result<Arc<Run>, Refused> {
    let former = found(world, request.id)?;
    let spec = former.spec.clone();
    again(world, &former, spec, request.name, ExecutionMode::Recovered, true)
}

fn again(
    world: &Arc<World>,
    former: &Arc<Run>,
    spec: ExecutionSpec,
    name: String,
    mode: ExecutionMode,
    recovers: bool,
) -> Result<Arc<Run>, Refused> {
    let metadata =
        ExecutionMetadata { mode: mode.into(), reference_execution: Some(former.id.clone()), ..spec.metadata.clone().unwrap_or_default() };
    let fixed = |run: &Run| {
        let launched = run.spec.launch_plan.as_ref().and_then(|id| world.registry.launched(id).ok());
        launched.and_then(|launched| launched.spec.fixed_inputs).unwrap_or_default()
    };
    let mut inputs = former.inputs.clone();
    let fixed = fixed(former);
    inputs.literals.retain(|name, _| !fixed.literals.contains_key(name));
    let request = ExecutionCreateRequest {
        project: former.id.project.clone(),
        domain: former.id.domain.clone(),
        name,
        spec: Some(ExecutionSpec { metadata: Some(metadata), ..spec }),
        inputs: Some(inputs),
        org: String::new(),
    };
    create(world, request, recovers.then(|| former.clone()))
}
