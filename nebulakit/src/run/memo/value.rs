//! What of a value, and of a type, its part of a cache key is made of (Flyte's task contract, section 6.1).

use std::cell::LazyCell;
use std::collections::BTreeMap;

use nebulakit_types::interface::{Interface, Variable};
use nebulakit_types::literal::{Literal, LiteralValue};
use nebulakit_types::literal_type::{LiteralType, TypeKind};
use nebulakit_types::storage::local_path;

use crate::run::digest;
use crate::run::error::RecordError;
use crate::run::lookup::KeyPart;
use crate::run::memo::content::Contents;
use crate::run::memo::structs::{may_have_files, names_what_is_there, reduced};

/// The entry of an annotation that takes part.
const COUNTS: &str = "cache-key-metadata";

/// The longest value that stands in a key as it is: a digest has as many bytes.
const SHORT: usize = 64;

/// What stands for a value: its own hash in its place where it has one, and what is in files and folders of this machine in the place of their paths.
pub(super) fn of_literal(mut literal: Literal, literal_type: &LiteralType, contents: &Contents) -> Result<KeyPart, RecordError> {
    let is_reduced = reduce(&mut literal, literal_type, contents)?;
    let bytes = literal.encode();
    Ok(if is_reduced || bytes.len() > SHORT { KeyPart::Digest(digest::of(bytes)) } else { KeyPart::Value(bytes) })
}

/// Puts what counts in the place of a value, and says whether that is something else.
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
    let inner = inner(literal_type);
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

/// The type of what is in a list or a map.
fn inner(literal_type: &LiteralType) -> &LiteralType {
    match &literal_type.kind {
        TypeKind::Collection(inner) | TypeKind::Map(inner) => inner,
        _ => literal_type,
    }
}

/// Whether outputs can be read, and the files of this machine are there that they name; `interface` is that of the task which gave them.
pub(crate) fn is_whole(outputs: &[u8], interface: impl FnOnce() -> Interface) -> bool {
    // Structs alone need it.
    let interface = LazyCell::new(interface);
    let of = |name: &str| interface.outputs.iter().find(|output| output.name == name).map(|output| &output.literal_type);
    Literal::decode_map(outputs).is_ok_and(|mut literals| literals.iter_mut().all(|(name, literal)| is_there(literal, &|| of(name))))
}

/// Whether the files are there that a value names, whose type is asked for where it is needed.
fn is_there<'t>(literal: &mut Literal, literal_type: &dyn Fn() -> Option<&'t LiteralType>) -> bool {
    if let Some(uri) = uri(&mut literal.value) {
        return local_path(uri).is_none_or(|path| path.exists());
    }
    let of_inner = || literal_type().map(inner);
    match &mut literal.value {
        LiteralValue::Union { value, variant: Some(variant) } => is_there(value, &|| Some(variant)),
        LiteralValue::Union { value, variant: None } => is_there(value, literal_type),
        LiteralValue::Collection(literals) => literals.iter_mut().all(|literal| is_there(literal, &of_inner)),
        LiteralValue::Map(literals) => literals.values_mut().all(|literal| is_there(literal, &of_inner)),
        LiteralValue::Binary { .. } | LiteralValue::Generic(_) => {
            literal_type().is_none_or(|of| names_what_is_there(&literal.encode(), of))
        }
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
