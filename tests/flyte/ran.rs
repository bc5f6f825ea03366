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

/// Registration fails: the platform takes the whole value's type for that of its part.
#[test]
fn a_part_of_a_value_cannot_be_approved() {
    let mut graph = all::graph().unwrap();
    graph.body.nodes.insert(0, Node::new("lists", Kind::Map(map_of(&graph))).with("x", Binding::List(Vec::new())));
    let approve = node(&mut graph, |kind| matches!(kind, Kind::Approve(_)));
    approve.inputs[0].binding = Binding::Output { node: "lists".into(), output: "o0".into(), path: vec![Step::Index(0)] };
    let said = refusal(Ok(graph));
    assert!(said.contains("approves a part of a value, as `o0`, which Flyte refuses"), "{said}");
}

fn map_of(graph: &Graph) -> Box<nebulakit::graph::Map> {
    let found = graph.body.nodes.iter().find_map(|node| match &node.kind {
        Kind::Map(map) => Some(map.clone()),
        _ => None,
    });
    found.unwrap()
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
