//! What tasks gave before: found by name, version, interface and inputs.

use std::collections::HashMap;
use std::sync::Mutex;

use nebulakit_types::wire::flyteidl::core::{LiteralMap, TaskTemplate, TypedInterface, literal};
use prost::Message as _;

/// The outputs of cached tasks.
#[derive(Debug, Default)]
pub(crate) struct Cache(Mutex<HashMap<Key, LiteralMap>>);

/// What a cached task is known by.
pub(crate) type Key = (String, Vec<u8>, Vec<u8>);

/// The key of a task with these inputs, where its template asks for it.
pub(crate) fn key(template: &TaskTemplate, inputs: &LiteralMap) -> Option<Key> {
    let metadata = template.metadata.as_ref().filter(|metadata| metadata.discoverable)?;
    let id = template.id.as_ref()?;
    let mut interface = template.interface.clone().unwrap_or_default();
    plain(&mut interface);
    let mut inputs = inputs.clone();
    inputs.literals.retain(|name, _| !metadata.cache_ignore_input_vars.contains(name));
    for literal in inputs.literals.values_mut().filter(|literal| !literal.hash.is_empty()) {
        // The hash stands for the value.
        literal.value = None::<literal::Value>;
    }
    let name = [&id.project, &id.domain, &id.name, &metadata.discovery_version].map(String::as_str).join(":");
    Some((name, interface.encode_to_vec(), inputs.encode_to_vec()))
}

/// An interface without what is for people.
fn plain(interface: &mut TypedInterface) {
    for variables in [&mut interface.inputs, &mut interface.outputs] {
        for variable in variables.iter_mut().flat_map(|variables| variables.variables.values_mut()) {
            variable.description.clear();
            if let Some(literal_type) = &mut variable.r#type {
                literal_type.metadata = None;
            }
        }
    }
}

impl Cache {
    pub(crate) fn get(&self, key: &Key) -> Option<LiteralMap> {
        self.0.lock().unwrap().get(key).cloned()
    }

    /// Keeps outputs; a task without any is not kept.
    pub(crate) fn put(&self, key: Key, outputs: &LiteralMap) -> bool {
        let has_some = !outputs.literals.is_empty();
        if has_some {
            self.0.lock().unwrap().insert(key, outputs.clone());
        }
        has_some
    }
}
