//! Files within structs, which are given by their paths.

use std::path::Path;

use nebulakit_types::convert::reader::{LiteralRef, References};
use nebulakit_types::literal_type::{LiteralType, TypeKind};
use nebulakit_types::storage::local_path;
use nebulakit_types::{Dialect, NebulaType as _, Untyped, encode};

use crate::run::error::{RecordError, RecordErrorKind};
use crate::run::memo::content::Contents;

/// Sees a text that names a path of this machine, and that path.
type See<'a> = dyn FnMut(&mut String, &Path) -> Result<(), RecordError> + 'a;

/// What says where a file, a directory or a table within a struct is.
const PLACES: [&str; 3] = ["path", "uri", "remote_path"];

/// Whether values of a type may name files, directories or tables.
pub(crate) fn may_have_files(literal_type: &LiteralType) -> bool {
    match &literal_type.kind {
        TypeKind::Blob(_) | TypeKind::Schema(_) | TypeKind::StructuredDataset(_) => true,
        TypeKind::Collection(inner) | TypeKind::Map(inner) => may_have_files(inner),
        TypeKind::Union(variants) => variants.iter().any(may_have_files),
        _ => literal_type.structure.as_ref().is_some_and(|structure| structure.dataclass_type.values().any(may_have_files)),
    }
}

/// A struct, the bytes of a literal, with the digests of local files in place of their paths; [`None`] if it names none.
pub(super) fn reduced(literal: &[u8], literal_type: &LiteralType, contents: &Contents) -> Result<Option<Vec<u8>>, RecordError> {
    let mut value = decoded(literal)?;
    let is_reduced = each_path(&mut value, literal_type, &mut |place, path| {
        *place = format!("sha256:{}", contents.digest(path)?);
        Ok(())
    })?;
    Ok(if is_reduced { Some(encode(&value, &Dialect::FLYTE_1).map_err(|error| unreadable(&error))?) } else { None })
}

/// Sees the paths of this machine that a struct names, the bytes of a literal.
pub(super) fn see_paths(literal: &[u8], literal_type: &LiteralType, see: &mut dyn FnMut(&Path)) -> Result<(), RecordError> {
    if may_have_files(literal_type) {
        each_path(&mut decoded(literal)?, literal_type, &mut |_, path| {
            see(path);
            Ok(())
        })?;
    }
    Ok(())
}

fn decoded(literal: &[u8]) -> Result<Untyped, RecordError> {
    Untyped::decode(LiteralRef::new(literal, References::none())).map_err(|error| unreadable(&error))
}

fn unreadable(error: &nebulakit_types::Error) -> RecordError {
    RecordError::new(RecordErrorKind::Corrupt, format!("a struct cannot be read: {error}"))
}

/// Goes to each text that names a path of this machine, and says whether there was any.
fn each_path(value: &mut Untyped, literal_type: &LiteralType, see: &mut See<'_>) -> Result<bool, RecordError> {
    let mut is_any = false;
    match (&literal_type.kind, value) {
        (TypeKind::Blob(_) | TypeKind::Schema(_) | TypeKind::StructuredDataset(_), Untyped::Map(entries)) => {
            for (key, place) in entries {
                if let (Untyped::String(key), Untyped::String(place)) = (&*key, place)
                    && PLACES.contains(&key.as_str())
                    && let Some(path) = local_path(place)
                {
                    see(place, &path)?;
                    is_any = true;
                }
            }
        }
        (TypeKind::Collection(element), Untyped::List(elements)) => {
            for value in elements {
                is_any |= each_path(value, element, see)?;
            }
        }
        (TypeKind::Map(inner), Untyped::Map(entries)) => {
            for (_, value) in entries {
                is_any |= each_path(value, inner, see)?;
            }
        }
        (TypeKind::Union(variants), value) => {
            // Those that do not fit change nothing.
            for variant in variants {
                if !is_any {
                    is_any = each_path(value, variant, see)?;
                }
            }
        }
        (_, Untyped::Map(entries)) => {
            let Some(structure) = &literal_type.structure else { return Ok(false) };
            for (key, value) in entries {
                if let Untyped::String(key) = &*key
                    && let Some(field) = structure.dataclass_type.get(key)
                {
                    is_any |= each_path(value, field, see)?;
                }
            }
        }
        _ => {}
    }
    Ok(is_any)
}
