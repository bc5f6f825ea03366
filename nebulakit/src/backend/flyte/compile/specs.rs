//! All entities of a program, in the order in which they are registered.

use std::collections::{BTreeMap, BTreeSet};

use nebulakit_types::wire::flyteidl::admin::{LaunchPlan, TaskSpec, WorkflowSpec};
use nebulakit_types::wire::flyteidl::core::{
    Node as WireNode, TaskTemplate, WorkflowMetadata, WorkflowMetadataDefaults, WorkflowTemplate, if_else_block, node, node_metadata,
    workflow_metadata,
};

use super::compiled::{Compiled, Entity};
use super::frame::{Frame, Source};
use super::nodes::Needs;
use super::options::Options;
use super::scopes::{Maker, template};
use super::tables::Tables;
use super::{elements, ids, launch_plans, order, tasks};
use crate::graph::{Graph, Kind};

/// A workflow by itself, and what it needs.
pub(super) struct Made<'p> {
    pub(super) template: WorkflowTemplate,
    pub(super) needs: Needs<'p>,
    interruptible: Option<bool>,
}

/// All entities of a program without problems.
pub(super) fn specs(tables: &Tables<'_>, options: &Options) -> Compiled {
    let made = all_made(tables, options);
    let maps = elements::templates(&made, tables, options);
    let mut entities = task_entities(tables, &made, maps, options);
    let inner: BTreeMap<&str, BTreeSet<&str>> = made.keys().map(|name| (*name, within(name, &made))).collect();
    for name in order::ordered(&needed(tables, &made, &inner)) {
        if let Some((workflow, graph)) = made.get(name).zip(tables.workflows.get(name)) {
            entities.push(Entity::Workflow {
                id: ids::workflow(options, name),
                spec: Box::new(WorkflowSpec {
                    template: Some(workflow.template.clone()),
                    sub_workflows: sub_workflows(&workflow.needs.arms, &inner[name], &made),
                    description: tasks::documented(&graph.doc),
                }),
            });
            entities.push(launched(launch_plans::of_workflow(graph, options), false));
        } else if let Some(graph) = tables.workflows.get(name) {
            let is_active = graph.launch_plan.as_ref().is_some_and(|plan| plan.active);
            entities.extend(launch_plans::of_plan(graph, tables, options).map(|plan| launched(plan, is_active)));
        }
    }
    Compiled { entities, ignored: super::refused::ignored(tables) }
}

/// The workflows of a program, each by itself.
pub(super) fn all_made<'p>(tables: &'p Tables<'p>, options: &Options) -> BTreeMap<&'p str, Made<'p>> {
    let workflows = tables.workflows.values().filter(|graph| graph.launch_plan.is_none());
    workflows.map(|graph| (&*graph.name, made(graph, tables, options))).collect()
}

fn launched(plan: LaunchPlan, is_active: bool) -> Entity {
    Entity::LaunchPlan { id: plan.id.clone().unwrap_or_default(), plan: Box::new(plan), is_active }
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

/// The tasks of the program, and those that its workflows need besides.
fn task_entities(
    tables: &Tables<'_>,
    made: &BTreeMap<&str, Made<'_>>,
    maps: BTreeMap<String, TaskTemplate>,
    options: &Options,
) -> Vec<Entity> {
    let own = tables.definitions.values().map(|task| (task.name().to_owned(), (tasks::spec(task, options), false)));
    let generated = made.values().flat_map(|made| &made.needs.tasks).map(|(name, template)| (name.clone(), template.clone()));
    let generated = generated.chain(maps).map(|(name, template)| (name, (TaskSpec { template: Some(template), description: None }, true)));
    let all: BTreeMap<_, _> = own.chain(generated).collect();
    all.into_iter()
        .map(|(name, (spec, is_generated))| Entity::Task { id: ids::task(options, &name), spec: Box::new(spec), is_generated })
        .collect()
}

/// The workflows that run within `name`, however deep.
pub(super) fn within<'p>(name: &'p str, made: &BTreeMap<&'p str, Made<'p>>) -> BTreeSet<&'p str> {
    let mut found = BTreeSet::new();
    let mut left = vec![name];
    while let Some(next) = left.pop().and_then(|name| made.get(name)) {
        left.extend(next.needs.workflows.iter().filter(|inner| found.insert(**inner)));
    }
    found
}

/// What each workflow and launch plan has to be registered behind.
fn needed<'p>(
    tables: &Tables<'p>,
    made: &BTreeMap<&'p str, Made<'p>>,
    inner: &BTreeMap<&'p str, BTreeSet<&'p str>>,
) -> BTreeMap<&'p str, BTreeSet<&'p str>> {
    let of_workflow = |name: &&'p str| {
        let all = std::iter::once(name).chain(&inner[name]);
        let launched = all.filter_map(|name| made.get(name)).flat_map(|made| made.needs.launch_plans.iter().copied());
        (*name, launched.collect())
    };
    let plans = tables.workflows.values().filter(|graph| graph.launch_plan.is_some());
    let of_plan = plans.map(|graph| {
        let workflows = graph.body.nodes.iter().filter_map(|node| match &node.kind {
            Kind::Workflow(name) => Some(&**name),
            _ => None,
        });
        (&*graph.name, workflows.collect())
    });
    made.keys().map(of_workflow).chain(of_plan).collect()
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
