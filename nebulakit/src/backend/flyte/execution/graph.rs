//! The workflow that an execution runs, as the control plane compiled it: what its nodes are, and what its gates take.

use std::collections::BTreeMap;

use nebulakit_types::LiteralType;
use nebulakit_types::wire::flyteidl::admin::ObjectGetRequest;
use nebulakit_types::wire::flyteidl::core::gate_node::Condition;
use nebulakit_types::wire::flyteidl::core::if_else_block::Default as Otherwise;
use nebulakit_types::wire::flyteidl::core::node::Target;
use nebulakit_types::wire::flyteidl::core::task_node::Reference as TaskReference;
use nebulakit_types::wire::flyteidl::core::workflow_node::Reference;
use nebulakit_types::wire::flyteidl::core::{CompiledWorkflow, CompiledWorkflowClosure, Identifier, IfElseBlock, Node, WorkflowTemplate};
use prost::Message as _;

use super::super::admin::GET_WORKFLOW;
use super::super::error::ClientError;
use super::Execution;
use super::nodes::ExecutionNode;
use crate::run::{GateTakes, NodePath};

/// How deep workflows can be in each other; none is deeper.
const DEEPEST: usize = 64;

/// What a node is.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum What {
    /// It runs the task, the workflow or the launch plan with this name.
    Runs(String),
    /// It maps over the task with this name.
    Maps(String),
    /// It is a condition.
    Condition,
    /// It waits for a signal.
    Gate { signal: String, takes: GateTakes },
    /// It waits for some time.
    Sleep,
}

impl Execution {
    /// The workflow that the execution runs; nothing where the control plane does not say which one.
    pub(super) async fn workflow(&self) -> Result<Option<CompiledWorkflowClosure>, ClientError> {
        // An id without a version would mean some workflow.
        let Some(id) = self.details().await?.workflow.filter(|id| !id.name.is_empty() && !id.version.is_empty()) else { return Ok(None) };
        let workflow = self.client.call(&GET_WORKFLOW, &ObjectGetRequest { id: Some(id) }).await?;
        Ok(workflow.closure.and_then(|closure| closure.compiled_workflow))
    }

    /// What the nodes are by their paths, those of sub-workflows included. What dynamic tasks will make is not known.
    ///
    /// # Errors
    /// Those of [`Execution::details`].
    pub(crate) async fn plan(&self) -> Result<BTreeMap<NodePath, What>, ClientError> {
        Ok(self.workflow().await?.map(|workflow| nodes(&workflow, None)).unwrap_or_default())
    }

    /// What the nodes are that a dynamic task has made, by their paths.
    pub(crate) async fn made(&self, node: &ExecutionNode) -> Result<BTreeMap<NodePath, What>, ClientError> {
        let made = self.node_data(&node.id).await?.dynamic_workflow.and_then(|made| made.compiled_workflow);
        Ok(made.map(|made| nodes(&made, Some(&node.path))).unwrap_or_default())
    }
}

/// What the nodes of a compiled workflow are, by their paths below `parent`.
fn nodes(workflow: &CompiledWorkflowClosure, parent: Option<&NodePath>) -> BTreeMap<NodePath, What> {
    let mut found = Found { workflow, nodes: BTreeMap::new() };
    if let Some(template) = workflow.primary.as_ref().and_then(|primary| primary.template.as_ref()) {
        found.template(template, parent, 0);
    }
    found.nodes
}

struct Found<'a> {
    workflow: &'a CompiledWorkflowClosure,
    nodes: BTreeMap<NodePath, What>,
}

impl Found<'_> {
    fn template(&mut self, template: &WorkflowTemplate, parent: Option<&NodePath>, depth: usize) {
        if depth < DEEPEST {
            template.nodes.iter().chain(&template.failure_node).for_each(|node| self.node(node, parent, depth));
        }
    }

    fn node(&mut self, node: &Node, parent: Option<&NodePath>, depth: usize) {
        let path = NodePath::below(parent, &node.id);
        let what = match &node.target {
            Some(Target::TaskNode(task)) => match &task.reference {
                Some(TaskReference::ReferenceId(id)) => What::Runs(id.name.clone()),
                None => return,
            },
            Some(Target::WorkflowNode(workflow)) => match &workflow.reference {
                Some(Reference::LaunchplanRef(id)) => What::Runs(id.name.clone()),
                Some(Reference::SubWorkflowRef(id)) => {
                    if let Some(template) = self.sub_workflow(id).and_then(|workflow| workflow.template.clone()) {
                        self.template(&template, Some(&path), depth + 1);
                    }
                    What::Runs(id.name.clone())
                }
                None => return,
            },
            Some(Target::BranchNode(branch)) => {
                if let Some(block) = &branch.if_else {
                    arms(block).for_each(|arm| self.node(arm, parent, depth + 1));
                }
                What::Condition
            }
            Some(Target::ArrayNode(map)) => match map.node.as_ref().and_then(|node| node.target.as_ref()) {
                Some(Target::TaskNode(task)) => match &task.reference {
                    Some(TaskReference::ReferenceId(id)) => What::Maps(id.name.clone()),
                    None => return,
                },
                _ => What::Maps(String::new()),
            },
            Some(Target::GateNode(gate)) => match &gate.condition {
                Some(Condition::Approve(approve)) => What::Gate { signal: approve.signal_id.clone(), takes: GateTakes::Approval },
                Some(Condition::Signal(signal)) => {
                    match signal.r#type.as_ref().and_then(|wire| LiteralType::decode(&wire.encode_to_vec()).ok()) {
                        Some(takes) => What::Gate { signal: signal.signal_id.clone(), takes: GateTakes::Value(Box::new(takes)) },
                        None => return,
                    }
                }
                Some(Condition::Sleep(_)) => What::Sleep,
                None => return,
            },
            None => return,
        };
        self.nodes.insert(path, what);
    }

    fn sub_workflow(&self, id: &Identifier) -> Option<&CompiledWorkflow> {
        let is_it = |workflow: &&CompiledWorkflow| workflow.template.as_ref().and_then(|template| template.id.as_ref()) == Some(id);
        self.workflow.sub_workflows.iter().find(is_it)
    }
}

/// The nodes of a condition's arms.
fn arms(block: &IfElseBlock) -> impl Iterator<Item = &Node> {
    let cases = block.case.iter().map(|case| &**case).chain(&block.other);
    let otherwise = match &block.default {
        Some(Otherwise::ElseNode(node)) => Some(&**node),
        _ => None,
    };
    cases.filter_map(|case| case.then_node.as_deref()).chain(otherwise)
}
