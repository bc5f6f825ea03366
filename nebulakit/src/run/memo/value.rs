//! What of a value, and of a type, its part of a cache key is made of (Flyte's task contract, section 6.1).

use std::collections::BTreeMap;

use nebulakit_types::interface::Variable;
use nebulakit_types::literal::{Literal, LiteralValue};
use nebulakit_types::literal_type::{LiteralType, TypeKind};
use nebulakit_types::storage::local_path;

use crate::run::digest;
use crate::run::error::RecordError;
use crate::run::memo::content::Contents;

/// The entry of an annotation that takes part.
const COUNTS: &str = "cache-key-metadata";

/// The digest of a value: its own hash in its place where it has one, and what is in files and folders of this machine in the place of their paths.
pub(super) fn of_literal(mut literal: Literal, contents: &Contents) -> Result<String, RecordError> {
    reduce(&mut literal, contents)?;
    Ok(digest::of(literal.encode()))
}

fn reduce(literal: &mut Literal, contents: &Contents) -> Result<(), RecordError> {
    if let Some(hash) = literal.hash.take() {
        *literal = Literal { hash: Some(hash), ..Literal::none() };
        return Ok(());
    }
    if let Some(uri) = uri(&mut literal.value) {
        return match local_path(uri) {
            Some(path) => {
                *uri = format!("sha256:{}", contents.digest(&path)?);
                Ok(())
            }
            None => Ok(()),
        };
    }
    match &mut literal.value {
        LiteralValue::Union { value, .. } => reduce(value, contents),
        LiteralValue::Collection(literals) => literals.iter_mut().try_for_each(|literal| reduce(literal, contents)),
        LiteralValue::Map(literals) => literals.values_mut().try_for_each(|literal| reduce(literal, contents)),
        _ => Ok(()),
    }
}

/// Whether outputs can be read, and the files that they name are there.
pub(crate) fn is_whole(outputs: &[u8]) -> bool {
    Literal::decode_map(outputs).is_ok_and(|mut literals| literals.values_mut().all(is_there))
}

/// Whether the files and folders of this machine that a value names are there.
fn is_there(literal: &mut Literal) -> bool {
    if let Some(uri) = uri(&mut literal.value) {
        return local_path(uri).is_none_or(|path| path.exists());
    }
    match &mut literal.value {
        LiteralValue::Union { value, .. } => is_there(value),
        LiteralValue::Collection(literals) => literals.iter_mut().all(is_there),
        LiteralValue::Map(literals) => literals.values_mut().all(is_there),
        _ => true,
    }
}

/// Where a value's data is, if it is elsewhere.
fn uri(value: &mut LiteralValue) -> Option<&mut String> {
    match value {
        LiteralValue::Blob { uri, .. }
        | LiteralValue::Schema { uri, .. }
        | LiteralValue::StructuredDataset { uri, .. }
        | LiteralValue::Offloaded { uri, .. } => Some(uri),
        _ => None,
    }
}

/// The digest of the names and types of inputs or outputs.
pub(crate) fn of_variables(variables: &[Variable]) -> String {
    let types: BTreeMap<&str, Vec<u8>> =
        variables.iter().map(|variable| (variable.name.as_str(), counted(&variable.literal_type).encode())).collect();
    let mut parts = digest::Parts::default();
    for (name, encoded) in types {
        parts.add(name);
        parts.add(encoded);
    }
    parts.digest()
}

/// What of a type counts: not its metadata, and an annotation only if it says so.
fn counted(literal_type: &LiteralType) -> LiteralType {
    let kind = match &literal_type.kind {
        TypeKind::Collection(element) => TypeKind::Collection(Box::new(counted(element))),
        TypeKind::Map(value) => TypeKind::Map(Box::new(counted(value))),
        TypeKind::Union(variants) => TypeKind::Union(variants.iter().map(counted).collect()),
        kind => kind.clone(),
    };
    let mut structure = literal_type.structure.clone();
    if let Some(structure) = &mut structure {
        structure.dataclass_type.values_mut().for_each(|field| *field = counted(field));
    }
    let annotation = literal_type.annotation.clone().filter(|annotation| annotation.contains_key(COUNTS));
    LiteralType { kind, metadata: None, annotation, structure }
}
