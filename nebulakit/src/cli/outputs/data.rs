//! Files, directories and tables in outputs: where they are, and what they are called.

use std::path::{Path, PathBuf};

use nebulakit_types::convert::reader::{LiteralRef, LiteralView, References};
use nebulakit_types::literal::LiteralValue;
use nebulakit_types::literal_type::BlobDimensionality;
use nebulakit_types::{Literal, Result};

/// Something that an output refers to.
pub(super) struct Data<'a> {
    /// The output that it is, or that it is in.
    pub(super) output: &'a str,
    /// Its name as a path: the name of the output, and below it the places in lists and the keys in maps that lead to it, each fit for a file.
    pub(super) name: PathBuf,
    pub(super) uri: &'a mut String,
    pub(super) kind: Kind,
}

#[cfg(feature = "schema")]
impl Data<'_> {
    /// Whether it is the output itself.
    pub(super) fn is_output(&self) -> bool {
        self.name.components().count() == 1
    }
}

/// What it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Kind {
    /// A file of this format, if it has one.
    File(String),
    Directory,
    /// A table in this format.
    Table(String),
}

/// Whether the bytes of a literal refer to any. What is stored elsewhere is left alone, as far as it can be told without reading it.
pub(super) fn refers(literal: &[u8]) -> Result<bool> {
    literal_refers(LiteralRef::new(literal, References::none()))
}

fn literal_refers(literal: LiteralRef<'_>) -> Result<bool> {
    match literal.view() {
        Ok(LiteralView::Union(inner, _)) => literal_refers(inner),
        Ok(LiteralView::Collection(mut elements)) => {
            while let Some(element) = elements.next()? {
                if literal_refers(element)? {
                    return Ok(true);
                }
            }
            Ok(false)
        }
        Ok(LiteralView::Map(mut entries)) => {
            while let Some((_, entry)) = entries.next()? {
                if literal_refers(entry)? {
                    return Ok(true);
                }
            }
            Ok(false)
        }
        Ok(
            LiteralView::Integer(_)
            | LiteralView::Float(_)
            | LiteralView::Boolean(_)
            | LiteralView::String(_)
            | LiteralView::Datetime(..)
            | LiteralView::Duration(..)
            | LiteralView::Binary(..)
            | LiteralView::Generic(_)
            | LiteralView::None,
        ) => Ok(false),
        _ => Ok(matches!(
            Literal::decode(literal.bytes())?.value,
            LiteralValue::Blob { .. } | LiteralValue::Schema { .. } | LiteralValue::StructuredDataset { .. }
        )),
    }
}

/// Visits all that the output refers to, as far as it is not in a struct.
pub(super) fn visit<E>(output: &str, value: &mut LiteralValue, visitor: &mut dyn FnMut(Data<'_>) -> Result<(), E>) -> Result<(), E> {
    within(output, &PathBuf::from(file_name(output)), value, visitor)
}

fn within<E>(output: &str, name: &Path, value: &mut LiteralValue, visitor: &mut dyn FnMut(Data<'_>) -> Result<(), E>) -> Result<(), E> {
    let (uri, kind) = match value {
        LiteralValue::Blob { uri, blob_type } => match blob_type.dimensionality {
            BlobDimensionality::Single => (uri, Kind::File(blob_type.format.clone())),
            BlobDimensionality::Multipart => (uri, Kind::Directory),
        },
        LiteralValue::StructuredDataset { uri, dataset_type } => (uri, Kind::Table(dataset_type.format.to_ascii_lowercase())),
        LiteralValue::Schema { uri, .. } => (uri, Kind::Table("parquet".to_owned())),
        LiteralValue::Union { value, .. } => return within(output, name, &mut value.value, visitor),
        LiteralValue::Collection(elements) => {
            let mut elements = elements.iter_mut().enumerate();
            return elements.try_for_each(|(place, inner)| within(output, &name.join(place.to_string()), &mut inner.value, visitor));
        }
        LiteralValue::Map(entries) => {
            return entries.iter_mut().try_for_each(|(key, inner)| within(output, &name.join(file_name(key)), &mut inner.value, visitor));
        }
        _ => return Ok(()),
    };
    visitor(Data { output, name: name.to_owned(), uri, kind })
}

/// Whether a value is one file, directory or table itself.
pub(super) fn is_one(value: &LiteralValue) -> bool {
    match value {
        LiteralValue::Blob { .. } | LiteralValue::StructuredDataset { .. } | LiteralValue::Schema { .. } => true,
        LiteralValue::Union { value, .. } => is_one(&value.value),
        _ => false,
    }
}

/// The longest name that is kept as it is: file systems take 255 bytes, and an extension follows.
const LONGEST: usize = 200;

/// A file name for any text, which leads nowhere else: letters and digits stay, and what a shell or a terminal might misread stands as `%` and two hex digits.
pub(super) fn file_name(text: &str) -> String {
    let mut name = String::with_capacity(text.len());
    for (place, character) in text.char_indices() {
        let stays = character.is_alphanumeric() || "-_[]".contains(character) || (character == '.' && place > 0);
        match stays {
            true => name.push(character),
            false => character.encode_utf8(&mut [0; 4]).bytes().for_each(|byte| name.push_str(&format!("%{byte:02x}"))),
        }
    }
    if name.is_empty() || name.len() > LONGEST { crate::run::file_name(text) } else { name }
}

/// The extension of a name or a format, where it is one that any file may have.
pub(super) fn extension(text: &str) -> Option<&str> {
    let is_plain = !text.is_empty() && text.len() <= 16 && text.bytes().all(|byte| byte.is_ascii_alphanumeric());
    is_plain.then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lead_nowhere_else() {
        assert_eq!(["Größe", "../x", ".", "a b\n", "", "x.y"].map(file_name), ["Größe", "%2e.%2fx", "%2e", "a%20b%0a", "%", "x.y"]);
        assert!(file_name(&"/".repeat(100)).len() <= 255);
    }

    #[test]
    fn extensions_are_short_and_plain() {
        assert_eq!(["csv", "", "../x", "a b", "7z"].map(extension), [Some("csv"), None, None, None, Some("7z")]);
    }
}
