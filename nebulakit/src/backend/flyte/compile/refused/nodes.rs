//! What the platform takes otherwise of nodes.

use std::collections::HashMap;

use super::super::conditions::{approved_part, parts};
use super::super::frame::behind;
use super::super::options::Options;
use super::super::references::{maps, run_by};
use super::super::tables::Tables;
use super::problem::problem;
use super::{constants, gates};
use crate::graph::{Branch, Graph, Kind, Map, Mapped, Node, Overrides, Problem, ProblemKind, Reference, ReferenceKind, Scope};
use crate::task::quantity;

/// What is wrong with the nodes of a workflow.
pub(super) fn workflow(graph: &Graph, tables: &Tables<'_>, options: &Options) -> Vec<Problem> {
    let mut problems = Vec::new();
    let nodes = &graph.body.nodes;
    let for_parts = nodes.iter().map(|node| match &node.kind {
        Kind::Branch(branch) => parts(branch),
        _ => usize::from(approved_part(node).is_some()),
    });
    let (count, more, most) = (nodes.len(), for_parts.sum::<usize>(), options.max_nodes);
    if count + more > most {
        let more = if more > 0 { format!(", and {more} more for parts of values that are compared or approved") } else { String::new() };
        let message = format!("`{}` has {count} nodes{more}, and the platform takes {most}", graph.name);
        let hint = "move some into workflows of their own, whose nodes do not count; an operator can raise `registration.maxWorkflowNodes`";
        problems.push(Problem::new(ProblemKind::Limit, message).at(graph.at.clone()).hint(hint));
    }
    if graph.body.nodes.is_empty() {
        let message = format!("`{}` has no nodes", graph.name);
        problems.push(Problem::new(ProblemKind::Empty, message).at(graph.at.clone()).hint("the platform refuses a workflow without nodes"));
    }
    problems.extend(graph.on_failure.as_deref().and_then(gates::approved));
    each(graph, &mut |node| {
        problems.extend(constants::offloaded(node));
        problems.extend(gates::signal(node));
        match &node.kind {
            Kind::Map(map) => problems.extend(mapped(node, map, tables)),
            Kind::Branch(branch) => problems.extend(same_ids(node, branch)),
            _ => {}
        }
        if let Some(overrides) = node.overrides.as_deref() {
            problems.extend(overridden(node, overrides, tables));
            problems.extend(within(node, overrides, tables));
        }
    });
    problems
}

/// Tasks of other projects in a job: the platform takes their templates from the job alone, where they have to be at hand.
pub(super) fn references(tables: &Tables<'_>, options: &Options) -> Vec<Problem> {
    let tasks = tables.references.iter().filter(|(_, reference)| reference.kind == ReferenceKind::Task);
    let missing = tasks.filter(|(_, reference)| !options.references.has(reference));
    let problem = |(name, reference): (&&str, &&Reference)| {
        let message = format!("`{name}` is registered elsewhere, as {}, and is run by a dynamic task", elsewhere(reference));
        Problem::new(ProblemKind::Unknown, message).at(reference.at.clone()).hint(FETCHED)
    };
    missing.map(problem).collect()
}

/// The same in the jobs of mapped workflows.
pub(super) fn references_of_maps(graph: &Graph, tables: &Tables<'_>, options: &Options) -> Vec<Problem> {
    let mut problems = Vec::new();
    for (node, workflow) in maps(graph) {
        for reference in run_by(workflow, tables).into_iter().filter(|reference| !options.references.has(reference)) {
            let message = format!("`{}` maps `{workflow}`, which runs {}, registered elsewhere", node.id, elsewhere(reference));
            problems.push(problem(node, ProblemKind::Unknown, message, FETCHED));
        }
    }
    problems
}

/// What has to be done about a template that is not at hand.
const FETCHED: &str = "Flyte runs it there only with its whole template, which `register` asks the control plane for and a package cannot have: register \
                       it first, or launch it by a launch plan";

fn elsewhere(of: &Reference) -> String {
    format!("`{}` in `{}`/`{}`, version `{}`", of.name, of.project, of.domain, of.version)
}

/// What nodes ask for that the platform does not have.
pub(super) fn ignored(graph: &Graph, tables: &Tables<'_>) -> Vec<String> {
    let mut lines = Vec::new();
    each(graph, &mut |node| {
        if node.overrides.as_ref().is_some_and(|overrides| overrides.strategy.is_some()) {
            lines.push(format!("`{}` of `{}`: Flyte has no `strategy`", node.id, graph.name));
        }
        let inner = match &node.kind {
            Kind::Workflow(name) => Some(name),
            Kind::Map(map) => match &map.of {
                Mapped::Workflow(name) => Some(name),
                Mapped::Task(_) => None,
            },
            _ => None,
        };
        if let Some(name) = inner
            && tables.workflows.get(&**name).is_some_and(|inner| inner.keep_going != graph.keep_going)
        {
            let what = if graph.keep_going { "goes on at a failure as well" } else { "does not keep going at a failure" };
            lines.push(format!("`{}` of `{}`: there `{name}` {what}, since Flyte asks the outermost workflow alone", node.id, graph.name));
        }
    });
    lines
}

/// Goes through all nodes of a workflow, those of the arms of its conditions and its handler among them.
fn each<'g>(graph: &'g Graph, see: &mut dyn FnMut(&'g Node)) {
    scope(&graph.body, see);
    graph.on_failure.iter().for_each(|handler| see(handler));
}

fn scope<'g>(of: &'g Scope, see: &mut dyn FnMut(&'g Node)) {
    for node in &of.nodes {
        see(node);
        if let Kind::Branch(branch) = &node.kind {
            branch.scopes().for_each(|inner| scope(inner, see));
        }
    }
}

/// What the platform cannot do for each element of a list.
fn mapped(node: &Node, map: &Map, tables: &Tables<'_>) -> Option<Problem> {
    let (what, hint) = match &map.of {
        Mapped::Workflow(_) if map.success.lets_some_fail() => {
            let message =
                format!("`{}` maps the workflow `{}` and lets elements fail, where Flyte ends all at the first", node.id, map.of.name());
            return Some(problem(node, ProblemKind::Map, message, "only maps of tasks let elements fail"));
        }
        Mapped::Workflow(_) => return None,
        Mapped::Task(name) => {
            let task = tables.definition(name)?;
            if task.container().is_some() {
                ("a container task", "its program would get whole lists; call it for each element in a dynamic task")
            } else if task.is_dynamic() {
                ("a dynamic task", "call it for each element in another dynamic task")
            } else {
                return None;
            }
        }
    };
    let message = format!("`{}` is a map of `{}`, {what}, which Flyte cannot map", node.id, map.of.name());
    Some(problem(node, ProblemKind::Map, message, hint))
}

/// Nodes in the arms of a condition whose ids are one to the platform, which fails such a run at once.
fn same_ids(node: &Node, branch: &Branch) -> Vec<Problem> {
    let mut first = HashMap::new();
    let mut problems = Vec::new();
    for inner in branch.scopes().flat_map(|arm| &arm.nodes) {
        let known = *first.entry(behind(&node.id, &inner.id)).or_insert(inner);
        if known.id != inner.id {
            let message =
                format!("`{}` and `{}` are one id to Flyte, which puts `{}-` before ids in its arms", known.id, inner.id, node.id);
            problems.push(problem(inner, ProblemKind::Name, message, "give one of them another id"));
        }
    }
    problems
}

/// Overrides of what runs nodes of its own. The platform ends such a node alone: all that runs within goes on; and it never begins one again.
fn within(node: &Node, overrides: &Overrides, tables: &Tables<'_>) -> Vec<Problem> {
    let (what, name) = match &node.kind {
        Kind::Workflow(name) => ("workflow", name),
        Kind::Map(map) => match &map.of {
            Mapped::Workflow(name) => ("workflow", name),
            Mapped::Task(_) => return Vec::new(),
        },
        Kind::LaunchPlan(name) => ("launch plan", name),
        Kind::Reference(name) if tables.references.get(&**name).is_some_and(|of| of.kind == ReferenceKind::LaunchPlan) => {
            ("launch plan", name)
        }
        _ => return Vec::new(),
    };
    let mut problems = Vec::new();
    let mut report = |message: String, hint: &str| problems.push(problem(node, ProblemKind::Override, message, hint));
    let dropped = [
        ("resources", overrides.resources.is_some()),
        ("accelerator", overrides.accelerator.is_some()),
        ("shared_memory", overrides.shared_memory.is_some()),
        ("image", overrides.image.is_some()),
    ];
    for (option, _) in dropped.into_iter().filter(|(_, is_given)| *is_given) {
        let message = format!("`{}` gives `{option}` to the {what} `{name}`, which Flyte drops", node.id);
        report(message, "write it on the tasks in it");
    }
    if overrides.timeout.is_some() {
        let message = format!("`{}` limits the time of the {what} `{name}`, which would run on when Flyte gives the node up", node.id);
        report(message, "write `timeout` on the tasks in it");
    }
    if overrides.retries.is_some_and(|retries| retries > 0) {
        let message = format!("`{}` repeats the {what} `{name}`, which Flyte runs once", node.id);
        report(message, "write `retries` on the tasks in it");
    }
    problems
}

/// Overrides that the platform would drop.
fn overridden(node: &Node, overrides: &Overrides, tables: &Tables<'_>) -> Vec<Problem> {
    let task = match &node.kind {
        Kind::Task(name) => tables.definition(name),
        Kind::Map(map) => tables.definition(map.of.name()),
        _ => None,
    };
    let mut problems = Vec::new();
    let mut report = |message: String, hint: &str| problems.push(problem(node, ProblemKind::Override, message, hint));
    if overrides.cache.is_some() {
        let message = format!("`{}` says how its results are remembered, which no server of Flyte 1 reads", node.id);
        report(message, "write `cache(..)` on the task; it holds for all its nodes");
    }
    if overrides.pod_template.is_some() {
        let message = format!("`{}` names another pod template than its task, which Flyte takes from the task alone", node.id);
        report(message, "write `pod_template` on the task");
    }
    if let Some(task) = task.filter(|task| overrides.retries == Some(0) && task.options().retries > 0) {
        let message =
            format!("`{}` takes the {} retries of `{}` away, which Flyte cannot do", node.id, task.options().retries, task.name());
        report(message, "the platform reads 0 as nothing said: write `retries` on nodes, not on the task");
    }
    if let Some(resources) = &overrides.resources
        && let (Some(request), Some(limit)) = (&resources.requests.gpu, &resources.limits.gpu)
        && quantity::whole(request) != quantity::whole(limit)
    {
        let message = format!("`{}` asks for {request} GPUs and is limited to {limit}", node.id);
        report(message, "the platform takes the same number for both");
    }
    problems
}
