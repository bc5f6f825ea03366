//! All entities of a program, in the order in which they are registered.

use std::collections::{BTreeMap, BTreeSet};

use nebulakit_types::wire::flyteidl::admin::{LaunchPlan, TaskSpec, WorkflowSpec};
use nebulakit_types::wire::flyteidl::core::{TaskTemplate, WorkflowTemplate};

use super::compiled::{Compiled, Entity};
use super::made::{Made, all_made, sub_workflows, within};
use super::options::Options;
use super::tables::Tables;
use super::{ids, jobs, launch_plans, order, tasks};
use crate::graph::Kind;

/// All entities of a program without problems.
pub(super) fn specs(tables: &Tables<'_>, options: &Options) -> Compiled {
    let mut made = all_made(tables, options);
    let maps = jobs::templates(&made, tables, options);
    let mut entities = task_entities(tables, &made, maps, options);
    let inner: BTreeMap<&str, BTreeSet<&str>> = made.keys().map(|name| (*name, within(name, &made))).collect();
    let order = order::ordered(&needed(tables, &made, &inner));
    // What runs within others is copied to them before each goes to its own entity.
    let mut copies: BTreeMap<&str, Vec<WorkflowTemplate>> =
        made.iter().map(|(name, of)| (*name, sub_workflows(&of.needs.arms, &inner[name], &made))).collect();
    for name in order {
        if let Some((workflow, graph)) = made.remove(name).zip(tables.workflows.get(name)) {
            entities.push(Entity::Workflow {
                id: ids::workflow(options, name),
                spec: Box::new(WorkflowSpec {
                    template: Some(workflow.template),
                    sub_workflows: copies.remove(name).unwrap_or_default(),
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

fn launched(plan: LaunchPlan, is_active: bool) -> Entity {
    Entity::LaunchPlan { id: plan.id.clone().unwrap_or_default(), plan: Box::new(plan), is_active }
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
