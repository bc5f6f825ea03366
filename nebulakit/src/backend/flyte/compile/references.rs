//! Tasks that are registered elsewhere, in jobs: the platform does not fetch templates for a job, so registration does.

use std::collections::{BTreeMap, BTreeSet};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use nebulakit_types::wire::flyteidl::core::{Identifier, ResourceType, TaskTemplate};
use nebulakit_types::wire::google::protobuf::{ListValue, Struct, Value, value};
use prost::Message as _;

use super::program::Program;
use super::tables::Tables;
use crate::graph::{Graph, Kind, Mapped, Node, Reference, ReferenceKind, Scope};
use crate::task::elements::text;
use crate::task::registry::registry;

/// The key under which the template of a dynamic task has those of tasks that are registered elsewhere.
const TEMPLATES: &str = "nebulakit.references";

/// Templates of tasks that are registered elsewhere, encoded, by project, domain, name and version.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Templates(BTreeMap<[String; 4], Vec<u8>>);

impl Templates {
    pub(super) fn add(&mut self, template: &TaskTemplate) {
        let id = template.id.clone().unwrap_or_default();
        self.0.insert([id.project, id.domain, id.name, id.version], template.encode_to_vec());
    }

    /// The template of the task that is registered elsewhere as `reference` says, if it is at hand.
    pub(super) fn get(&self, reference: &Reference) -> Option<TaskTemplate> {
        TaskTemplate::decode(&**self.0.get(&key(reference))?).ok()
    }

    pub(super) fn has(&self, reference: &Reference) -> bool {
        self.0.contains_key(&key(reference))
    }

    /// As the template of a dynamic task has them.
    pub(super) fn to_custom(&self) -> Option<Struct> {
        let values = self.0.values().map(|template| text(STANDARD.encode(template))).collect();
        let list = Value { kind: Some(value::Kind::ListValue(ListValue { values })) };
        (!self.0.is_empty()).then(|| Struct { fields: BTreeMap::from([(TEMPLATES.to_owned(), list)]) })
    }

    /// Those that the template of a dynamic task has.
    pub(super) fn of_custom(custom: Option<&Struct>) -> Result<Self, String> {
        let mut templates = Self::default();
        let Some(value::Kind::ListValue(list)) = custom.and_then(|custom| custom.fields.get(TEMPLATES)?.kind.as_ref()) else {
            return Ok(templates);
        };
        for value in &list.values {
            let Some(value::Kind::StringValue(text)) = &value.kind else { return Err(format!("`{TEMPLATES}` is not a list of texts")) };
            let bytes = STANDARD.decode(text).map_err(|error| format!("`{TEMPLATES}`: {error}"))?;
            templates.add(&TaskTemplate::decode(&*bytes).map_err(|error| format!("`{TEMPLATES}`: {error}"))?);
        }
        Ok(templates)
    }
}

fn key(reference: &Reference) -> [String; 4] {
    [&reference.project, &reference.domain, &reference.name, &reference.version].map(ToString::to_string)
}

impl Program {
    /// The tasks that are registered elsewhere and may run in a job: those of mapped workflows, and all of this program if a task of it is dynamic,
    /// since nobody knows before it runs what it makes. Their templates are for [`Options::reference`](super::Options::reference).
    #[must_use]
    pub fn references_in_jobs(&self) -> Vec<Identifier> {
        let tables = Tables::of(self);
        let of_maps = tables.workflows.values().flat_map(|graph| maps(graph)).flat_map(|(_, name)| run_by(name, &tables));
        let mut found: BTreeSet<[String; 4]> = of_maps.map(key).collect();
        if tables.definitions.values().any(|task| task.is_dynamic()) {
            let known = registry().iter().filter_map(|task| task.reference());
            found.extend(known.map(|of| [of.project, of.domain, of.name, of.version].map(str::to_owned)));
        }
        let id = |[project, domain, name, version]: [String; 4]| Identifier {
            resource_type: ResourceType::Task.into(),
            project,
            domain,
            name,
            version,
            ..Identifier::default()
        };
        found.into_iter().map(id).collect()
    }
}

/// What is registered elsewhere, for people.
#[cfg(feature = "flyte")]
pub(crate) fn shown(id: &Identifier) -> String {
    format!("`{}` in `{}`/`{}`, version `{}`", id.name, id.project, id.domain, id.version)
}

/// The nodes of a workflow that map one, each with the name of that.
pub(super) fn maps(graph: &Graph) -> Vec<(&Node, &str)> {
    let mut found = Vec::new();
    each(&graph.body, &mut |node| {
        if let Kind::Map(map) = &node.kind
            && let Mapped::Workflow(name) = &map.of
        {
            found.push((node, &**name));
        }
    });
    found
}

/// The tasks registered elsewhere that the workflow `name` runs, itself or by the workflows in it.
pub(super) fn run_by<'p>(name: &'p str, tables: &Tables<'p>) -> Vec<&'p Reference> {
    let mut seen = BTreeSet::from([name]);
    let mut left = vec![name];
    let mut found = BTreeMap::new();
    while let Some(name) = left.pop() {
        let Some(graph) = tables.workflows.get(name) else { continue };
        let mut see = |node: &'p Node| match &node.kind {
            Kind::Reference(name) => {
                let known = tables.references.get(&**name).filter(|reference| reference.kind == ReferenceKind::Task);
                found.extend(known.map(|reference| (&**name, *reference)));
            }
            Kind::Workflow(name) => left.extend(seen.insert(name).then_some(&**name)),
            Kind::Map(map) => {
                if let Mapped::Workflow(name) = &map.of {
                    left.extend(seen.insert(name).then_some(&**name));
                }
            }
            _ => {}
        };
        each(&graph.body, &mut see);
        graph.on_failure.iter().for_each(|handler| see(handler));
    }
    found.into_values().collect()
}

fn each<'g>(scope: &'g Scope, see: &mut dyn FnMut(&'g Node)) {
    for node in &scope.nodes {
        see(node);
        if let Kind::Branch(branch) = &node.kind {
            branch.scopes().for_each(|inner| each(inner, see));
        }
    }
}
