//! Which parts of a value, and of a type, go into a cache key (Flyte's task contract, section 6.1).

use std::collections::BTreeMap;

use nebulakit_types::interface::Variable;
use nebulakit_types::literal::{Literal, LiteralValue};
use nebulakit_types::literal_type::{LiteralType, TypeKind};
use nebulakit_types::storage::local_path;

use crate::run::digest;
use crate::run::error::RecordError;
use crate::run::lookup::KeyPart;
use crate::run::memo::content::Contents;
use crate::run::memo::structs::{may_have_files, reduced};

/// The entry that makes an annotation part of the key.
const COUNTS: &str = "cache-key-metadata";

/// Maximum bytes of a value that is in a key itself: a digest has as many.
const SHORT: usize = 64;

/// The key part of a value: its own hash replaces it, if it has one, and the contents of local files and folders replace their paths.
pub(super) fn of_literal(mut literal: Literal, literal_type: &LiteralType, contents: &Contents) -> Result<KeyPart, RecordError> {
    let is_reduced = reduce(&mut literal, literal_type, contents)?;
    let bytes = literal.encode();
    Ok(if is_reduced || bytes.len() > SHORT { KeyPart::Digest(digest::of(bytes)) } else { KeyPart::Value(bytes) })
}

/// Replaces a value by what counts of it, and returns whether that changed it.
fn reduce(literal: &mut Literal, literal_type: &LiteralType, contents: &Contents) -> Result<bool, RecordError> {
    if let Some(hash) = literal.hash.take() {
        *literal = Literal { hash: Some(hash), ..Literal::none() };
        return Ok(true);
    }
    if let Some(uri) = uri(&mut literal.value) {
        return match local_path(uri) {
            Some(path) => {
                *uri = format!("sha256:{}", contents.digest(&path)?);
                Ok(true)
            }
            None => Ok(false),
        };
    }
    let inner = match &literal_type.kind {
        TypeKind::Collection(inner) | TypeKind::Map(inner) => inner,
        _ => literal_type,
    };
    match &mut literal.value {
        LiteralValue::Union { value, variant } => reduce(value, variant.as_deref().unwrap_or(literal_type), contents),
        LiteralValue::Collection(literals) => reduce_all(literals.iter_mut(), inner, contents),
        LiteralValue::Map(literals) => reduce_all(literals.values_mut(), inner, contents),
        LiteralValue::Binary { .. } | LiteralValue::Generic(_) if may_have_files(literal_type) => {
            let reduced = reduced(&literal.encode(), literal_type, contents)?;
            let is_reduced = reduced.is_some();
            if let Some(bytes) = reduced {
                literal.value = LiteralValue::Binary { value: bytes, tag: String::new() };
            }
            Ok(is_reduced)
        }
        _ => Ok(false),
    }
}

fn reduce_all<'a>(
    mut literals: impl Iterator<Item = &'a mut Literal>,
    literal_type: &LiteralType,
    contents: &Contents,
) -> Result<bool, RecordError> {
    literals.try_fold(false, |is_reduced, literal| Ok(reduce(literal, literal_type, contents)? || is_reduced))
}

/// Whether outputs can be read, and the files that they name exist.
pub(crate) fn is_whole(outputs: &[u8]) -> bool {
    let is_gone = |uri: &str| local_path(uri).is_some_and(|path| !path.exists());
    Literal::decode_map(outputs).is_ok_and(|mut literals| !literals.values_mut().any(|literal| any_uri(literal, &is_gone)))
}

/// Whether something holds for any of the places that a value names.
fn any_uri(literal: &mut Literal, holds: &dyn Fn(&str) -> bool) -> bool {
    if let Some(uri) = uri(&mut literal.value) {
        return holds(uri);
    }
    match &mut literal.value {
        LiteralValue::Union { value, .. } => any_uri(value, holds),
        LiteralValue::Collection(literals) => literals.iter_mut().any(|literal| any_uri(literal, holds)),
        LiteralValue::Map(literals) => literals.values_mut().any(|literal| any_uri(literal, holds)),
        _ => false,
    }
}

/// The place of a value's data, if it is stored separately.
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

/// The parts of a type that count: not its metadata, and an annotation only if it says so.
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
