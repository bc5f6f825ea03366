//! What differs between an entity and what is registered under the same version.

use std::collections::{BTreeMap, BTreeSet};

use nebulakit_types::json::{Message, to_json};
use nebulakit_types::wire::flyteidl::admin::{Workflow, WorkflowSpec};
use nebulakit_types::wire::flyteidl::core::WorkflowTemplate;
use prost::Message as _;
use serde_json::Value;

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
    let compiled = registered.closure.as_ref().and_then(|closure| closure.compiled_workflow.as_ref());
    let templates = |primary: Option<&WorkflowTemplate>, others: &mut dyn Iterator<Item = &WorkflowTemplate>| {
        let others = others.filter_map(|template| Some((template.id.as_ref()?.name.clone(), plain(template))));
        BTreeMap::from_iter(others.chain(primary.map(|template| (String::new(), plain(template)))))
    };
    let former = templates(
        compiled.and_then(|compiled| compiled.primary.as_ref()?.template.as_ref()),
        &mut compiled.iter().flat_map(|compiled| &compiled.sub_workflows).filter_map(|sub| sub.template.as_ref()),
    );
    let present = templates(sent.template.as_ref(), &mut sent.sub_workflows.iter());
    let mut differences = Vec::new();
    for name in former.keys().chain(present.keys()).collect::<BTreeSet<_>>() {
        let place = if name.is_empty() { String::new() } else { format!("/{name}") };
        compare(&place, former.get(name), present.get(name), &mut differences);
    }
    differences.truncate(MOST);
    differences
}

/// A workflow without what the control plane adds, and with its nodes by their ids.
fn plain(template: &WorkflowTemplate) -> Value {
    let mut template = template.clone();
    template.id = None;
    template.nodes.retain(|node| !["start-node", "end-node"].contains(&node.id.as_str()));
    let mut json = to_json(Message::WorkflowTemplate, &template.encode_to_vec()).unwrap_or_default();
    keyed(&mut json);
    json
}

/// Turns lists of what has a name into maps by it, and drops the name of the node that stands for the inputs: the control plane adds it.
fn keyed(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            fields.retain(|name, value| !(["nodeId", "upstreamNodeIds"].contains(&name.as_str()) && is_start(value)));
            fields.values_mut().for_each(keyed);
        }
        Value::Array(items) => {
            items.iter_mut().for_each(keyed);
            let name = |item: &Value| Some(item.get("id").or_else(|| item.get("var"))?.as_str()?.to_owned());
            if let Some(named) = items.iter().map(|item| Some((name(item)?, item.clone()))).collect::<Option<_>>()
                && !items.is_empty()
            {
                *value = Value::Object(named);
            }
        }
        _ => {}
    }
}

fn is_start(value: &Value) -> bool {
    value == "start-node" || value.as_array().is_some_and(|ids| ids.iter().all(|id| id == "start-node"))
}

fn compare(place: &str, registered: Option<&Value>, sent: Option<&Value>, differences: &mut Vec<Difference>) {
    match (registered, sent) {
        (former, present) if former == present => {}
        (Some(Value::Object(former)), Some(Value::Object(present))) => {
            for name in former.keys().chain(present.keys()).collect::<BTreeSet<_>>() {
                compare(&format!("{place}/{name}"), former.get(name), present.get(name), differences);
            }
        }
        (former, present) => {
            let text = |value: &Value| cut(&value.as_str().map_or_else(|| value.to_string(), str::to_owned));
            differences.push(Difference { place: place.to_owned(), registered: former.map(text), sent: present.map(text) });
        }
    }
}

fn cut(text: &str) -> String {
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}
