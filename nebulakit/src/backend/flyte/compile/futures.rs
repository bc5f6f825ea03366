//! Dynamic tasks: the graph that one gave, as the job that the platform runs in its place.
//!
//! The platform takes nothing of it from what is registered but launch plans, so that all templates are in the job. Project, domain, version and
//! image are those of the task itself, which its container is told by the template that it was registered with.

use std::collections::BTreeMap;

use nebulakit_types::Literal;
use nebulakit_types::wire::flyteidl::core::{DynamicJobSpec, TaskTemplate, WorkflowTemplate, task_template};
use prost::Message as _;

use super::bindings::literal;
use super::options::Options;
use super::program::Program;
use super::references::Templates;
use super::tables::Tables;
use super::{jobs, made, refused, tasks};
use crate::graph::Graph;
use crate::task::def::TaskDef;
use crate::task::grown::Grown;

/// Makes the platform's job of the graph that `task` gave, as JSON, with the template that the task is registered with.
///
/// # Errors
/// When the template is not that of such a task, and with everything of the graph that the platform would refuse.
pub fn futures(task: &'static TaskDef, graph: &str, template: &[u8]) -> Result<Grown, String> {
    let options = options(template).map_err(|why| format!("the template of `{}` is not usable: {why}", task.name()))?;
    let mut graph = Graph::read_json(graph).map_err(|problems| problems.to_string())?;
    graph.name = task.name().into();
    if graph.body.nodes.is_empty() {
        graph.validate().map_err(|problems| problems.to_string())?;
        let values = graph.body.outputs.iter().map(|bound| Some((bound.name.to_string(), literal(&bound.binding)?)));
        let values: Option<BTreeMap<_, _>> = values.collect();
        return values.map(|values| Grown::Outputs(Literal::encode_map(&values))).ok_or_else(|| "an output has no value".to_owned());
    }
    let name = graph.name.clone();
    let program = Program::of([graph]);
    let tables = Tables::of(&program);
    refused::in_a_job(&program, &tables, &options).or(()).map_err(|problems| problems.to_string())?;
    Ok(Grown::Job(job(&name, &tables, &options).encode_to_vec()))
}

/// The workflow `name` as a job.
fn job(name: &str, tables: &Tables<'_>, options: &Options) -> DynamicJobSpec {
    let mut all = made::all_made(tables, options);
    let Some((name, own)) = all.get_key_value(name).map(|(name, own)| (*name, own)) else { return DynamicJobSpec::default() };
    let inner = made::within(name, &all);
    let mut run = inner.clone();
    run.insert(name);
    let maps = jobs::templates(&all, tables, options);
    let tasks = jobs::of_nodes(&run, &all, tables, options, &maps);
    let subworkflows = made::sub_workflows(&own.needs.arms, &inner, &all);
    let WorkflowTemplate { nodes, outputs, .. } = all.remove(name).map(|own| own.template).unwrap_or_default();
    // Nobody reads how many have to succeed; flytekit writes it.
    DynamicJobSpec { min_successes: i64::try_from(nodes.len()).unwrap_or(i64::MAX), nodes, outputs, tasks, subworkflows }
}

/// What a task's own template says of where everything is registered, and what runs it.
fn options(template: &[u8]) -> Result<Options, String> {
    let template = TaskTemplate::decode(template).map_err(|error| error.to_string())?;
    let id = template.id.ok_or("it has no id")?;
    let Some(task_template::Target::Container(container)) = template.target else { return Err("it has no container".to_owned()) };
    let binary = container.command.into_iter().next().ok_or("its container has no command")?;
    // A task with an image of its own says which one all others run in.
    let image = template.config.get(tasks::IMAGE).cloned().unwrap_or(container.image);
    let references = Templates::of_custom(template.custom.as_ref())?;
    Ok(Options { references, ..Options::new(image, binary).target(id.project, id.domain, id.version).max_nodes(usize::MAX) })
}
