//! What differs between an entity and what is registered under the same version.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Debug;

use nebulakit_types::wire::flyteidl::admin::{Workflow, WorkflowSpec};
use nebulakit_types::wire::flyteidl::core::WorkflowTemplate;

use super::outcome::Difference;

/// How many differences are told: the first few say what happened.
const MOST: usize = 20;

/// How many characters of a value are told.
const LONGEST: usize = 200;

/// Whether the control plane says that another entity is registered under the same version.
pub(super) fn is_told(said: &str) -> bool {
    said.contains("with different structure already exists")
}

/// The differences that the control plane tells, each as three lines: the place, what is registered behind `-`, and what was sent behind `+`.
pub(super) fn told(said: &str) -> Vec<Difference> {
    let mut differences: Vec<Difference> = Vec::new();
    for line in said.lines().skip(1) {
        let value = |text: &str| Some(cut(text.trim())).filter(|text| text != "<nil>");
        if let (Some(text), Some(last)) = (line.strip_prefix("\t- "), differences.last_mut()) {
            last.registered = value(text);
        } else if let (Some(text), Some(last)) = (line.strip_prefix("\t+ "), differences.last_mut()) {
            last.sent = value(text);
        } else {
            differences.push(Difference { place: line.trim_end_matches(':').to_owned(), registered: None, sent: None });
        }
    }
    differences.truncate(MOST);
    differences
}

/// The differences of two workflows.
pub(super) fn of_workflows(registered: &Workflow, sent: &WorkflowSpec) -> Vec<Difference> {
    let mut former = Places::new();
    if let Some(compiled) = registered.closure.as_ref().and_then(|closure| closure.compiled_workflow.as_ref()) {
        place("", compiled.primary.as_ref().and_then(|primary| primary.template.as_ref()), &mut former);
        compiled.sub_workflows.iter().for_each(|sub| place_inner(sub.template.as_ref(), &mut former));
    }
    let mut present = Places::new();
    place("", sent.template.as_ref(), &mut present);
    sent.sub_workflows.iter().for_each(|template| place_inner(Some(template), &mut present));

    let mut differences: Vec<Difference> = Vec::new();
    for place in former.keys().chain(present.keys()).collect::<BTreeSet<_>>() {
        let (registered, sent) = (former.get(place), present.get(place));
        let is_within = |last: &Difference| {
            (last.registered.is_none() || last.sent.is_none()) && place.strip_prefix(&last.place).is_some_and(|rest| rest.starts_with('/'))
        };
        if registered == sent || differences.last().is_some_and(is_within) {
            continue;
        }
        let start = match (registered, sent) {
            (Some(registered), Some(sent)) => registered.bytes().zip(sent.bytes()).take_while(|(a, b)| a == b).count(),
            _ => 0,
        };
        let text = |text: &String| cut_around(text, start);
        differences.push(Difference { place: place.clone(), registered: registered.map(text), sent: sent.map(text) });
    }
    differences.truncate(MOST);
    differences
}

/// The parts of workflows as text, by their places.
type Places = BTreeMap<String, String>;

fn place_inner(template: Option<&WorkflowTemplate>, places: &mut Places) {
    let name = template.and_then(|template| template.id.as_ref()).map(|id| id.name.as_str()).unwrap_or_default();
    place(&format!("/{name}"), template, places);
}

/// Adds the parts of a workflow, without what the control plane adds: the nodes of the inputs and of the outputs.
fn place(at: &str, template: Option<&WorkflowTemplate>, places: &mut Places) {
    let Some(template) = template else { return };
    // Inputs are promises of a node without a name, to which the control plane gives one.
    let mut add = |place: String, part: &dyn Debug| places.insert(place, format!("{part:?}").replace("\"start-node\"", "\"\""));
    let interface = template.interface.as_ref();
    for (what, variables) in
        [("inputs", interface.and_then(|i| i.inputs.as_ref())), ("outputs", interface.and_then(|i| i.outputs.as_ref()))]
    {
        for (name, variable) in variables.iter().flat_map(|map| &map.variables) {
            add(format!("{at}/interface/{what}/{name}"), &variable.r#type);
        }
    }
    let nodes = template.nodes.iter().filter(|node| !["start-node", "end-node"].contains(&node.id.as_str()));
    for node in nodes.chain(&template.failure_node) {
        let at = format!("{at}/nodes/{}", node.id);
        add(at.clone(), &node.target);
        add(format!("{at}/metadata"), &node.metadata);
        add(format!("{at}/upstream"), &node.upstream_node_ids.iter().filter(|id| *id != "start-node").collect::<Vec<_>>());
        for binding in &node.inputs {
            add(format!("{at}/inputs/{}", binding.var), &binding.binding);
        }
    }
    for binding in &template.outputs {
        add(format!("{at}/outputs/{}", binding.var), &binding.binding);
    }
    add(format!("{at}/metadata"), &template.metadata);
    add(format!("{at}/metadata_defaults"), &template.metadata_defaults);
}

/// The part of a text around the byte where it begins to differ.
fn cut_around(text: &str, start: usize) -> String {
    let begin = text.floor_char_boundary(start.saturating_sub(LONGEST / 2));
    match begin {
        0 => cut(text),
        begin => format!("…{}", cut(&text[begin..])),
    }
}

fn cut(text: &str) -> String {
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}
