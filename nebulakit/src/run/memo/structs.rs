//! Files within structs, which are given by their paths.

use nebulakit_types::convert::reader::{LiteralRef, References};
use nebulakit_types::literal_type::{LiteralType, TypeKind};
use nebulakit_types::storage::local_path;
use nebulakit_types::{Dialect, NebulaType as _, Untyped, encode};

use crate::run::error::{RecordError, RecordErrorKind};
use crate::run::memo::content::Contents;

/// The fields with the place of a file, a directory or a table within a struct.
const PLACES: [&str; 2] = ["path", "uri"];

/// Whether values of a type may name files, directories or tables.
pub(super) fn may_have_files(literal_type: &LiteralType) -> bool {
    match &literal_type.kind {
        TypeKind::Blob(_) | TypeKind::Schema(_) | TypeKind::StructuredDataset(_) => true,
        TypeKind::Collection(inner) | TypeKind::Map(inner) => may_have_files(inner),
        TypeKind::Union(variants) => variants.iter().any(may_have_files),
        _ => literal_type.structure.as_ref().is_some_and(|structure| structure.dataclass_type.values().any(may_have_files)),
    }
}

/// A struct, the bytes of a literal, with the digests of local files in place of their paths; [`None`] if it names none.
pub(super) fn reduced(literal: &[u8], literal_type: &LiteralType, contents: &Contents) -> Result<Option<Vec<u8>>, RecordError> {
    let unreadable =
        |error: nebulakit_types::Error| RecordError::new(RecordErrorKind::Corrupt, format!("a struct cannot be read: {error}"));
    let mut value = Untyped::decode(LiteralRef::new(literal, References::none())).map_err(unreadable)?;
    Ok(if reduce(&mut value, literal_type, contents)? { Some(encode(&value, &Dialect::FLYTE_1).map_err(unreadable)?) } else { None })
}

fn reduce(value: &mut Untyped, literal_type: &LiteralType, contents: &Contents) -> Result<bool, RecordError> {
    let mut is_reduced = false;
    match (&literal_type.kind, value) {
        (TypeKind::Blob(_) | TypeKind::Schema(_) | TypeKind::StructuredDataset(_), Untyped::Map(entries)) => {
            for (key, place) in entries {
                if let (Untyped::String(key), Untyped::String(place)) = (&*key, place)
                    && PLACES.contains(&key.as_str())
                    && let Some(path) = local_path(place)
                {
                    *place = format!("sha256:{}", contents.digest(&path)?);
                    is_reduced = true;
                }
            }
        }
        (TypeKind::Collection(element), Untyped::List(elements)) => {
            for value in elements {
                is_reduced |= reduce(value, element, contents)?;
            }
        }
        (TypeKind::Map(inner), Untyped::Map(entries)) => {
            for (_, value) in entries {
                is_reduced |= reduce(value, inner, contents)?;
            }
        }
        (TypeKind::Union(variants), value) => {
            // Those that do not fit change nothing.
            for variant in variants {
                if !is_reduced {
                    is_reduced = reduce(value, variant, contents)?;
                }
            }
        }
        (_, Untyped::Map(entries)) => {
            let Some(structure) = &literal_type.structure else { return Ok(false) };
            for (key, value) in entries {
                if let Untyped::String(key) = &*key
                    && let Some(field) = structure.dataclass_type.get(key)
                {
                    is_reduced |= reduce(value, field, contents)?;
                }
            }
        }
        _ => {}
    }
    Ok(is_reduced)
}
