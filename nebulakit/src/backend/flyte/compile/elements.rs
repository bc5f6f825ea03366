//! Maps of workflows: each way to map one has a task that makes a workflow's node of each element, since the platform's own maps run tasks alone.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use nebulakit_types::wire::flyteidl::core::{DynamicJobSpec, Node as WireNode, TaskTemplate, workflow_node};
use nebulakit_types::{Interface, LiteralType};

use super::nodes::workflow;
use super::options::Options;
use super::settings::metadata;
use super::specs::{Made, all_made, sub_workflows, within};
use super::tables::{Tables, of_elements};
use super::{ids, tasks};
use crate::graph::{Graph, Map};
use crate::task::elements::Plan;
use crate::task::template::{MAP, standing_in};

/// A way to map a workflow.
#[derive(Clone)]
pub(super) struct Way<'p> {
    graph: &'p Graph,
    /// The inputs that are gone through, in the order of the signature.
    mapped: Vec<&'p str>,
    /// How many elements run at once; 0 for all of them.
    concurrency: u32,
}

impl<'p> Way<'p> {
    pub(super) fn of(graph: &'p Graph, map: &Map) -> Self {
        let gone_through: HashSet<&str> = map.mapped.iter().map(|name| &**name).collect();
        let mapped = graph.inputs.iter().map(|input| &*input.name).filter(|name| gone_through.contains(name)).collect();
        Self { graph, mapped, concurrency: map.concurrency.unwrap_or_default() }
    }

    /// The name of its task: that of the workflow, how many run at once, and what is gone through. No input begins with a digit.
    pub(super) fn name(&self) -> String {
        let rows = if self.concurrency > 0 { format!("-{}", self.concurrency) } else { String::new() };
        format!("{}.map{rows}-{}", self.graph.name, self.mapped.join("-"))
    }

    /// Its task, which makes nodes as the one of `job`.
    fn template(&self, job: DynamicJobSpec, options: &Options) -> TaskTemplate {
        let Interface { mut inputs, mut outputs } = self.graph.interface();
        for input in inputs.iter_mut().filter(|input| self.mapped.contains(&input.name.as_str())) {
            input.literal_type = LiteralType::collection(input.literal_type.clone());
        }
        for output in &mut outputs {
            output.literal_type = of_elements(&output.literal_type, false);
        }
        let mapped = self.mapped.iter().map(|name| (*name).to_owned()).collect();
        let template = standing_in(&options.binary, MAP, &Interface { inputs, outputs });
        let custom = Plan { mapped, concurrency: self.concurrency, job }.to_custom();
        tasks::registered(TaskTemplate { custom: Some(custom), ..template }, &self.name(), &options.image, options)
    }
}

/// The tasks of all maps of workflows, by their names. What their nodes run belongs to nobody there: a package does not know whose it is.
pub(super) fn templates(made: &BTreeMap<&str, Made<'_>>, tables: &Tables<'_>, options: &Options) -> BTreeMap<String, TaskTemplate> {
    if made.values().all(|made| made.needs.maps.is_empty()) {
        return BTreeMap::new();
    }
    let nobodys = options.clone().without_target();
    let made = all_made(tables, &nobodys);
    let mut found = BTreeMap::new();
    for way in made.values().flat_map(|made| made.needs.maps.values()) {
        add(way, &made, tables, &nobodys, &mut found);
    }
    for (name, template) in &mut found {
        template.id = Some(ids::task(options, name));
    }
    found
}

/// Adds the task of a way to map a workflow, behind those of the maps in it. A workflow that contains itself is a problem of the graph.
fn add<'p>(
    way: &Way<'p>,
    made: &BTreeMap<&'p str, Made<'p>>,
    tables: &Tables<'p>,
    options: &Options,
    found: &mut BTreeMap<String, TaskTemplate>,
) {
    let name = way.name();
    let Some((of, _)) = made.get_key_value(&*way.graph.name) else { return };
    if found.contains_key(&name) {
        return;
    }
    let mut run = within(of, made);
    run.insert(of);
    for inner in run.iter().filter_map(|name| made.get(name)).flat_map(|made| made.needs.maps.values()) {
        add(inner, made, tables, options, found);
    }
    let reference = workflow_node::Reference::SubWorkflowRef(ids::workflow(options, of));
    let element = WireNode { metadata: Some(metadata(of, None, None)), target: Some(workflow(reference)), ..WireNode::default() };
    let job = DynamicJobSpec {
        nodes: vec![element],
        tasks: of_nodes(&run, made, tables, options, found),
        subworkflows: sub_workflows(&[], &run, made),
        ..DynamicJobSpec::default()
    };
    found.insert(name, way.template(job, options));
}

/// The templates of all tasks that nodes of these workflows run: a job has nothing but what is in it.
pub(super) fn of_nodes(
    workflows: &BTreeSet<&str>,
    made: &BTreeMap<&str, Made<'_>>,
    tables: &Tables<'_>,
    options: &Options,
    of_maps: &BTreeMap<String, TaskTemplate>,
) -> Vec<TaskTemplate> {
    let mut templates: BTreeMap<&str, TaskTemplate> = BTreeMap::new();
    for needs in workflows.iter().filter_map(|name| made.get(name)).map(|made| &made.needs) {
        let used = needs.used.iter().filter_map(|name| tables.definition(name));
        templates.extend(used.map(|task| (task.name(), tasks::template(task, task.name(), options))));
        templates.extend(needs.tasks.iter().map(|(name, template)| (name.as_str(), template.clone())));
        let references = needs.references.iter().filter_map(|name| Some((*name, options.references.get(tables.references.get(name)?)?)));
        templates.extend(references);
        let maps = needs.maps.keys().filter_map(|name| of_maps.get_key_value(name));
        templates.extend(maps.map(|(name, template)| (name.as_str(), template.clone())));
    }
    templates.into_values().collect()
}
