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
use super::tree::OF_THE_PLATFORM;
use crate::run::{Arm, GateTakes, NodePath};

/// How deep workflows can be in each other; none is deeper.
const DEEPEST: usize = 64;

/// What is known of a node before it runs.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Planned {
    /// What it runs, or what kind of node it is.
    pub(crate) of: String,
    pub(crate) what: What,
    /// The nodes that it needs.
    pub(crate) needs: Vec<NodePath>,
    /// The arm that it is in: the condition and the arm.
    pub(crate) arm: Option<(NodePath, Arm)>,
    /// Whether it runs when the workflow of the execution has failed.
    pub(crate) is_handler: bool,
}

/// What kind of node it is.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum What {
    /// It runs a task that is tried, perhaps more than once; a dynamic one has nodes of its own.
    Task,
    Workflow,
    /// What is in it is another execution.
    LaunchPlan,
    /// It goes through the lists that are these inputs.
    Map {
        over: Vec<String>,
    },
    Condition,
    Gate {
        signal: String,
        takes: GateTakes,
    },
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

    /// What the nodes are by their paths below `parent`, those of sub-workflows included. What dynamic tasks and launch plans will run is not known.
    ///
    /// # Errors
    /// Those of [`Execution::details`].
    pub(crate) async fn plan(&self, parent: Option<&NodePath>) -> Result<BTreeMap<NodePath, Planned>, ClientError> {
        Ok(self.workflow().await?.map(|workflow| nodes(&workflow, parent)).unwrap_or_default())
    }

    /// What the nodes are that a dynamic task has made, by their paths below `parent`.
    pub(crate) async fn made(&self, node: &ExecutionNode, parent: &NodePath) -> Result<BTreeMap<NodePath, Planned>, ClientError> {
        let made = self.node_data(&node.id).await?.dynamic_workflow.and_then(|made| made.compiled_workflow);
        Ok(made.map(|made| nodes(&made, Some(parent))).unwrap_or_default())
    }
}

/// What the nodes of a compiled workflow are, by their paths below `parent`.
fn nodes(workflow: &CompiledWorkflowClosure, parent: Option<&NodePath>) -> BTreeMap<NodePath, Planned> {
    let mut found = Found { workflow, nodes: BTreeMap::new() };
    if let Some(template) = workflow.primary.as_ref().and_then(|primary| primary.template.as_ref()) {
        found.template(template, parent, 0);
        let handler = template.failure_node.as_ref().filter(|_| parent.is_none());
        if let Some(handler) = handler.and_then(|handler| found.nodes.get_mut(&NodePath::below(None, &handler.id))) {
            handler.is_handler = true;
        }
    }
    found.nodes
}

struct Found<'a> {
    workflow: &'a CompiledWorkflowClosure,
    nodes: BTreeMap<NodePath, Planned>,
}

impl Found<'_> {
    fn template(&mut self, template: &WorkflowTemplate, parent: Option<&NodePath>, depth: usize) {
        if depth < DEEPEST {
            template.nodes.iter().chain(&template.failure_node).for_each(|node| self.node(node, parent, None, depth));
        }
    }

    fn node(&mut self, node: &Node, parent: Option<&NodePath>, arm: Option<&(NodePath, Arm)>, depth: usize) {
        if depth == DEEPEST {
            return;
        }
        let path = NodePath::below(parent, &node.id);
        let (of, what) = match &node.target {
            Some(Target::TaskNode(task)) => match &task.reference {
                Some(TaskReference::ReferenceId(id)) => (id.name.clone(), What::Task),
                None => return,
            },
            Some(Target::WorkflowNode(workflow)) => match &workflow.reference {
                Some(Reference::LaunchplanRef(id)) => (id.name.clone(), What::LaunchPlan),
                Some(Reference::SubWorkflowRef(id)) => {
                    if let Some(template) = self.sub_workflow(id).and_then(|workflow| workflow.template.clone()) {
                        self.template(&template, Some(&path), depth + 1);
                    }
                    (id.name.clone(), What::Workflow)
                }
                None => return,
            },
            Some(Target::BranchNode(branch)) => {
                for (node, which) in branch.if_else.iter().flat_map(|block| arms(block)) {
                    self.node(node, parent, Some(&(path.clone(), which)), depth + 1);
                }
                ("when".to_owned(), What::Condition)
            }
            Some(Target::ArrayNode(map)) => {
                let over = node.inputs.iter().map(|bound| bound.var.clone()).filter(|var| !map.bound_inputs.contains(var));
                let what = What::Map { over: over.collect() };
                match map.node.as_ref().and_then(|node| node.target.as_ref()) {
                    Some(Target::TaskNode(task)) => match &task.reference {
                        Some(TaskReference::ReferenceId(id)) => (mapped(&id.name).to_owned(), what),
                        None => return,
                    },
                    _ => ("map".to_owned(), what),
                }
            }
            Some(Target::GateNode(gate)) => match &gate.condition {
                Some(Condition::Approve(approve)) => {
                    ("approve".to_owned(), What::Gate { signal: approve.signal_id.clone(), takes: GateTakes::Approval })
                }
                Some(Condition::Signal(signal)) => {
                    match signal.r#type.as_ref().and_then(|wire| LiteralType::decode(&wire.encode_to_vec()).ok()) {
                        Some(takes) => {
                            let takes = GateTakes::Value(Box::new(takes));
                            ("wait".to_owned(), What::Gate { signal: signal.signal_id.clone(), takes })
                        }
                        None => return,
                    }
                }
                Some(Condition::Sleep(_)) => ("sleep".to_owned(), What::Sleep),
                None => return,
            },
            None => return,
        };
        let needs = node.upstream_node_ids.iter().filter(|id| !OF_THE_PLATFORM.contains(&id.as_str()));
        let needs = needs.map(|id| NodePath::below(parent, id)).collect();
        self.nodes.insert(path, Planned { of, what, needs, arm: arm.cloned(), is_handler: false });
    }

    fn sub_workflow(&self, id: &Identifier) -> Option<&CompiledWorkflow> {
        let is_it = |workflow: &&CompiledWorkflow| workflow.template.as_ref().and_then(|template| template.id.as_ref()) == Some(id);
        self.workflow.sub_workflows.iter().find(is_it)
    }
}

/// The nodes of a condition's arms, each with its arm.
fn arms(block: &IfElseBlock) -> impl Iterator<Item = (&Node, Arm)> {
    let cases = block.case.iter().map(|case| &**case).chain(&block.other);
    let taken = cases.zip(0..).filter_map(|(case, index)| Some((case.then_node.as_deref()?, Arm::Taken(index))));
    let otherwise = match &block.default {
        Some(Otherwise::ElseNode(node)) => Some((&**node, Arm::Otherwise)),
        _ => None,
    };
    taken.chain(otherwise)
}

/// The task that a map goes over by its name: one that was generated for the map has that behind the task's own.
fn mapped(name: &str) -> &str {
    match name.rsplit_once('.') {
        Some((task, last)) if last.starts_with("map-") || last.starts_with("try-map-") => task,
        _ => name,
    }
}
