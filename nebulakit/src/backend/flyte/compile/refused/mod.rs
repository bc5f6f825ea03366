//! What the platform would refuse, drop, die of or refuse too late, told before anything is sent.
//!
//! What is wrong with a graph for every backend is told by [`Graph::problems`](crate::graph::Graph::problems); here is what only Flyte takes otherwise.

mod constants;
mod gates;
mod nodes;
mod problem;
mod tasks;

use std::collections::BTreeMap;

use prost::Message as _;

use super::compiled::{Compiled, Entity};
use super::options::{Options, Target};
use super::program::Program;
use super::tables::Tables;
use crate::graph::{Graph, Place, Problem, ProblemKind, Problems};

/// Everything that is wrong with a program before it is compiled.
pub(super) fn refused(program: &Program, tables: &Tables<'_>, options: &Options) -> Problems {
    let mut problems = everywhere(program, tables, options);
    problems.extend(super::files::refused(program));
    problems.extend(tables.workflows.values().flat_map(|graph| nodes::references_of_maps(graph, tables, options)));
    problems
}

/// What is wrong with a program wherever it runs.
pub(super) fn everywhere(program: &Program, tables: &Tables<'_>, options: &Options) -> Problems {
    let mut problems: Problems = program.graphs.iter().flat_map(Graph::problems).collect();
    problems.extend(setting(options));
    problems.extend(twice(program));
    problems.extend(kept(tables));
    problems.extend(tasks::unknown(tables));
    problems.extend(tables.definitions.values().flat_map(|task| tasks::task(task)));
    for graph in tables.workflows.values().copied().filter(|graph| graph.launch_plan.is_none()) {
        problems.extend(nodes::workflow(graph, tables, options));
    }
    problems
}

/// Everything that is wrong with the graph of a dynamic task, which is the only one of `program`.
pub(super) fn in_a_job(program: &Program, tables: &Tables<'_>, options: &Options) -> Problems {
    let mut problems = everywhere(program, tables, options);
    problems.extend(super::files::refused(program));
    problems.extend(nodes::references(tables, options));
    problems
}

/// What tasks and nodes ask for that only other platforms have, one line each.
pub(super) fn ignored(tables: &Tables<'_>) -> Vec<String> {
    let of_tasks = tables.definitions.values().flat_map(|task| tasks::ignored(task));
    let written = tables.workflows.values().filter(|graph| graph.launch_plan.is_none());
    of_tasks.chain(written.flat_map(|graph| nodes::ignored(graph, tables))).collect()
}

/// The messages that are larger than the platform takes.
pub(super) fn too_large(compiled: &Compiled, tables: &Tables<'_>, options: &Options) -> Problems {
    let most = options.max_bytes;
    let problem = |entity: &Entity| {
        let name = &entity.id().name;
        let (what, bytes, at) = match entity {
            Entity::Task { spec, .. } => ("task", spec.encoded_len(), tables.definition(name).map(tasks::place)),
            Entity::Workflow { spec, .. } => ("workflow", spec.encoded_len(), place(tables, name)),
            Entity::LaunchPlan { plan, .. } => ("launch plan", plan.encoded_len(), place(tables, name)),
        };
        let message = format!("the {what} `{name}` is a message of {bytes} bytes, and the platform takes {most}");
        let hint = "hand large constants over as files, and split workflows; an operator can raise `server.grpc.maxMessageSizeBytes`";
        (bytes > most).then(|| Problem::new(ProblemKind::Limit, message).at(at).hint(hint))
    };
    compiled.entities.iter().filter_map(problem).collect()
}

fn place(tables: &Tables<'_>, name: &str) -> Option<Place> {
    tables.workflows.get(name).and_then(|graph| graph.at.clone())
}

/// What is missing of the options.
fn setting(options: &Options) -> impl Iterator<Item = Problem> {
    let empty = |text: &str| text.trim().is_empty();
    let target = options.target.as_ref();
    let part = |part: fn(&Target) -> &String| target.is_some_and(|target| empty(part(target)));
    let missing = [
        (empty(&options.image), "no image is named that tasks run in", "write it in full, as in `ghcr.io/me/app:1`"),
        (empty(&options.binary), "the file of the program in its image is not named", "write its path, as in `/app`"),
        (part(|target| &target.project), "no project is named", "the platform takes every entity into a project"),
        (part(|target| &target.domain), "no domain is named", "usual ones are `development`, `staging` and `production`"),
        (part(|target| &target.version), "no version is named", "everything that is registered together has one version"),
    ];
    missing
        .into_iter()
        .filter(|(is_missing, ..)| *is_missing)
        .map(|(_, message, hint)| Problem::new(ProblemKind::Missing, message).hint(hint))
}

/// Names that two have.
fn twice(program: &Program) -> Vec<Problem> {
    let tasks = program.tasks.iter().map(|task| ("task", task.name(), Some(tasks::place(task))));
    let graphs = program.graphs.iter().map(|graph| ("workflow or launch plan", &*graph.name, graph.at.clone()));
    let mut first = BTreeMap::new();
    let mut problems = Vec::new();
    for (what, name, at) in tasks.chain(graphs) {
        let known = first.entry((what, name)).or_insert_with(|| at.clone());
        if *known != at {
            let problem = Problem::new(ProblemKind::Duplicate, format!("two of the program are called `{name}`, each a {what}")).at(at);
            let hint = "give one of them another name, with the option `name`; a workflow is a launch plan by its own name too";
            problems.push(problem.end("the other one", known.clone()).hint(hint));
        }
    }
    problems.extend(program.graphs.iter().filter_map(|graph| shared(program, graph)));
    problems
}

/// A task and a workflow of one name. The platform takes both, but the job of a dynamic task is a workflow by the task's name, and so is what stands for a map.
fn shared(program: &Program, graph: &Graph) -> Option<Problem> {
    let task = program.tasks.iter().find(|task| task.name() == graph.name)?;
    let message = format!("a task and a workflow are both called `{}`", graph.name);
    let hint = "give one of them another name, with the option `name`";
    Some(Problem::new(ProblemKind::Duplicate, message).at(graph.at.clone()).end("the task", Some(tasks::place(task))).hint(hint))
}

/// Names that are kept for what stands for what the platform does not have.
fn kept(tables: &Tables<'_>) -> Vec<Problem> {
    let is_known = |name: &str| tables.definitions.contains_key(name) || tables.workflows.contains_key(name);
    let tasks = tables.definitions.values().map(|task| (task.name(), Some(tasks::place(task))));
    let workflows = tables.workflows.values().map(|graph| (&*graph.name, graph.at.clone()));
    let problem = |(name, at): (&str, _)| {
        let (front, last) = name.rsplit_once('.')?;
        (last.contains('-') && is_known(front)).then(|| {
            let message = format!("`{name}` is a name that is kept for what `{front}` needs on Flyte");
            Problem::new(ProblemKind::Name, message).at(at).hint("name it without `-` behind the last dot")
        })
    };
    tasks.chain(workflows).filter_map(problem).collect()
}
