//! The workflows of a program, each by itself, and those that run within another.

use std::collections::{BTreeMap, BTreeSet};

use nebulakit_types::wire::flyteidl::core::{
    Node as WireNode, WorkflowMetadata, WorkflowMetadataDefaults, WorkflowTemplate, if_else_block, node, node_metadata, workflow_metadata,
};

use super::frame::{Frame, Source};
use super::ids;
use super::nodes::Needs;
use super::options::Options;
use super::scopes::{Maker, template};
use super::tables::Tables;
use crate::graph::Graph;

/// A workflow by itself, and what it needs.
pub(super) struct Made<'p> {
    pub(super) template: WorkflowTemplate,
    pub(super) needs: Needs<'p>,
    interruptible: Option<bool>,
}

/// The workflows of a program, each by itself.
pub(super) fn all_made<'p>(tables: &'p Tables<'p>, options: &Options) -> BTreeMap<&'p str, Made<'p>> {
    let workflows = tables.workflows.values().filter(|graph| graph.launch_plan.is_none());
    workflows.map(|graph| (&*graph.name, made(graph, tables, options))).collect()
}

fn made<'p>(graph: &'p Graph, tables: &'p Tables<'p>, options: &Options) -> Made<'p> {
    let source = Source::of(graph, tables);
    let mut maker = Maker { source: &source, options, needs: Needs::default() };
    let mut frame = Frame::whole(&source);
    let (nodes, outputs) = maker.scope(&mut frame, &graph.body);
    // A handler is one node, and no condition, so that nothing comes before it.
    let failure_node = graph.on_failure.as_deref().map(|handler| maker.ordered(&mut frame, handler, &mut Vec::new()));
    let on_failure = if graph.keep_going {
        workflow_metadata::OnFailurePolicy::FailAfterExecutableNodesComplete
    } else {
        workflow_metadata::OnFailurePolicy::FailImmediately
    };
    let template = WorkflowTemplate {
        id: Some(ids::workflow(options, &graph.name)),
        metadata: Some(WorkflowMetadata { on_failure: on_failure.into(), ..WorkflowMetadata::default() }),
        metadata_defaults: Some(WorkflowMetadataDefaults { interruptible: graph.interruptible == Some(true) }),
        nodes,
        outputs,
        failure_node,
        ..template(graph.interface().to_wire())
    };
    Made { template, needs: maker.needs, interruptible: graph.interruptible }
}

/// The workflows that run within `name`, however deep.
pub(super) fn within<'p>(name: &'p str, made: &BTreeMap<&'p str, Made<'p>>) -> BTreeSet<&'p str> {
    let mut found = BTreeSet::new();
    let mut left = vec![name];
    while let Some(name) = left.pop() {
        let Some(next) = made.get(name) else { continue };
        left.extend(next.needs.workflows.iter().filter(|inner| found.insert(**inner)));
    }
    found
}

/// The workflows `inner` that run within one with these arms, each once, with those that arms of their conditions became.
pub(super) fn sub_workflows(
    own_arms: &[WorkflowTemplate],
    inner: &BTreeSet<&str>,
    made: &BTreeMap<&str, Made<'_>>,
) -> Vec<WorkflowTemplate> {
    let mut all = own_arms.to_vec();
    for sub in inner.iter().filter_map(|name| made.get(name)) {
        let templates = std::iter::once(&sub.template).chain(&sub.needs.arms);
        all.extend(templates.map(|template| match sub.interruptible {
            Some(interruptible) => settled(template, interruptible),
            None => template.clone(),
        }));
    }
    all
}

/// A workflow within another one, whose nodes say themselves whether they may run on machines that can be taken away: the platform asks only the
/// outermost workflow for what they do not say.
fn settled(template: &WorkflowTemplate, interruptible: bool) -> WorkflowTemplate {
    let mut template = template.clone();
    let handler = template.failure_node.as_mut();
    template.nodes.iter_mut().chain(handler).for_each(|node| settle(node, interruptible));
    template
}

fn settle(node: &mut WireNode, interruptible: bool) {
    if let Some(metadata) = &mut node.metadata {
        metadata.interruptible_value.get_or_insert(node_metadata::InterruptibleValue::Interruptible(interruptible));
    }
    match &mut node.target {
        Some(node::Target::ArrayNode(array)) => array.node.iter_mut().for_each(|node| settle(node, interruptible)),
        Some(node::Target::BranchNode(branch)) => {
            let Some(if_else) = &mut branch.if_else else { return };
            let blocks = if_else.case.iter_mut().map(|case| &mut **case).chain(&mut if_else.other);
            blocks.filter_map(|block| block.then_node.as_deref_mut()).for_each(|node| settle(node, interruptible));
            if let Some(if_else_block::Default::ElseNode(node)) = &mut if_else.default {
                settle(node, interruptible);
            }
        }
        _ => {}
    }
}
