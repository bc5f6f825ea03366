//! Inputs whose data moves: the paths of this machine in them are replaced by the URLs at which others find the same data.

use std::path::{Path, PathBuf};

use super::reader::{Entries, LiteralRef, References};
use super::untyped::Untyped;
use super::writer::map_of_literals;
use crate::literal::{Literal, LiteralValue};
use crate::literal_type::{LiteralType, TypeKind};
use crate::storage::local_path;
use crate::{Dialect, NebulaType as _, Result, encode};

/// What says where a file, a directory or a table within a struct is.
const PLACES: [&str; 3] = ["path", "uri", "remote_path"];

/// Where the data at a path goes; [`None`] leaves it where it is.
type To<'a> = dyn FnMut(&Path) -> Option<String> + 'a;

/// The paths of this machine that `inputs` name as files, directories and tables, at any depth: each once, in order. What is in a struct is found by its
/// type.
///
/// # Errors
/// As of [`relocated`].
pub fn local_paths<'t>(inputs: &[u8], type_of: impl Fn(&str) -> Option<&'t LiteralType>) -> Result<Vec<PathBuf>> {
    let mut paths = Vec::new();
    relocated(inputs, type_of, |path| {
        paths.push(path.to_owned());
        None
    })?;
    paths.sort();
    paths.dedup();
    Ok(paths)
}

/// `inputs`, the bytes of an `inputs.pb`, with each path of this machine that names a file, a directory or a table replaced by what `to` gives for it.
/// `type_of` says which type an input has. Inputs that cannot name data are copied as they are, without a look into them.
///
/// ```
/// use nebulakit_types::convert::relocate::relocated;
/// use nebulakit_types::literal::{Literal, LiteralValue};
/// use nebulakit_types::literal_type::{BlobDimensionality, LiteralType, TypeKind};
///
/// let file = LiteralType::blob("", BlobDimensionality::Single);
/// let TypeKind::Blob(blob_type) = file.kind.clone() else { unreachable!() };
/// let value = LiteralValue::Blob { uri: "/data/x.csv".to_owned(), blob_type };
/// let literal = Literal { value, hash: None, metadata: Default::default() };
/// let inputs = Literal::encode_map(&[("x".to_owned(), literal)].into());
///
/// let moved = relocated(&inputs, |_| Some(&file), |path| Some(format!("s3://bucket{}", path.display())))?;
/// let LiteralValue::Blob { uri, .. } = &Literal::decode_map(&moved)?["x"].value else { unreachable!() };
/// assert_eq!(uri, "s3://bucket/data/x.csv");
/// # Ok::<(), nebulakit_types::Error>(())
/// ```
///
/// # Errors
/// [`ErrorKind::Corrupt`](crate::ErrorKind::Corrupt) when the bytes are not inputs.
pub fn relocated<'t>(
    inputs: &[u8],
    type_of: impl Fn(&str) -> Option<&'t LiteralType>,
    mut to: impl FnMut(&Path) -> Option<String>,
) -> Result<Vec<u8>> {
    let mut entries = Entries::of_map(inputs, References::none());
    let mut moved = Vec::new();
    while let Some((name, literal)) = entries.next()? {
        let literal_type = type_of(name);
        let bytes = match literal_type {
            Some(literal_type) if !may_name_data(literal_type) => literal.bytes().to_owned(),
            _ => {
                let mut tree = Literal::decode(literal.bytes()).map_err(|error| error.at_field(name))?;
                match relocate(&mut tree, literal_type, &mut to).map_err(|error| error.at_field(name))? {
                    true => tree.encode(),
                    false => literal.bytes().to_owned(),
                }
            }
        };
        moved.push((name, bytes));
    }
    Ok(map_of_literals(moved.iter().map(|(name, bytes)| (*name, bytes.as_slice()))))
}

/// Whether values of a type may name files, directories or tables.
fn may_name_data(literal_type: &LiteralType) -> bool {
    match &literal_type.kind {
        TypeKind::Blob(_) | TypeKind::Schema(_) | TypeKind::StructuredDataset(_) => true,
        TypeKind::Collection(inner) | TypeKind::Map(inner) => may_name_data(inner),
        TypeKind::Union(variants) => variants.iter().any(may_name_data),
        _ => literal_type.structure.as_ref().is_some_and(|structure| structure.dataclass_type.values().any(may_name_data)),
    }
}

/// Whether something was replaced.
fn relocate(literal: &mut Literal, literal_type: Option<&LiteralType>, to: &mut To<'_>) -> Result<bool> {
    let inner = literal_type.map(|literal_type| match &literal_type.kind {
        TypeKind::Collection(inner) | TypeKind::Map(inner) => &**inner,
        _ => literal_type,
    });
    Ok(match &mut literal.value {
        LiteralValue::Blob { uri, .. }
        | LiteralValue::Schema { uri, .. }
        | LiteralValue::StructuredDataset { uri, .. }
        | LiteralValue::Offloaded { uri, .. } => replace(uri, to),
        LiteralValue::Union { value, variant } => relocate(value, variant.as_deref().or(literal_type), to)?,
        LiteralValue::Collection(literals) => all(literals.iter_mut(), inner, to)?,
        LiteralValue::Map(literals) => all(literals.values_mut(), inner, to)?,
        LiteralValue::Binary { .. } | LiteralValue::Generic(_) => match literal_type {
            Some(literal_type) if may_name_data(literal_type) => {
                let bytes = literal.encode();
                let mut value = Untyped::decode(LiteralRef::new(&bytes, References::none()))?;
                let is_replaced = within(&mut value, literal_type, to);
                if is_replaced {
                    literal.value = Literal::decode(&encode(&value, &Dialect::FLYTE_1)?)?.value;
                }
                is_replaced
            }
            _ => false,
        },
        _ => false,
    })
}

fn all<'a>(mut literals: impl Iterator<Item = &'a mut Literal>, literal_type: Option<&LiteralType>, to: &mut To<'_>) -> Result<bool> {
    literals.try_fold(false, |is_any, literal| Ok(relocate(literal, literal_type, to)? || is_any))
}

fn replace(place: &mut String, to: &mut To<'_>) -> bool {
    let Some(url) = local_path(place).and_then(|path| to(&path)) else { return false };
    *place = url;
    true
}

/// Does something to each, and says whether it changed any.
fn any_of_all<T>(items: impl IntoIterator<Item = T>, mut change: impl FnMut(T) -> bool) -> bool {
    let mut is_any = false;
    for item in items {
        is_any |= change(item);
    }
    is_any
}

/// Replaces what a struct names. Data inside of structs are maps, by the names of every sender.
fn within(value: &mut Untyped, literal_type: &LiteralType, to: &mut To<'_>) -> bool {
    match (&literal_type.kind, value) {
        (TypeKind::Blob(_) | TypeKind::Schema(_) | TypeKind::StructuredDataset(_), Untyped::Map(entries)) => {
            let places = entries.iter_mut().filter_map(|(key, place)| match (key, place) {
                (Untyped::String(key), Untyped::String(place)) if PLACES.contains(&key.as_str()) => Some(place),
                _ => None,
            });
            any_of_all(places, |place| replace(place, to))
        }
        (TypeKind::Collection(element), Untyped::List(elements)) => any_of_all(elements, |value| within(value, element, to)),
        (TypeKind::Map(inner), Untyped::Map(entries)) => any_of_all(entries, |(_, value)| within(value, inner, to)),
        // Variants that do not fit change nothing.
        (TypeKind::Union(variants), value) => variants.iter().any(|variant| within(value, variant, to)),
        (_, Untyped::Map(entries)) => {
            let Some(structure) = &literal_type.structure else { return false };
            let fields = entries.iter_mut().filter_map(|(key, value)| match key {
                Untyped::String(key) => structure.dataclass_type.get(key).map(|field| (field, value)),
                _ => None,
            });
            any_of_all(fields, |(field, value)| within(value, field, to))
        }
        _ => false,
    }
}
