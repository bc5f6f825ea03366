//! The nodes of a workflow, and of the arms of its conditions.
//!
//! A condition of the platform is a node with one node for each arm. An arm that is one node, which gives what the condition gives, is that node.
//! Any other arm becomes a workflow of its own, and one that runs nothing is a node that gives on what it takes.

use std::collections::BTreeMap;

use nebulakit_types::Interface;
use nebulakit_types::wire::flyteidl::core::{
    Binding as WireBinding, BranchNode, Error, IfBlock, IfElseBlock, Node as WireNode, OutputReference, TaskNode, TaskNodeOverrides,
    TypedInterface, WorkflowMetadata, WorkflowMetadataDefaults, WorkflowTemplate, if_else_block, node, task_node, workflow_node,
};

use super::conditions::{Operands, PART, approved_part, parts};
use super::frame::{Frame, Source, behind, gives_on};
use super::nodes::{Needs, node, upstream, workflow};
use super::options::Options;
use super::pass::Pass;
use super::settings::metadata;
use super::{bindings, ids};
use crate::graph::{Branch, Kind, Node, Otherwise, Scope};
use crate::task::definition::described;

/// Makes the nodes of one workflow.
pub(super) struct Maker<'m, 'p> {
    pub(super) source: &'m Source<'p>,
    pub(super) options: &'m Options,
    pub(super) needs: Needs<'p>,
}

impl<'m, 'p> Maker<'m, 'p> {
    /// The nodes of a scope, and what feeds its outputs.
    pub(super) fn scope(&mut self, frame: &mut Frame<'m, 'p>, scope: &'p Scope) -> (Vec<WireNode>, Vec<WireBinding>) {
        let mut nodes = Vec::with_capacity(scope.nodes.len());
        for of in &scope.nodes {
            let node = self.ordered(frame, of, &mut nodes);
            nodes.push(node);
        }
        (nodes, bindings::outputs(frame, &scope.outputs))
    }

    /// A node with the ids of those that come before it. What it needs besides goes to `before`.
    pub(super) fn ordered(&mut self, frame: &mut Frame<'m, 'p>, of: &'p Node, before: &mut Vec<WireNode>) -> WireNode {
        let mut after = Vec::new();
        let node = self.node(frame, of, before, &mut after);
        WireNode { upstream_node_ids: upstream(after, &node.inputs), ..node }
    }

    /// A node; what it waits for goes to `after`.
    fn node(&mut self, frame: &mut Frame<'m, 'p>, of: &'p Node, before: &mut Vec<WireNode>, after: &mut Vec<String>) -> WireNode {
        after.extend(of.after.iter().filter_map(|id| frame.waits_for(id)));
        match &of.kind {
            Kind::Branch(branch) => self.branch(frame, of, branch, before, after),
            Kind::Approve(_) => self.approval(frame, of, before),
            _ => node(frame, of, self.options, &mut self.needs).expect("all that nodes without problems run is known"),
        }
    }

    /// An approval, of a whole value: a part of one comes out of a node of its own, since the platform takes the type of the whole for that of the part.
    fn approval(&mut self, frame: &mut Frame<'m, 'p>, of: &'p Node, before: &mut Vec<WireNode>) -> WireNode {
        let gate = node(frame, of, self.options, &mut self.needs).expect("a gate needs nothing that may be unknown");
        let Some(part) = approved_part(of) else { return gate };
        let pass = Pass::of(&self.source.graph.name, [(PART, self.source.part_type(&part.binding))]);
        let id = frame.id(&self.source.free_id(&format!("{}-part0", of.id)));
        self.needs.note(frame, of, &pass.name, false, "gives the part of a value that is approved".to_owned());
        let bound = bindings::of(frame, PART, &part.binding);
        let mut passing = self.passing(&id, &pass, vec![bound]);
        passing.upstream_node_ids = upstream(Vec::new(), &passing.inputs);
        before.push(passing);
        let whole = OutputReference { node_id: id, var: PART.to_owned(), attr_path: Vec::new() };
        WireNode { inputs: bindings::promises(BTreeMap::from([(part.name.to_string(), whole)])), ..gate }
    }

    fn branch(
        &mut self,
        frame: &mut Frame<'m, 'p>,
        of: &'p Node,
        branch: &'p Branch,
        before: &mut Vec<WireNode>,
        after: &mut Vec<String>,
    ) -> WireNode {
        let mut operands = Operands::default();
        let mut blocks = Vec::with_capacity(branch.arms.len());
        for (index, arm) in branch.arms.iter().enumerate() {
            let condition = operands.test(frame, &of.id, &arm.test);
            let then_node = self.arm(frame, of, branch, &arm.body, &index.to_string(), before, after);
            blocks.push(IfBlock { condition: Some(condition), then_node: Some(Box::new(then_node)) });
        }
        let id = frame.id(&of.id);
        let default = match &branch.otherwise {
            Otherwise::Run(scope) => if_else_block::Default::ElseNode(Box::new(self.arm(frame, of, branch, scope, "else", before, after))),
            Otherwise::Fail(message) => if_else_block::Default::Error(Error { failed_node_id: id.clone(), message: message.clone() }),
        };
        for part in &operands.parts {
            let pass = Pass::of(&self.source.graph.name, [(PART, part.literal_type.clone())]);
            let bound = bindings::of(frame, PART, part.of);
            let mut node = self.passing(&part.node, &pass, vec![bound]);
            self.needs.note(frame, of, &pass.name, false, "gives the condition a part of a value".to_owned());
            node.upstream_node_ids = upstream(Vec::new(), &node.inputs);
            before.push(node);
        }
        let mut blocks = blocks.into_iter();
        let if_else = IfElseBlock { case: blocks.next().map(Box::new), other: blocks.collect(), default: Some(default) };
        WireNode {
            metadata: Some(metadata(&id, of.overrides.as_deref(), None)),
            id,
            inputs: operands.into_inputs(),
            target: Some(node::Target::BranchNode(Box::new(BranchNode { if_else: Some(Box::new(if_else)) }))),
            ..WireNode::default()
        }
    }

    /// The node of an arm of the condition `of`. The platform puts the id of the condition before that of the node.
    #[expect(clippy::too_many_arguments, reason = "an arm, and where it stands")]
    fn arm(
        &mut self,
        frame: &mut Frame<'m, 'p>,
        of: &'p Node,
        branch: &'p Branch,
        arm: &'p Scope,
        which: &str,
        before: &mut Vec<WireNode>,
        after: &mut Vec<String>,
    ) -> WireNode {
        if let [only] = arm.nodes.as_slice()
            && self.is_arm_itself(only, arm, branch)
        {
            let node = self.node(frame, only, before, after);
            return WireNode { id: behind(&of.id, &only.id).to_owned(), ..node };
        }
        let free = self.source.free_id(&format!("{}-{which}", of.id));
        let id = behind(&of.id, &free);
        if arm.nodes.is_empty() {
            let outputs = branch.outputs.iter().map(|output| (&*output.name, output.literal_type.clone()));
            let pass = Pass::of(&self.source.graph.name, outputs);
            self.needs.note(frame, of, &pass.name, false, format!("the {}, which runs nothing", arm_in_words(which)));
            return self.passing(id, &pass, bindings::outputs(frame, &arm.outputs));
        }
        let name = format!("{}.{}-{which}", self.source.graph.name, of.id);
        self.needs.note(frame, of, &name, true, format!("is the {}", arm_in_words(which)));
        let mut inner = Frame::of_arm(self.source, &of.id, arm);
        let (nodes, outputs) = self.scope(&mut inner, arm);
        let interface = Interface {
            inputs: inner.captures.iter().map(|capture| described(&capture.name, capture.literal_type.clone(), "")).collect(),
            outputs: branch.outputs.iter().map(|output| described(&output.name, output.literal_type.clone(), "")).collect(),
        };
        let inputs = frame.handed_on(&inner.captures);
        after.extend(inner.waits.into_iter().filter_map(|id| frame.waits_for(id)));
        let id_of_arm = ids::workflow(self.options, &name);
        self.needs.arms.push(WorkflowTemplate { id: Some(id_of_arm.clone()), nodes, outputs, ..template(interface.to_wire()) });
        WireNode {
            id: id.to_owned(),
            metadata: Some(metadata(&name, None, None)),
            inputs: bindings::promises(inputs),
            target: Some(workflow(workflow_node::Reference::SubWorkflowRef(id_of_arm))),
            ..WireNode::default()
        }
    }

    /// Whether the only node of an arm is what the platform runs for it: it gives exactly what the condition gives. What it compares or approves has to be
    /// there without a node before it, which would run even where the arm is not taken.
    fn is_arm_itself(&self, only: &Node, arm: &Scope, branch: &Branch) -> bool {
        let is_at_hand = match &only.kind {
            Kind::Branch(inner) => parts(inner) == 0,
            Kind::Approve(_) => approved_part(only).is_none(),
            _ => true,
        };
        let gives = self.source.tables.outputs(only);
        let same = |output| branch.outputs.contains(output);
        is_at_hand && gives_on(&arm.outputs, only) && gives.len() == branch.outputs.len() && gives.iter().all(same)
    }

    /// A node that gives on what feeds it.
    fn passing(&mut self, id: &str, pass: &Pass, inputs: Vec<WireBinding>) -> WireNode {
        self.needs.tasks.entry(pass.name.clone()).or_insert_with(|| pass.template(self.options));
        let reference = task_node::Reference::ReferenceId(ids::task(self.options, &pass.name));
        WireNode {
            id: id.to_owned(),
            metadata: Some(metadata(&pass.name, None, None)),
            inputs,
            target: Some(node::Target::TaskNode(TaskNode { reference: Some(reference), overrides: Some(TaskNodeOverrides::default()) })),
            ..WireNode::default()
        }
    }
}

/// An arm, by the end of the names of what it becomes.
fn arm_in_words(which: &str) -> String {
    match which.parse::<usize>() {
        Ok(index) => format!("arm {} of the condition", index + 1),
        Err(_) => "last arm of the condition".to_owned(),
    }
}

/// A workflow with nothing in it. Its metadata are there even where they say nothing, as with flytekit.
pub(super) fn template(interface: TypedInterface) -> WorkflowTemplate {
    WorkflowTemplate {
        metadata: Some(WorkflowMetadata::default()),
        metadata_defaults: Some(WorkflowMetadataDefaults::default()),
        interface: Some(interface),
        ..WorkflowTemplate::default()
    }
}
