//! The task that gives on what it takes, as values of the types that it declares.
//!
//! The platform hands on a part of a structure as it is written there: an integer of one kind of structure is a float, and a float of another may be an
//! integer. It compares values of one type alone. It also leaves out an optional input that has no value, and needs every output.

use std::collections::BTreeMap;

use nebulakit_types::convert::check::check;
use nebulakit_types::convert::reader::{Entries, LiteralRef, LiteralView, References};
use nebulakit_types::convert::writer::{Encoder, map_of_literals};
use nebulakit_types::literal_type::{SimpleType, TypeKind};
use nebulakit_types::{Dialect, LiteralType, NebulaType, Result};

use crate::task::template::declared;

/// The outputs of the task with this template that takes `inputs`, both in the form of the documents of a task.
///
/// # Errors
/// When a value cannot be one of its type without a loss, at the name of the input, and when a document is broken.
pub(super) fn given_on(inputs: &[u8], template: &[u8]) -> Result<Vec<u8>> {
    let mut entries = Entries::of_map(inputs, References::none());
    let mut given = BTreeMap::new();
    while let Some((name, literal)) = entries.next()? {
        given.insert(name, literal);
    }
    let declared = declared(template)?;
    let outputs = declared.outputs.iter().map(|output| {
        let literal = given.get(output.name.as_str()).map(|literal| fitted(*literal, &output.literal_type));
        let literal = literal.unwrap_or_else(none).map_err(|error| error.at_field(&output.name))?;
        Ok((output.name.as_str(), literal))
    });
    let outputs: Vec<_> = outputs.collect::<Result<_>>()?;
    Ok(map_of_literals(outputs.iter().map(|(name, literal)| (*name, &**literal))))
}

/// The literal as one of `expected`; as it is where it is one already, or where the platform does not look into it.
fn fitted(literal: LiteralRef<'_>, expected: &LiteralType) -> Result<Vec<u8>> {
    if check(literal, expected).is_ok() {
        return Ok(literal.bytes().to_vec());
    }
    match (&expected.kind, literal.view()?) {
        (TypeKind::Simple(SimpleType::Integer), _) => again::<i64>(literal),
        (TypeKind::Simple(SimpleType::Float), _) => again::<f64>(literal),
        (TypeKind::Simple(SimpleType::Boolean), _) => again::<bool>(literal),
        (TypeKind::Simple(SimpleType::String), _) => again::<String>(literal),
        (TypeKind::Collection(element_type), LiteralView::Collection(mut elements)) => {
            let mut all = Vec::new();
            while let Some(element) = elements.next()? {
                all.push(fitted(element, element_type).map_err(|error| error.at_index(all.len()))?);
            }
            written(|encoder| encoder.collection(&all, raw))
        }
        (TypeKind::Map(value_type), LiteralView::Map(mut entries)) => {
            let mut all = Vec::new();
            while let Some((key, value)) = entries.next()? {
                all.push((key, fitted(value, value_type).map_err(|error| error.at_key(key))?));
            }
            written(|encoder| encoder.map(all.iter().map(|(key, value)| (*key, value)), raw))
        }
        // A part of a structure comes without its variant, and the platform asks for none.
        (TypeKind::Union(variants), LiteralView::Integer(_) | LiteralView::Float(_)) => {
            let numbers =
                variants.iter().filter(|variant| matches!(variant.kind, TypeKind::Simple(SimpleType::Integer | SimpleType::Float)));
            let nearest = numbers.min_by_key(|variant| check(literal, variant).is_err());
            nearest.map_or_else(|| Ok(literal.bytes().to_vec()), |variant| fitted(literal, variant))
        }
        _ => Ok(literal.bytes().to_vec()),
    }
}

/// The literal, read and written again.
fn again<T: NebulaType>(literal: LiteralRef<'_>) -> Result<Vec<u8>> {
    let value = T::decode(literal)?;
    written(|encoder| value.encode(encoder))
}

fn none() -> Result<Vec<u8>> {
    written(|encoder| {
        encoder.none();
        Ok(())
    })
}

fn written(write: impl FnOnce(&mut Encoder) -> Result<()>) -> Result<Vec<u8>> {
    let mut encoder = Encoder::new(&Dialect::FLYTE_1);
    write(&mut encoder)?;
    Ok(encoder.finish())
}

#[expect(clippy::unnecessary_wraps, reason = "what writes an element may fail elsewhere")]
fn raw(encoder: &mut Encoder, literal: &impl AsRef<[u8]>) -> Result<()> {
    encoder.raw(literal.as_ref());
    Ok(())
}
