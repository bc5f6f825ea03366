//! Whole programs: order, launch plans, sub-workflows, gates, handlers, and what options say.

use std::time::{Duration, SystemTime};

use nebulakit::backend::flyte::compile::{Compiled, Entity, Options, Program, compile};
use nebulakit::prelude::*;
use nebulakit_types::wire::flyteidl::admin::schedule;
use nebulakit_types::wire::flyteidl::core::{
    Node, WorkflowTemplate, binding_data, gate_node, literal, node, node_metadata, parameter, scalar, task_template, workflow_metadata,
    workflow_node,
};

use crate::{compiled, launch_plan, names, options, task, workflow};

#[task]
fn double(x: i64) -> i64 {
    2 * x
}

#[task]
fn clean_up(err: Option<FlyteError>) {
    let _ = err;
}

/// Doubles twice.
///
/// The rest is
/// for those who read on.
#[workflow(interruptible)]
fn inner(x: Promise<i64>, #[default(7)] y: Promise<i64>, z: Promise<Option<i64>>) -> Promise<i64> {
    let _ = (y, z);
    double::node(double::node(x))
}

#[launch_plan(every = "90m", at_most = 2, env(A = "b"))]
fn often(#[default(1)] x: Promise<i64>) -> Promise<i64> {
    inner::node(x, 2, Default)
}

#[task(reference(project = "ml", domain = "production", name = "ml.classify", version = "2026"), outputs(label))]
fn classify(x: i64) -> String;

#[launch_plan(reference(project = "ml", domain = "production", name = "ml.retrain", version = "2026"))]
fn retrain(x: Promise<i64>) -> Promise<i64>;

#[workflow(on_failure = clean_up::node(Failure), keep_going)]
fn outer(x: Promise<i64>) -> Promise<i64> {
    let approved = gate::approve("release", inner::node(&x, Default, Default)).timeout("1h");
    let given = gate::wait_for::<i64>("threshold");
    let pause = gate::sleep("10m").after(&given);
    let launched = often::node(approved);
    double::node(&launched).also(classify::node(given)).also(retrain::node(launched)).also(pause)
}

fn outer_parts() -> (Compiled, WorkflowTemplate) {
    let compiled = compiled(outer::graph());
    let template = workflow(&compiled, "flyte.whole.outer").template.clone().unwrap();
    (compiled, template)
}

fn node_of(template: &WorkflowTemplate, is: impl Fn(&node::Target) -> bool) -> &Node {
    template.nodes.iter().find(|node| node.target.as_ref().is_some_and(&is)).unwrap()
}

#[test]
fn what_is_needed_is_registered_first_and_each_workflow_with_its_launch_plan() {
    let (compiled, _) = outer_parts();
    let kinds: Vec<_> = compiled
        .entities
        .iter()
        .map(|entity| match entity {
            Entity::Task { id, .. } => format!("task {}", id.name),
            Entity::Workflow { id, .. } => format!("workflow {}", id.name),
            Entity::LaunchPlan { id, .. } => format!("plan {}", id.name),
            other => panic!("{other:?}"),
        })
        .collect();
    let expected = [
        "task flyte.whole.clean_up",
        "task flyte.whole.double",
        "workflow flyte.whole.inner",
        "plan flyte.whole.inner",
        "plan flyte.whole.often",
        "workflow flyte.whole.outer",
        "plan flyte.whole.outer",
    ];
    assert_eq!(kinds, expected);
    assert!(compiled.entities.iter().all(|entity| entity.id().project == "flytesnacks" && entity.id().org.is_empty()));
}

#[test]
fn a_package_has_blank_targets_and_references_keep_theirs() {
    let compiled = compile(&Program::of([outer::graph().unwrap()]), &Options::new("i", "/app")).unwrap();
    let id = compiled.entities[0].id();
    assert_eq!((id.project.as_str(), id.domain.as_str(), id.version.as_str()), ("", "", ""));
    let template = workflow(&compiled, "flyte.whole.outer").template.as_ref().unwrap();
    let is_reference = |target: &node::Target| match target {
        node::Target::WorkflowNode(of) => {
            matches!(&of.reference, Some(workflow_node::Reference::LaunchplanRef(id)) if id.name == "ml.retrain" && id.project == "ml" && id.version == "2026")
        }
        _ => false,
    };
    node_of(template, is_reference);
}

#[test]
fn gates_and_handlers_are_nodes() {
    let (_, template) = outer_parts();
    let gate = |is: fn(&gate_node::Condition) -> bool| {
        node_of(&template, |target| matches!(target, node::Target::GateNode(gate) if gate.condition.as_ref().is_some_and(is)))
    };
    let approve = gate(|condition| matches!(condition, gate_node::Condition::Approve(approve) if approve.signal_id == "release"));
    assert_eq!(approve.metadata.as_ref().unwrap().timeout.as_ref().unwrap().seconds, 3600);
    assert_eq!(approve.inputs[0].var, "o0");
    let wait = gate(|condition| matches!(condition, gate_node::Condition::Signal(signal) if signal.output_variable_name == "o0"));
    let sleep = gate(|condition| matches!(condition, gate_node::Condition::Sleep(_)));
    assert_eq!(sleep.upstream_node_ids, std::slice::from_ref(&wait.id));
    let metadata = template.metadata.as_ref().unwrap();
    assert_eq!(metadata.on_failure(), workflow_metadata::OnFailurePolicy::FailAfterExecutableNodesComplete);
    let handler = template.failure_node.as_ref().unwrap();
    assert_eq!((handler.id.as_str(), handler.inputs[0].var.as_str()), ("fn0", "err"));
    let Some(binding_data::Value::Scalar(scalar)) = &handler.inputs[0].binding.as_ref().unwrap().value else { panic!("{handler:?}") };
    assert!(matches!(scalar.value, Some(scalar::Value::Union(_))), "propeller puts the error in its place");
}

/// What is left to its default is a constant, and none of an optional input: a workflow cannot hand on what is not there.
#[test]
fn defaults_of_workflows_are_constants_at_their_nodes_and_defaults_of_their_launch_plans() {
    let (compiled, template) = outer_parts();
    let inner = node_of(
        &template,
        |target| matches!(target, node::Target::WorkflowNode(of) if matches!(of.reference, Some(workflow_node::Reference::SubWorkflowRef(_)))),
    );
    let vars: Vec<_> = inner.inputs.iter().map(|bound| &*bound.var).collect();
    assert_eq!(vars, ["x", "y", "z"]);
    let plan = launch_plan(&compiled, "flyte.whole.inner");
    let parameters = &plan.default_inputs.as_ref().unwrap().parameters;
    assert_eq!(parameters["x"].behavior, Some(parameter::Behavior::Required(true)));
    assert!(
        matches!(&parameters["z"].behavior, Some(parameter::Behavior::Default(none)) if matches!(&none.value, Some(literal::Value::Scalar(scalar)) if matches!(scalar.value, Some(scalar::Value::NoneType(_)))))
    );
    let often = node_of(
        &template,
        |target| matches!(target, node::Target::WorkflowNode(of) if matches!(&of.reference, Some(workflow_node::Reference::LaunchplanRef(id)) if id.name == "flyte.whole.often")),
    );
    assert_eq!(often.inputs.len(), 1, "what a launch plan fixes cannot be bound");
}

#[test]
fn a_launch_plan_has_its_settings() {
    let (compiled, _) = outer_parts();
    let plan = launch_plan(&compiled, "flyte.whole.often");
    let schedule = plan.entity_metadata.as_ref().unwrap().schedule.as_ref().unwrap();
    assert!(matches!(&schedule.schedule_expression, Some(schedule::ScheduleExpression::Rate(rate)) if rate.value == 90));
    assert_eq!(plan.concurrency_policy.as_ref().unwrap().max, 2);
    assert_eq!(plan.envs.as_ref().unwrap().values[0].key, "A");
    assert!(plan.fixed_inputs.as_ref().unwrap().literals.contains_key("y"));
    let free: Vec<_> = plan.default_inputs.as_ref().unwrap().parameters.keys().collect();
    assert_eq!(free, ["x", "z"]);
}

/// The platform asks only the outermost workflow for what nodes do not say.
#[test]
fn nodes_of_a_workflow_within_another_say_themselves_whether_they_may_be_interrupted() {
    let (compiled, _) = outer_parts();
    let says = |template: &WorkflowTemplate| {
        template.nodes.iter().map(|node| node.metadata.as_ref().unwrap().interruptible_value).collect::<Vec<_>>()
    };
    let yes = Some(node_metadata::InterruptibleValue::Interruptible(true));
    let own = workflow(&compiled, "flyte.whole.inner").template.as_ref().unwrap();
    assert_eq!(says(own), [None, None]);
    assert!(own.metadata_defaults.as_ref().unwrap().interruptible);
    let within = &workflow(&compiled, "flyte.whole.outer").sub_workflows;
    assert_eq!(within.len(), 1, "a workflow that a launch plan runs is not within");
    assert_eq!(says(&within[0]), [yes, yes]);
}

#[test]
fn documentation_is_markdown_with_its_first_paragraph_in_short() {
    let compiled = compiled(inner::graph());
    let text = workflow(&compiled, "flyte.whole.inner").description.as_ref().unwrap();
    assert_eq!(text.short_description, "Doubles twice.");
    assert!(workflow(&compiled, "flyte.whole.inner").sub_workflows.is_empty());
    assert!(task(&compiled, "flyte.whole.double").description.is_none());
}

fn ask(ask: &nebulakit::Ask) -> nebulakit::Requests {
    nebulakit::Requests::new().memory(ask.input_bytes())
}

#[task(strategy = process, tokens(licences = 1), requests_with = ask)]
fn licensed(when: SystemTime, #[default(Duration::from_secs(1))] every: Duration) {
    let _ = (when, every);
}

#[task]
fn fan_out(n: i64) -> Promise<i64> {
    double::node(n)
}

#[test]
fn a_task_alone_is_registered_and_what_flyte_does_not_have_is_told() {
    let program = Program::default().with_task(licensed::def()).with_task(fan_out::def());
    let compiled = compile(&program, &options()).unwrap();
    assert_eq!(names(&compiled), ["flyte.whole.fan_out", "flyte.whole.licensed"]);
    let expected = ["tokens", "requests_with", "strategy"].map(|option| format!("`flyte.whole.licensed`: Flyte has no `{option}`"));
    assert_eq!(compiled.ignored, expected);
    let Some(task_template::Target::Container(container)) = &task(&compiled, "flyte.whole.fan_out").template.as_ref().unwrap().target
    else {
        panic!("no container")
    };
    assert_eq!(container.args[container.args.len() - 2..], ["--task-template", "{{.taskTemplatePath}}"]);
    assert_eq!(container.command, ["/app"]);
}
