//! Which parts of a value, and of a type, go into a cache key (Flyte's task contract, section 6.1).

use std::cell::LazyCell;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use nebulakit_types::interface::{Interface, Variable};
use nebulakit_types::literal::{Literal, LiteralValue};
use nebulakit_types::literal_type::{LiteralType, TypeKind};
use nebulakit_types::storage::local_path;

use crate::run::digest;
use crate::run::error::RecordError;
use crate::run::lookup::KeyPart;
use crate::run::memo::content::Contents;
use crate::run::memo::structs::{self, may_have_files, reduced};

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
    let mut are_all = true;
    let mut see = |path: &Path| are_all &= path.exists();
    let seen = Literal::decode_map(outputs)
        .is_ok_and(|mut literals| literals.iter_mut().all(|(name, literal)| see_paths(literal, &|| of(name), &mut see).is_ok()));
    seen && are_all
}

/// The paths of this machine that a value names, the bytes of a literal; each once. Of a value that cannot be read they are those before that.
pub(crate) fn paths_in(literal: &[u8], literal_type: &LiteralType) -> BTreeSet<PathBuf> {
    let mut paths = BTreeSet::new();
    if let Ok(mut literal) = Literal::decode(literal) {
        let _ = see_paths(&mut literal, &|| Some(literal_type), &mut |path| paths.extend([path.to_owned()]));
    }
    paths
}

/// Sees the paths of this machine that a value names, whose type is asked for where it is needed.
fn see_paths<'t>(
    literal: &mut Literal,
    literal_type: &dyn Fn() -> Option<&'t LiteralType>,
    see: &mut dyn FnMut(&Path),
) -> Result<(), RecordError> {
    if let Some(uri) = uri(&mut literal.value) {
        local_path(uri).iter().for_each(|path| see(path));
        return Ok(());
    }
    let of_inner = || literal_type().map(inner);
    match &mut literal.value {
        LiteralValue::Union { value, variant } => {
            let variant = variant.as_deref();
            see_paths(value, &|| if variant.is_some() { variant } else { literal_type() }, see)
        }
        LiteralValue::Collection(literals) => literals.iter_mut().try_for_each(|literal| see_paths(literal, &of_inner, see)),
        LiteralValue::Map(literals) => literals.values_mut().try_for_each(|literal| see_paths(literal, &of_inner, see)),
        LiteralValue::Binary { .. } | LiteralValue::Generic(_) => match literal_type() {
            Some(of) => structs::see_paths(&literal.encode(), of, see),
            None => Ok(()),
        },
        _ => Ok(()),
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
