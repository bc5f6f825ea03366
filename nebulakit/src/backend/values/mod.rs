//! Values on their way from node to node: literals in their wire form.
//!
//! The outputs of a task are the bytes of an `outputs.pb`, and the inputs of the next one are parts of them. Only values that a condition compares
//! or a path leads into are decoded.

pub(in crate::backend) mod map;
pub(in crate::backend) mod test;

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use bytes::Bytes;
use nebulakit_types::convert::reader::{Entries, LiteralRef, LiteralView, References};
use nebulakit_types::convert::writer::{Encoder, map_of_literals};
use nebulakit_types::{Dialect, Error, ErrorKind, NebulaType, Result, Untyped};

use crate::graph::Step;

/// The codes of failures to pass values on.
pub(in crate::backend) mod code {
    pub(in crate::backend) const BINDING: &str = "SYSTEM:BindingResolutionFailure";
    pub(in crate::backend) const LENGTHS: &str = "USER:InvalidArrayLength";
    pub(in crate::backend) const BRANCH: &str = "USER:MalformedBranch";
    pub(in crate::backend) const NO_ARM: &str = "USER:UserProvidedError";
}

/// The literal `name` of a map of literals with these bytes; the last one, if a name occurs twice.
pub(in crate::backend) fn named(literals: &Bytes, name: &str) -> Result<Option<Bytes>> {
    let mut entries = Entries::of_map(literals, References::none());
    let mut found = None;
    while let Some((key, literal)) = entries.next()? {
        if key == name {
            found = Some(literals.slice_ref(literal.bytes()));
        }
    }
    Ok(found)
}

/// The literals of the map with these bytes, by their names.
#[cfg(feature = "run")]
pub(crate) fn literals_of(map: &Bytes) -> Result<Vec<(&str, Bytes)>> {
    let mut entries = Entries::of_map(map, References::none());
    let mut literals = Vec::new();
    while let Some((name, literal)) = entries.next()? {
        literals.push((name, map.slice_ref(literal.bytes())));
    }
    Ok(literals)
}

/// The bytes of a map of these literals, in the form of `inputs.pb` and `outputs.pb`.
pub(in crate::backend) fn literals<'a>(literals: impl IntoIterator<Item = &'a (&'a str, Bytes)>) -> Bytes {
    map_of_literals(literals.into_iter().map(|(name, literal)| (*name, &**literal))).into()
}

/// A list of literals, as one literal.
pub(in crate::backend) fn list(elements: &[Bytes]) -> Result<Bytes> {
    written(|encoder| encoder.collection(elements, raw))
}

/// A map of literals, as one literal.
pub(in crate::backend) fn map(entries: &[(&str, Bytes)]) -> Result<Bytes> {
    written(|encoder| encoder.map(entries.iter().map(|(key, value)| (*key, value)), raw))
}

/// The none literal.
pub(in crate::backend) fn none() -> Bytes {
    let mut encoder = Encoder::new(&Dialect::FLYTE_1);
    encoder.none();
    encoder.finish().into()
}

/// An error, as a literal.
#[cfg(feature = "run")]
pub(in crate::backend) fn error(node: &str, message: &str) -> Bytes {
    let mut encoder = Encoder::new(&Dialect::FLYTE_1);
    encoder.error(node, message);
    encoder.finish().into()
}

/// The elements of a list.
pub(in crate::backend) fn elements(value: &Bytes) -> Result<Vec<Bytes>> {
    match view(value)? {
        LiteralView::Collection(mut elements) => {
            let mut all = Vec::with_capacity(elements.count()?);
            while let Some(element) = elements.next()? {
                all.push(value.slice_ref(element.bytes()));
            }
            Ok(all)
        }
        other => Err(other.mismatch("a list")),
    }
}

/// The lists in the outputs of one node, or in the inputs of one workflow, of which single elements were taken: a list is walked once, however many nodes
/// take an element each.
#[derive(Debug, Default)]
pub(in crate::backend) struct Lists(BTreeMap<usize, Vec<Bytes>>);

impl Lists {
    /// The elements of a list; it is known by its address, since all lists here are parts of what one buffer holds as long as this is there.
    fn elements(&mut self, list: &Bytes) -> Result<&[Bytes]> {
        Ok(match self.0.entry(list.as_ptr().addr()) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(unknown) => unknown.insert(elements(list)?),
        })
    }
}

/// The part of a value that `path` leads to, by the platform's rules: elements of lists, entries of maps, fields of structs.
pub(in crate::backend) fn part(value: Bytes, path: &[Step], lists: &mut Lists) -> Result<Bytes> {
    let Some((step, rest)) = path.split_first() else { return Ok(value) };
    let inner = match (view(&value)?, step) {
        (LiteralView::Collection(_), Step::Index(index)) => at(lists.elements(&value)?, *index)?.clone(),
        (LiteralView::Map(mut entries), Step::Key(key)) => {
            let mut found = None;
            while let Some((name, entry)) = entries.next()? {
                if name == key {
                    found = Some(value.slice_ref(entry.bytes()));
                }
            }
            found.ok_or_else(|| absent(format!("the map has no entry `{key}`")))?
        }
        (LiteralView::Generic(_) | LiteralView::Binary(_, "msgpack"), _) => return field(&value, path),
        (LiteralView::Union(inner, _), _) => return part(value.slice_ref(inner.bytes()), path, lists),
        (other, Step::Index(_)) => return Err(other.mismatch("a list")),
        (other, Step::Key(_)) => return Err(other.mismatch("a struct or a map")),
    };
    part(inner, rest, lists)
}

/// A literal, one level deep.
pub(in crate::backend) fn view(value: &Bytes) -> Result<LiteralView<'_>> {
    LiteralRef::new(value, References::none()).view()
}

/// The field of a struct that `path` leads to: a scalar as its own literal, a value with fields or elements as msgpack.
fn field(value: &Bytes, path: &[Step]) -> Result<Bytes> {
    let whole = Untyped::decode(LiteralRef::new(value, References::none()))?;
    let mut inner = &whole;
    for step in path {
        inner = match (inner, step) {
            (Untyped::Map(_), Step::Key(key)) => inner.get(key).ok_or_else(|| absent(format!("the struct has no field `{key}`")))?,
            (Untyped::List(elements), Step::Index(index)) => at(elements, *index)?,
            (_, Step::Key(key)) => return Err(absent(format!("the value is not a struct, so it has no field `{key}`"))),
            (_, Step::Index(index)) => return Err(absent(format!("the value is not a list, so it has no element {index}"))),
        };
    }
    written(|encoder| {
        match inner {
            Untyped::Null => encoder.none(),
            Untyped::Bool(value) => encoder.boolean(*value),
            Untyped::Int(value) => encoder.integer(*value),
            Untyped::Float(value) => encoder.float(*value),
            Untyped::String(value) => encoder.string(value),
            other => return other.encode(encoder),
        }
        Ok(())
    })
}

/// The element of a list at `index`.
fn at<T>(elements: &[T], index: u32) -> Result<&T> {
    let element = usize::try_from(index).ok().and_then(|index| elements.get(index));
    element.ok_or_else(|| absent(format!("index {index} is out of range: the list has {} elements", elements.len())))
}

fn written(write: impl FnOnce(&mut Encoder) -> Result<()>) -> Result<Bytes> {
    let mut encoder = Encoder::new(&Dialect::FLYTE_1);
    write(&mut encoder)?;
    Ok(encoder.finish().into())
}

#[expect(clippy::unnecessary_wraps, reason = "what writes an element may fail elsewhere")]
fn raw(encoder: &mut Encoder, literal: &Bytes) -> Result<()> {
    encoder.raw(literal);
    Ok(())
}

fn absent(message: String) -> Error {
    Error::new(ErrorKind::Missing, message)
}

#[cfg(test)]
mod tests {
    #[test]
    fn every_code_has_its_row_in_the_documentation() {
        let rows = include_str!("../../../../docs/errors.md");
        for code in [super::code::BINDING, super::code::LENGTHS, super::code::BRANCH, super::code::NO_ARM] {
            assert!(rows.contains(&format!("| `{code}` |")), "{code}");
        }
    }
}
