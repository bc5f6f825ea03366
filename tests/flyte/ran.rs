//! What a running platform did with what it had accepted: nodes that failed at run time, were ignored or never ended.

use std::time::Duration;

use nebulakit::graph::{Binding, Graph, Kind, Node, Problems, Step};
use nebulakit::prelude::*;
use nebulakit::types::Literal;
use nebulakit_types::literal::LiteralValue;
use nebulakit_types::wire::flyteidl::core::{Node as WireNode, WorkflowTemplate, binding_data, node, scalar, workflow_node};

use crate::{compiled, refusal, workflow};

#[task]
fn one() -> i64 {
    1
}

#[task(retries = 2, timeout = "1m")]
fn double(x: i64) -> i64 {
    2 * x
}

#[task]
fn total(xs: Vec<i64>) -> i64 {
    xs.iter().sum()
}

#[workflow(keep_going)]
fn goes_on(x: Promise<i64>) -> Promise<i64> {
    double::node(x)
}

#[launch_plan]
fn plan(x: Promise<i64>) -> Promise<i64> {
    goes_on::node(x)
}

#[launch_plan(reference(project = "ml", domain = "production", name = "ml.retrain", version = "2026"))]
fn retrain(x: Promise<i64>, y: Promise<Option<i64>>, #[default(3)] z: Promise<i64>) -> Promise<i64>;

#[workflow]
fn all(x: Promise<i64>) -> Promise<i64> {
    let inner = goes_on::node(&x);
    let launched = plan::node(&inner);
    let elsewhere = retrain::node(launched, Default, Default);
    gate::approve("release", total::node(double::map([elsewhere, inner])))
}

/// The arms wait for `first`: one by a node of its own, the other by one of several.
#[workflow]
fn late(x: Promise<i64>) -> Promise<i64> {
    let first = one::node();
    when(x.gt(1), double::node(&x).after(&first)).otherwise(double::node(double::node(&x).after(&first)))
}

#[workflow]
fn first(xs: Promise<Vec<i64>>) -> Promise<i64> {
    gate::approve("release", xs.at(0))
}

#[workflow]
fn first_if(xs: Promise<Vec<i64>>, x: Promise<i64>) -> Promise<i64> {
    when(x.gt(1), gate::approve("release", xs.at(0))).otherwise(double::node(x))
}

fn template(graph: Result<Graph, Problems>, name: &str) -> WorkflowTemplate {
    workflow(&compiled(graph), name).template.clone().unwrap()
}

fn runs(template: &WorkflowTemplate, is: impl Fn(&node::Target) -> bool) -> &WireNode {
    template.nodes.iter().find(|node| node.target.as_ref().is_some_and(&is)).unwrap()
}

fn node(graph: &mut Graph, is: impl Fn(&Kind) -> bool) -> &mut Node {
    graph.body.nodes.iter_mut().find(|node| is(&node.kind)).unwrap()
}

/// A time limit of the outer node would cut the whole map, and retries there repeat nothing.
#[test]
fn elements_of_a_map_have_its_time_limit_and_its_retries() {
    let template = template(all::graph(), "flyte.ran.all");
    let map = runs(&template, |target| matches!(target, node::Target::ArrayNode(_)));
    let Some(node::Target::ArrayNode(array)) = &map.target else { panic!("{map:?}") };
    let (outer, inner) = (map.metadata.as_ref().unwrap(), array.node.as_ref().unwrap().metadata.as_ref().unwrap());
    assert_eq!((outer.timeout, outer.retries.as_ref().unwrap().retries), (None, 0));
    assert_eq!((inner.timeout.as_ref().unwrap().seconds, inner.retries.as_ref().unwrap().retries), (60, 2));
}

/// The platform would not start an execution that lacks an input for which its launch plan has nothing.
#[test]
fn an_optional_input_that_a_launch_plan_has_nothing_for_is_none() {
    let template = template(all::graph(), "flyte.ran.all");
    let launches = |target: &node::Target| match target {
        node::Target::WorkflowNode(of) => {
            matches!(&of.reference, Some(workflow_node::Reference::LaunchplanRef(id)) if id.name == "ml.retrain")
        }
        _ => false,
    };
    let inputs = &runs(&template, launches).inputs;
    assert_eq!(inputs.iter().map(|bound| &*bound.var).collect::<Vec<_>>(), ["x", "y"], "`z` has the plan's default");
    let Some(binding_data::Value::Scalar(none)) = &inputs[1].binding.as_ref().unwrap().value else { panic!("{inputs:?}") };
    assert!(matches!(none.value, Some(scalar::Value::NoneType(_))), "{none:?}");
}

/// The platform ignores what nodes in arms wait for outside.
#[test]
fn a_condition_waits_for_what_nodes_in_its_arms_come_after() {
    let compiled = compiled(late::graph());
    let spec = workflow(&compiled, "flyte.ran.late");
    let template = spec.template.as_ref().unwrap();
    let condition = runs(template, |target| matches!(target, node::Target::BranchNode(_)));
    assert_eq!(condition.upstream_node_ids, ["n0"]);
    let Some(node::Target::BranchNode(branch)) = &condition.target else { panic!("{condition:?}") };
    let then = branch.if_else.as_ref().unwrap().case.as_ref().unwrap().then_node.as_ref().unwrap();
    assert_eq!(then.upstream_node_ids, Vec::<String>::new());
}

/// Only the policy of the outermost workflow counts.
#[test]
fn a_workflow_within_another_of_another_policy_is_told() {
    assert_eq!(
        compiled(all::graph()).ignored,
        [
            "`n0` of `flyte.ran.all`: there `flyte.ran.goes_on` does not keep going at a failure, since Flyte asks the outermost workflow alone"
        ]
    );
    let mut graph = all::graph().unwrap();
    graph.keep_going = true;
    graph.workflows.get_mut("flyte.ran.goes_on").unwrap().keep_going = false;
    let told = compiled(Ok(graph)).ignored;
    assert!(told[0].contains("there `flyte.ran.goes_on` goes on at a failure as well"), "{told:?}");
}

/// The platform ends the node, and pods and executions within run on.
#[test]
fn time_limits_and_retries_of_what_runs_nodes_of_its_own_are_refused() {
    type Is = fn(&Kind) -> bool;
    let kinds: [(Is, &str); 3] = [
        (|kind| matches!(kind, Kind::Workflow(_)), "the workflow `flyte.ran.goes_on`"),
        (|kind| matches!(kind, Kind::LaunchPlan(_)), "the launch plan `flyte.ran.plan`"),
        (|kind| matches!(kind, Kind::Reference(_)), "the launch plan `flyte.ran.retrain`"),
    ];
    for (is, what) in kinds {
        let mut graph = all::graph().unwrap();
        let overrides = node(&mut graph, is).overrides.get_or_insert_default();
        overrides.timeout = Some(Duration::from_secs(3));
        overrides.retries = Some(1);
        let said = refusal(Ok(graph));
        for part in [format!("limits the time of {what}, which would run on"), format!("repeats {what}, which Flyte runs once")] {
            assert!(said.contains(&part) && said.contains("ran.rs:"), "{part} is not in {said}");
        }
    }
}

/// The platform would take the whole value's type for that of its part.
#[test]
fn a_part_of_a_value_is_approved_behind_a_node_that_gives_it() {
    let template = template(first::graph(), "flyte.ran.first");
    let [part, gate] = template.nodes.as_slice() else { panic!("{template:?}") };
    assert_eq!((&*part.id, &*gate.id), ("n0-part0", "n0"));
    assert_eq!(gate.upstream_node_ids, ["n0-part0"]);
    let promise = |node: &WireNode| match &node.inputs[0].binding.as_ref().unwrap().value {
        Some(binding_data::Value::Promise(promise)) => (promise.node_id.clone(), promise.var.clone(), promise.attr_path.len()),
        other => panic!("{other:?}"),
    };
    assert_eq!(promise(part), (String::new(), "xs".to_owned(), 1));
    assert_eq!(promise(gate), ("n0-part0".to_owned(), "value".to_owned(), 0));
    // In an arm it may not stand before the condition: it would wait even where the arm is not taken.
    let compiled = compiled(first_if::graph());
    let [arm] = workflow(&compiled, "flyte.ran.first_if").sub_workflows.as_slice() else { panic!("one arm is of two nodes") };
    assert_eq!(arm.nodes.iter().map(|node| &*node.id).collect::<Vec<_>>(), ["n0-part0", "n0"]);
}

/// What handles a failure is one node.
#[test]
fn a_part_of_a_value_is_not_approved_where_a_workflow_failed() {
    let mut graph = all::graph().unwrap();
    let mut approve = node(&mut graph, |kind| matches!(kind, Kind::Approve(_))).clone();
    approve.id = "fn0".into();
    approve.inputs[0].binding = Binding::Input { name: "x".into(), path: vec![Step::Index(0)] };
    graph.on_failure = Some(Box::new(approve));
    let said = refusal(Ok(graph));
    assert!(said.contains("`fn0` approves a part of a value, as `o0`, which Flyte refuses of what handles a failure"), "{said}");
}

/// The platform gives an execution of its own nothing of these.
#[test]
fn what_a_launch_plan_that_is_registered_elsewhere_cannot_take_is_refused() {
    let mut graph = all::graph().unwrap();
    let overrides = node(&mut graph, |kind| matches!(kind, Kind::Reference(_))).overrides.get_or_insert_default();
    overrides.image = Some("other:1".to_owned());
    overrides.resources = Some(Resources::new().cpu("1"));
    let said = refusal(Ok(graph));
    for option in ["image", "resources"] {
        assert!(said.contains(&format!("gives `{option}` to the launch plan `flyte.ran.retrain`, which Flyte drops")), "{said}");
    }
}

/// A job with such a binding fails, and one of nothing kills the whole execution.
#[test]
fn a_constant_in_a_file_of_its_own_is_refused() {
    let mut graph = all::graph().unwrap();
    let offloaded = LiteralValue::Offloaded { uri: "s3://b/k".to_owned(), size_bytes: 9, inferred_type: None };
    let map = node(&mut graph, |kind| matches!(kind, Kind::Map(_)));
    map.inputs[0].binding = Binding::List(vec![Binding::literal(Literal::new(offloaded))]);
    let said = refusal(Ok(graph));
    assert!(said.contains("is a value in a file of its own, which Flyte cannot bind"), "{said}");
}

/// An execution with two nodes of one id fails before it begins.
#[test]
fn ids_of_two_arms_that_are_one_to_the_platform_are_refused() {
    let mut graph = late::graph().unwrap();
    let condition = node(&mut graph, |kind| matches!(kind, Kind::Branch(_)));
    let id = condition.id.clone();
    let Kind::Branch(branch) = &mut condition.kind else { panic!("no condition") };
    let pauses = [format!("{id}-x"), "x".to_owned()].map(|id| Node::new(id, Kind::Sleep(Duration::from_secs(1))));
    branch.arms[0].body.nodes.extend(pauses);
    let said = refusal(Ok(graph));
    assert!(said.contains(&format!("`{id}-x` and `x` are one id to Flyte, which puts `{id}-` before ids in its arms")), "{said}");
}
