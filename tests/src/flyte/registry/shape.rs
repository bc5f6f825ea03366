//! What the platform's compiler says of how a workflow is put together. Which value has which type is not doubled.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use nebulakit_types::wire::flyteidl::admin::WorkflowSpec;
use nebulakit_types::wire::flyteidl::core::workflow_node::Reference;
use nebulakit_types::wire::flyteidl::core::{
    BooleanExpression, BranchNode, Identifier, Node, Operand, WorkflowTemplate, boolean_expression, gate_node, node, operand,
};

use super::nodes::nodes;
use super::shown;
use crate::flyte::engine::bindings::sources;

const START: &str = "start-node";

/// Errors as the platform collects them: in an order, and each once. Each has its code, its node and its text.
#[derive(Default)]
struct Errors(BTreeSet<[String; 3]>);

impl Errors {
    fn add(&mut self, code: &str, node: &str, text: impl Into<String>) {
        self.0.insert([code.to_owned(), node.to_owned(), text.into()]);
    }

    fn required(&mut self, node: &str, value: &str) {
        self.add("ValueRequired", node, format!("Value required [{value}]."));
    }
}

/// What is wrong with a workflow; nothing if it is well put together.
pub(super) fn wrong(id: &Identifier, spec: &WorkflowSpec, is_task: impl Fn(&Identifier) -> bool) -> Result<(), String> {
    let mut errors = Errors::default();
    let template = spec.template.clone().unwrap_or_default();
    if template.nodes.is_empty() {
        let id = shown(id);
        errors.add("NoNodesFound", &id, format!("Can't find any nodes in workflow [{id}]."));
    }
    for template in spec.template.iter().chain(&spec.sub_workflows) {
        whole(template, spec, &is_task, &mut errors);
    }
    if errors.0.is_empty() {
        return Ok(());
    }
    let mut text = format!("Collected Errors: {}\n", errors.0.len());
    for (number, [code, node, description]) in errors.0.iter().enumerate() {
        let _ = writeln!(text, "\tError {number}: Code: {code}, Node Id: {node}, Description: {description}");
    }
    Err(text)
}

fn whole(template: &WorkflowTemplate, spec: &WorkflowSpec, is_task: &impl Fn(&Identifier) -> bool, errors: &mut Errors) {
    // Those in arms and maps may have none.
    if template.nodes.iter().chain(&template.failure_node).any(|node| node.id.is_empty()) {
        return errors.required("<node>", "Id");
    }
    for node in nodes(template) {
        if let Some(task) = super::nodes::task(node).filter(|task| !is_task(task)) {
            errors.add("TaskReferenceNotFound", START, format!("Referenced Task [{}] not found.", shown(task)));
        }
        self::node(node, spec, errors);
    }
    if errors.0.is_empty() {
        unreachable(template, errors);
    }
}

fn node(node: &Node, spec: &WorkflowSpec, errors: &mut Errors) {
    let id = node.id.as_str();
    let mut aliases = BTreeSet::new();
    for alias in node.output_aliases.iter().filter(|alias| !aliases.insert(&alias.alias)) {
        let text = format!("Duplicate alias [{}] found. An output alias can only be used once in the Workflow.", alias.alias);
        errors.add("DuplicateAlias", id, text);
    }
    match &node.target {
        None => errors.required(id, "Target"),
        Some(node::Target::TaskNode(task)) if task.reference.is_none() => errors.required(id, "TaskNode.ReferenceId"),
        Some(node::Target::WorkflowNode(workflow)) => {
            let missing = match &workflow.reference {
                Some(Reference::LaunchplanRef(_)) => return,
                Some(Reference::SubWorkflowRef(wanted)) => {
                    let is_there = spec.sub_workflows.iter().any(|inner| inner.id.as_ref() == Some(wanted));
                    (!is_there).then(|| shown(wanted))
                }
                None => Some("<nil>/<nil>".to_owned()),
            };
            if let Some(missing) = missing {
                errors.add("WorkflowReferenceNotFound", id, format!("Referenced Workflow [{missing}] not found."));
            }
        }
        Some(node::Target::GateNode(gate)) => match &gate.condition {
            None => errors.add("NoConditionFound", id, format!("Can't find any condition in gate node [{id}].")),
            Some(gate_node::Condition::Signal(signal)) if signal.output_variable_name.is_empty() => {
                errors.required(id, "GateNode.Signal.OutputVariableName");
            }
            Some(_) => {}
        },
        Some(node::Target::ArrayNode(array)) if array.node.is_none() => errors.required("", "Target"),
        Some(node::Target::BranchNode(branch)) => self::branch(id, branch, errors),
        Some(_) => {}
    }
}

fn branch(id: &str, branch: &BranchNode, errors: &mut Errors) {
    let Some(block) = &branch.if_else else { return errors.required(id, "Branch.IfElse") };
    for arm in block.case.as_deref().into_iter().chain(&block.other) {
        condition(id, arm.condition.as_ref(), errors);
    }
}

fn condition(id: &str, expression: Option<&BooleanExpression>, errors: &mut Errors) {
    let Some(expression) = expression else {
        return errors.add("BranchNodeHasNoCondition", id, "One of the branches on the node doesn't have a condition.");
    };
    match &expression.expr {
        None => errors.required(id, "Expr"),
        Some(boolean_expression::Expr::Conjunction(both)) => {
            condition(id, both.left_expression.as_deref(), errors);
            condition(id, both.right_expression.as_deref(), errors);
        }
        Some(boolean_expression::Expr::Comparison(comparison)) => {
            // The platform understands names and primitive constants only.
            let is_known = |operand: &Operand| matches!(operand.val, Some(operand::Val::Primitive(_) | operand::Val::Var(_)));
            for (side, operand) in [("LeftValue", &comparison.left_value), ("RightValue", &comparison.right_value)] {
                if operand.as_ref().is_some_and(|operand| !is_known(operand)) {
                    errors.required(id, &format!("{side}.Val"));
                }
            }
        }
    }
}

/// The nodes that no way leads to from the start, since they wait for themselves.
fn unreachable(template: &WorkflowTemplate, errors: &mut Errors) {
    let ids: BTreeSet<&str> = template.nodes.iter().map(|node| node.id.as_str()).collect();
    let needs = |node: &Node| -> BTreeSet<String> {
        let above = sources(&node.inputs).into_iter().chain(node.upstream_node_ids.iter().cloned());
        above.filter(|above| ids.contains(above.as_str())).collect()
    };
    let needs: BTreeMap<&str, BTreeSet<String>> = template.nodes.iter().map(|node| (node.id.as_str(), needs(node))).collect();
    let mut reached: BTreeSet<&str> = BTreeSet::new();
    loop {
        let next: Vec<&str> = needs
            .iter()
            .filter(|(id, above)| {
                !reached.contains(*id) && (above.is_empty() || above.iter().any(|above| reached.contains(above.as_str())))
            })
            .map(|(id, _)| *id)
            .collect();
        if next.is_empty() {
            break;
        }
        reached.extend(next);
    }
    let left: Vec<&str> = ids.difference(&reached).copied().collect();
    if !left.is_empty() {
        errors.add("UnreachableNodes", START, format!("The Workflow contain unreachable nodes [{}].", left.join(",")));
    }
}
