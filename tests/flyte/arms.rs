//! Conditions: arms that are more than one node, or none, and parts of values that are compared.

use nebulakit::backend::flyte::compile::{Program, compile};
use nebulakit::prelude::*;
use nebulakit_types::wire::flyteidl::core::{
    BranchNode, IfElseBlock, Node, OutputReference, WorkflowTemplate, binding_data, if_else_block, node, operand, task_node, workflow_node,
};

use crate::{compiled, names, options, task, workflow};

#[derive(NebulaType, Debug, Clone)]
struct Limits {
    most: i64,
    label: String,
}

#[task]
fn limits() -> Limits {
    Limits { most: 3, label: "a".to_owned() }
}

#[task]
fn double(x: i64) -> i64 {
    2 * x
}

#[task]
fn maybe(x: i64) -> Option<i64> {
    Some(x)
}

#[workflow]
fn several(x: Promise<i64>, y: Promise<i64>) -> Promise<i64> {
    let start = double::node(&y);
    when(x.gt(1), double::node(double::node(&x)).after(double::node(&start))).or_when(x.gt(0), start).otherwise(x)
}

#[workflow]
fn parts(x: Promise<i64>) -> Promise<i64> {
    let limits = limits::node();
    when(limits.most.gt(&x) & limits.label.eq("a"), double::node(&x)).or_when(limits.most.eq(1), 1).otherwise(0)
}

#[workflow]
fn widened(x: Promise<i64>) -> Promise<Option<i64>> {
    when(x.gt(1), maybe::node(&x)).otherwise(double::node(&x))
}

#[workflow]
fn nested(x: Promise<i64>) -> Promise<i64> {
    let limits = limits::node();
    let inner = when(limits.most.gt(1), double::node(&x)).otherwise(7);
    when(x.gt(1), inner).otherwise(double::node(&x))
}

fn nodes(template: &WorkflowTemplate) -> Vec<&str> {
    template.nodes.iter().map(|node| &*node.id).collect()
}

fn branch(template: &WorkflowTemplate, id: &str) -> (IfElseBlock, Node) {
    let node = template.nodes.iter().find(|node| node.id == id).unwrap_or_else(|| panic!("{id} is not among {:?}", nodes(template)));
    let Some(node::Target::BranchNode(branch)) = &node.target else { panic!("{node:?}") };
    let BranchNode { if_else: Some(if_else) } = &**branch else { panic!("{branch:?}") };
    ((**if_else).clone(), node.clone())
}

fn otherwise(block: &IfElseBlock) -> &Node {
    match &block.default {
        Some(if_else_block::Default::ElseNode(node)) => node,
        other => panic!("{other:?}"),
    }
}

/// The name of what a node runs.
fn runs(node: &Node) -> &str {
    match &node.target {
        Some(node::Target::TaskNode(task)) => match &task.reference {
            Some(task_node::Reference::ReferenceId(id)) => &id.name,
            None => panic!("{node:?}"),
        },
        Some(node::Target::WorkflowNode(workflow)) => match &workflow.reference {
            Some(workflow_node::Reference::SubWorkflowRef(id) | workflow_node::Reference::LaunchplanRef(id)) => &id.name,
            None => panic!("{node:?}"),
        },
        other => panic!("{other:?}"),
    }
}

/// Input and what it is a promise of, as `x = n0.o0`.
fn promises(node: &Node) -> Vec<String> {
    let shown =
        |reference: &OutputReference| format!("{}.{}{}", reference.node_id, reference.var, ".part".repeat(reference.attr_path.len()));
    let promise = |bound: &nebulakit_types::wire::flyteidl::core::Binding| match &bound.binding.as_ref().unwrap().value {
        Some(binding_data::Value::Promise(reference)) => format!("{} = {}", bound.var, shown(reference)),
        _ => format!("{} = constant", bound.var),
    };
    node.inputs.iter().map(promise).collect()
}

#[test]
fn an_arm_of_several_nodes_is_a_workflow_that_takes_what_it_needs_of_outside() {
    let compiled = compiled(several::graph());
    let spec = workflow(&compiled, "flyte.arms.several");
    let template = spec.template.as_ref().unwrap();
    let (block, of) = branch(template, template.nodes.last().unwrap().id.as_str());
    let id = &of.id;
    let then = block.case.as_ref().unwrap().then_node.as_ref().unwrap();
    assert_eq!(runs(then), format!("flyte.arms.several.{id}-0"));
    let [arm] = spec.sub_workflows.as_slice() else { panic!("{:?}", spec.sub_workflows.len()) };
    assert_eq!(arm.id.as_ref().unwrap().name, runs(then));
    let inputs: Vec<_> = arm.interface.as_ref().unwrap().inputs.as_ref().unwrap().variables.keys().collect();
    assert_eq!(
        promises(then),
        inputs.iter().map(|input| format!("{input} = {}", if *input == "x" { ".x" } else { "n0.o0" })).collect::<Vec<_>>()
    );
    let mut ids = nodes(arm);
    ids.sort_unstable();
    assert_eq!(ids, ["n0", "n1", "n2"], "the platform puts the condition's id before them");
}

#[test]
fn an_arm_without_nodes_gives_on_what_it_takes() {
    let compiled = compiled(several::graph());
    let template = workflow(&compiled, "flyte.arms.several").template.as_ref().unwrap();
    let (block, _) = branch(template, &template.nodes.last().unwrap().id);
    let (second, last) = (block.other[0].then_node.as_ref().unwrap(), otherwise(&block));
    assert_eq!((promises(second), promises(last)), (vec!["o0 = n0.o0".to_owned()], vec!["o0 = .x".to_owned()]));
    assert_eq!(runs(second), runs(last), "one task gives on what is of one type");
    assert!(runs(last).starts_with("flyte.arms.several.pass-"));
    assert_ne!(second.id, last.id);
    let pass = task(&compiled, runs(last)).template.as_ref().unwrap();
    let interface = pass.interface.as_ref().unwrap();
    assert_eq!(interface.inputs, interface.outputs);
}

#[test]
fn a_part_of_a_value_is_compared_by_a_node_of_its_own() {
    let compiled = compiled(parts::graph());
    let template = workflow(&compiled, "flyte.arms.parts").template.as_ref().unwrap();
    assert_eq!(nodes(template), ["n0", "n1-part0", "n1-part1", "n1"]);
    assert_eq!(promises(&template.nodes[1]), ["value = n0.o0.part"]);
    assert_eq!(template.nodes[1].upstream_node_ids, ["n0"]);
    assert_ne!(runs(&template.nodes[1]), runs(&template.nodes[2]), "one is a number, the other a text");
    let (block, of) = branch(template, "n1");
    assert_eq!(promises(&of), [".x = .x", "n1-part0.value = n1-part0.value", "n1-part1.value = n1-part1.value"]);
    let second = block.other[0].condition.as_ref().unwrap();
    let Some(nebulakit_types::wire::flyteidl::core::boolean_expression::Expr::Comparison(comparison)) = &second.expr else {
        panic!("{second:?}")
    };
    assert_eq!(comparison.left_value.as_ref().unwrap().val, Some(operand::Val::Var("n1-part0.value".to_owned())));
}

#[test]
fn nodes_for_parts_count_among_those_that_the_platform_takes() {
    let said = |most| {
        let program = Program::of([parts::graph().unwrap()]);
        compile(&program, &options().max_nodes(most)).err().map(|problems| problems.to_string()).unwrap_or_default()
    };
    assert!(
        said(3).contains("has 2 nodes, and 2 more for parts of values that are compared or approved, and the platform takes 3"),
        "{}",
        said(3)
    );
    assert_eq!(said(4), "");
}

/// The platform takes the outputs of a condition from its arms, whose types have to be the same to the letter.
#[test]
fn an_arm_of_another_type_is_a_workflow_that_gives_the_declared_one() {
    let compiled = compiled(widened::graph());
    let spec = workflow(&compiled, "flyte.arms.widened");
    let (block, _) = branch(spec.template.as_ref().unwrap(), "n0");
    assert_eq!(runs(block.case.as_ref().unwrap().then_node.as_ref().unwrap()), "flyte.arms.maybe");
    assert_eq!(runs(otherwise(&block)), "flyte.arms.widened.n0-else");
    let outputs = |template: &WorkflowTemplate| template.interface.as_ref().unwrap().outputs.clone();
    assert_eq!(outputs(&spec.sub_workflows[0]), outputs(spec.template.as_ref().unwrap()));
}

/// Its part is looked up only where the arm is taken: a key that is not there would fail a run that does not need it.
#[test]
fn a_condition_in_an_arm_that_compares_parts_is_a_workflow() {
    let compiled = compiled(nested::graph());
    let spec = workflow(&compiled, "flyte.arms.nested");
    let template = spec.template.as_ref().unwrap();
    assert!(!nodes(template).iter().any(|id| id.contains("part")), "{:?}", nodes(template));
    let arm = &spec.sub_workflows[0];
    assert_eq!(nodes(arm), ["n0", "n1-part0", "n1"]);
}

#[test]
fn what_is_compiled_twice_is_the_same() {
    let (one, other) = (compiled(several::graph()), compiled(several::graph()));
    assert_eq!(one, other);
    assert_eq!(names(&one).iter().filter(|name| name.contains("pass-")).count(), 1);
}
