//! Whether the bytes of a literal are of a declared type.
//!
//! Nothing behind a task looks at its outputs: a wrong one travels on, and may poison a cache. So they are compared with the interface
//! before they are stored.

use super::reader::{LiteralRef, LiteralView, MAX_DEPTH, deeper};
use crate::literal_type::{SimpleType, TypeKind};
use crate::{Error, ErrorKind, LiteralType, Result};

/// Checks that a literal is of the type `expected`, all the way down; msgpack is taken as it is.
///
/// # Errors
/// [`ErrorKind::Mismatch`] with the path to what is of another type, [`ErrorKind::Corrupt`] for broken bytes, [`ErrorKind::TooDeep`]
/// beyond [`MAX_DEPTH`].
pub fn check(literal: LiteralRef<'_>, expected: &LiteralType) -> Result<()> {
    check_at(literal, expected, MAX_DEPTH)
}

fn check_at(literal: LiteralRef<'_>, expected: &LiteralType, depth: usize) -> Result<()> {
    let depth = deeper(depth)?;
    let view = match literal.view() {
        // A reference that is passed on was checked where it was made.
        Err(error) if error.kind() == ErrorKind::NotFetched => return Ok(()),
        view => view?,
    };
    let fits = match (&expected.kind, view) {
        (TypeKind::Collection(element_type), LiteralView::Collection(mut elements)) => {
            let mut index = 0;
            while let Some(element) = elements.next()? {
                check_at(element, element_type, depth).map_err(|error| error.at_index(index))?;
                index += 1;
            }
            true
        }
        (TypeKind::Map(value_type), LiteralView::Map(mut entries)) => {
            while let Some((key, value)) = entries.next()? {
                check_at(value, value_type, depth).map_err(|error| error.at_key(key))?;
            }
            true
        }
        (TypeKind::Union(variants), LiteralView::Union(value, chosen)) => {
            let chosen = LiteralType::decode(chosen)?;
            let variant = variants.iter().find(|variant| variant.kind == chosen.kind && variant.tag() == chosen.tag());
            match variant {
                Some(variant) => check_at(value, variant, depth)?,
                None => {
                    return Err(Error::new(ErrorKind::Mismatch, format!("expected `{expected}`, found the variant `{chosen}`")));
                }
            }
            true
        }
        (TypeKind::Enum(values), LiteralView::String(text)) => {
            if !values.iter().any(|value| value == text) {
                return Err(Error::new(ErrorKind::Mismatch, format!("expected `{expected}`, found the string {text:?}")));
            }
            true
        }
        (TypeKind::Simple(simple), view) => simple_fits(*simple, &view),
        (TypeKind::Blob(_), LiteralView::Blob(_))
        | (TypeKind::Schema(_), LiteralView::Schema(_))
        | (TypeKind::StructuredDataset(_), LiteralView::StructuredDataset(_)) => true,
        // Attribute access on a struct gives lists, maps, files and tables as msgpack; enums and unions are never written so.
        (TypeKind::Collection(_) | TypeKind::Map(_) | TypeKind::Blob(_), LiteralView::Binary(_, "msgpack")) => true,
        _ => false,
    };
    if fits {
        return Ok(());
    }
    Err(Error::new(ErrorKind::Mismatch, format!("expected `{expected}`, found {}", view.kind())))
}

fn simple_fits(expected: SimpleType, view: &LiteralView<'_>) -> bool {
    match expected {
        SimpleType::None => matches!(view, LiteralView::None),
        SimpleType::Integer => matches!(view, LiteralView::Integer(_)),
        SimpleType::Float => matches!(view, LiteralView::Float(_)),
        SimpleType::String => matches!(view, LiteralView::String(_)),
        SimpleType::Boolean => matches!(view, LiteralView::Boolean(_)),
        SimpleType::Datetime => matches!(view, LiteralView::Datetime(..)),
        SimpleType::Duration => matches!(view, LiteralView::Duration(..)),
        SimpleType::Binary => matches!(view, LiteralView::Binary(..)),
        SimpleType::Error => matches!(view, LiteralView::Error(_)),
        SimpleType::Struct => matches!(view, LiteralView::Binary(_, "msgpack") | LiteralView::Generic(_)),
    }
}
