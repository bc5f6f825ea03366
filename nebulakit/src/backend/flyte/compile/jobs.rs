//! What jobs hold besides their nodes: the templates of all tasks that these run, those of maps of workflows among them.

use std::collections::{BTreeMap, BTreeSet};

use nebulakit_types::wire::flyteidl::core::{DynamicJobSpec, Node as WireNode, TaskTemplate, workflow_node};

use super::elements::Way;
use super::made::{Made, all_made, sub_workflows, within};
use super::nodes::workflow;
use super::options::Options;
use super::settings::metadata;
use super::tables::Tables;
use super::{ids, tasks};

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
