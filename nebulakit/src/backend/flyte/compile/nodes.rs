//! Nodes of all kinds but conditions.

use std::collections::{BTreeMap, BTreeSet};

use nebulakit_types::wire::flyteidl::core::{
    ApproveCondition, Binding as WireBinding, BindingData, GateNode, Identifier, Node as WireNode, NodeMetadata, RetryStrategy,
    SignalCondition, SleepCondition, TaskNode, TaskTemplate, WorkflowNode, WorkflowTemplate, binding_data, gate_node, node, task_node,
    workflow_node,
};

use super::frame::Frame;
use super::generated::Generated;
use super::maps::Way;
use super::options::Options;
use super::settings::{self, metadata};
use super::{bindings, elements, ids};
use crate::graph::{GATE_OUTPUT, Gate, Graph, Kind, Map, Mapped, Node, ReferenceKind};
use crate::task::template::duration;

/// What the nodes of a workflow need besides the tasks that people wrote.
#[derive(Default)]
pub(super) struct Needs<'p> {
    /// The tasks that its nodes run.
    pub(super) used: BTreeSet<&'p str>,
    /// The tasks that stand for what the platform does not have, by their names.
    pub(super) tasks: BTreeMap<String, TaskTemplate>,
    /// The ways in which workflows are mapped, by the names of the tasks that do it.
    pub(super) maps: BTreeMap<String, elements::Way<'p>>,
    /// What nobody wrote, and what it is for.
    pub(super) generated: Vec<Generated>,
    /// The workflows that arms of conditions became.
    pub(super) arms: Vec<WorkflowTemplate>,
    /// What it runs of other projects.
    pub(super) references: BTreeSet<&'p str>,
    /// The workflows that run within it.
    pub(super) workflows: BTreeSet<&'p str>,
    /// The launch plans that it launches.
    pub(super) launch_plans: BTreeSet<&'p str>,
}

impl Needs<'_> {
    /// Notes what stands for something of the node `of`.
    pub(super) fn note(&mut self, frame: &Frame<'_, '_>, of: &Node, name: &str, is_workflow: bool, what: String) {
        let workflow = frame.source.graph.name.to_string();
        self.generated.push(Generated { name: name.to_owned(), workflow, node: of.id.to_string(), is_workflow, what });
    }
}

/// A node with what it runs and what feeds it; [`None`] for a condition. The id is that of the frame.
pub(super) fn node<'p>(frame: &mut Frame<'_, 'p>, of: &'p Node, options: &Options, needs: &mut Needs<'p>) -> Option<WireNode> {
    let tables = frame.source.tables;
    let overrides = of.overrides.as_deref();
    let id = frame.id(&of.id);
    let (metadata, inputs, target) = match &of.kind {
        Kind::Task(name) => {
            needs.used.insert(name);
            let target = task(ids::task(options, name), of);
            let task = tables.definition(name).map(|task| task.options());
            (metadata(name, overrides, task), bindings::inputs(frame, &of.inputs, tables.inputs(&of.kind)), target)
        }
        Kind::Reference(name) => {
            let reference = *tables.references.get(&**name)?;
            needs.references.insert(name);
            let (inputs, target) = match reference.kind {
                ReferenceKind::Task => {
                    let inputs = bindings::inputs(frame, &of.inputs, &reference.inputs);
                    (inputs, task(ids::reference(reference), of))
                }
                ReferenceKind::LaunchPlan => {
                    let inputs = bindings::launched(frame, &of.inputs, &reference.inputs);
                    (inputs, workflow(workflow_node::Reference::LaunchplanRef(ids::reference(reference))))
                }
            };
            (metadata(&reference.name, overrides, None), inputs, target)
        }
        Kind::Workflow(name) => {
            needs.workflows.insert(name);
            let target = workflow(workflow_node::Reference::SubWorkflowRef(ids::workflow(options, name)));
            (metadata(name, overrides, None), bindings::inputs(frame, &of.inputs, tables.inputs(&of.kind)), target)
        }
        Kind::LaunchPlan(name) => {
            needs.launch_plans.insert(name);
            let target = workflow(workflow_node::Reference::LaunchplanRef(ids::launch_plan(options, name)));
            (metadata(name, overrides, None), bindings::launched(frame, &of.inputs, tables.inputs(&of.kind)), target)
        }
        Kind::Map(map) => return mapped(frame, of, map, options, needs),
        Kind::Approve(gate) => {
            let condition = gate_node::Condition::Approve(ApproveCondition { signal_id: gate.signal.to_string() });
            (metadata(&gate.signal, overrides, None), bindings::inputs(frame, &of.inputs, &[]), waiting(condition))
        }
        Kind::Wait(gate) => (metadata(&gate.signal, overrides, None), Vec::new(), waiting(signal(gate))),
        Kind::Sleep(time) => {
            let condition = gate_node::Condition::Sleep(SleepCondition { duration: Some(duration(*time)) });
            (metadata(&id, overrides, None), Vec::new(), waiting(condition))
        }
        Kind::Branch(_) => return None,
    };
    Some(WireNode { id, metadata: Some(metadata), inputs, target: Some(target), ..WireNode::default() })
}

/// A map: the inputs are those of the node and of the node of each element alike.
fn mapped<'p>(frame: &mut Frame<'_, 'p>, of: &'p Node, map: &'p Map, options: &Options, needs: &mut Needs<'p>) -> Option<WireNode> {
    let name = match &map.of {
        Mapped::Task(name) => name,
        Mapped::Workflow(name) => return elements(frame, of, map, frame.source.tables.workflows.get(&**name)?, options, needs),
    };
    let definition = frame.source.tables.definition(name)?;
    let way = Way::of(definition, map);
    let name = way.name();
    let inputs = bindings::inputs(frame, &of.inputs, frame.source.tables.inputs(&of.kind));
    let settings = metadata(&name, of.overrides.as_deref(), Some(definition.options()));
    // What is asked for counts for each element: a time limit here would be one of the whole map, and retries here repeat nothing.
    let outer = NodeMetadata { name: settings.name.clone(), retries: Some(RetryStrategy::default()), ..NodeMetadata::default() };
    let element = WireNode {
        id: frame.id(&of.id),
        metadata: Some(settings),
        inputs: inputs.clone(),
        target: Some(task(ids::task(options, &name), of)),
        ..WireNode::default()
    };
    let node =
        WireNode { id: frame.id(&of.id), metadata: Some(outer), inputs, target: Some(way.node(map, element)), ..WireNode::default() };
    needs.note(frame, of, &name, false, Generated::of_map(map));
    needs.tasks.entry(name).or_insert_with(|| way.template(definition, options));
    Some(node)
}

/// A map of a workflow: a task that makes a node of each element.
fn elements<'p>(
    frame: &mut Frame<'_, 'p>,
    of: &'p Node,
    map: &'p Map,
    workflow: &'p Graph,
    options: &Options,
    needs: &mut Needs<'p>,
) -> Option<WireNode> {
    let way = elements::Way::of(workflow, map);
    let name = way.name();
    let node = WireNode {
        id: frame.id(&of.id),
        metadata: Some(metadata(&name, of.overrides.as_deref(), None)),
        inputs: bindings::inputs(frame, &of.inputs, frame.source.tables.inputs(&of.kind)),
        target: Some(task(ids::task(options, &name), of)),
        ..WireNode::default()
    };
    needs.note(frame, of, &name, false, Generated::of_map(map));
    needs.maps.entry(name).or_insert(way);
    Some(node)
}

fn task(id: Identifier, of: &Node) -> node::Target {
    let overrides = settings::task(of.overrides.as_deref());
    node::Target::TaskNode(TaskNode { reference: Some(task_node::Reference::ReferenceId(id)), overrides: Some(overrides) })
}

pub(super) fn workflow(reference: workflow_node::Reference) -> node::Target {
    node::Target::WorkflowNode(WorkflowNode { reference: Some(reference) })
}

fn waiting(condition: gate_node::Condition) -> node::Target {
    node::Target::GateNode(GateNode { condition: Some(condition) })
}

fn signal(gate: &Gate) -> gate_node::Condition {
    gate_node::Condition::Signal(SignalCondition {
        signal_id: gate.signal.to_string(),
        r#type: Some(gate.literal_type.to_wire()),
        output_variable_name: GATE_OUTPUT.to_owned(),
    })
}

/// The nodes that come before one with these bindings: those that it waits for, and those that its bindings need; in order, each once.
pub(super) fn upstream(after: Vec<String>, bindings: &[WireBinding]) -> Vec<String> {
    let mut nodes = after;
    let mut left: Vec<&BindingData> = bindings.iter().filter_map(|bound| bound.binding.as_ref()).collect();
    while let Some(binding) = left.pop() {
        match &binding.value {
            Some(binding_data::Value::Promise(promise)) if !promise.node_id.is_empty() => nodes.push(promise.node_id.clone()),
            Some(binding_data::Value::Collection(list)) => left.extend(&list.bindings),
            Some(binding_data::Value::Map(map)) => left.extend(map.bindings.values()),
            _ => {}
        }
    }
    nodes.sort_unstable();
    nodes.dedup();
    nodes
}
