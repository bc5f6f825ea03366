//! The version of what nobody gave one.

use prost::Message as _;
use sha2::{Digest as _, Sha256};

use super::super::compile::Entity;

/// How many characters of the hash are a version: two programs in a project do not share one.
const LENGTH: usize = 20;

/// A version that is the same for the same entities, and another one for any others.
pub(crate) fn version_of(entities: &[Entity]) -> String {
    let mut hash = Sha256::new();
    for entity in entities {
        let bytes = match entity {
            Entity::Task { spec, .. } => spec.encode_to_vec(),
            Entity::Workflow { spec, .. } => spec.encode_to_vec(),
            Entity::LaunchPlan { plan, .. } => plan.encode_to_vec(),
        };
        hash.update((bytes.len() as u64).to_le_bytes());
        hash.update(bytes);
    }
    let mut text: String = hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
    text.truncate(LENGTH);
    text
}
