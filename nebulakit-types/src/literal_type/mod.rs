//! The type model: what a task says of each input and output, and what a union value says of itself.

mod cast;
mod encoding;
mod schema_subset;

use std::collections::BTreeMap;
use std::fmt;

use serde_json::{Map, Value};

pub use cast::{castable, castable_within, variant_castable_within};

pub use crate::message::MAX_NESTED_MESSAGES;

/// The type of a value on the wire (`flyteidl.core.LiteralType`).
///
/// ```
/// use nebulakit_types::literal_type::{LiteralType, SimpleType};
///
/// let type_of_counts = LiteralType::map(LiteralType::simple(SimpleType::Integer));
/// assert_eq!(type_of_counts.to_string(), "dict[str, int]");
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct LiteralType {
    /// What the type is.
    pub kind: TypeKind,
    /// Free-form details; of a struct, its JSON schema.
    ///
    /// On the wire all numbers in it are doubles. Numbers that JSON cannot hold are read as the texts `NaN`, `Infinity` and `-Infinity`.
    pub metadata: Option<Map<String, Value>>,
    /// Free-form notes of the SDK. The entry `cache-key-metadata` takes part in the platform's cache keys, the others do not.
    pub annotation: Option<Map<String, Value>>,
    /// What unions match variants by, and the fields of a struct.
    pub structure: Option<TypeStructure>,
}

/// What a type is.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum TypeKind {
    /// One plain value.
    Simple(SimpleType),
    /// A table of the older kind.
    Schema(SchemaType),
    /// A list whose elements are all of one type.
    Collection(Box<LiteralType>),
    /// A map from strings to values of one type.
    Map(Box<LiteralType>),
    /// A file or a directory in an object store.
    Blob(BlobType),
    /// One of the given texts.
    Enum(Vec<String>),
    /// A table.
    StructuredDataset(StructuredDatasetType),
    /// One of the variants, in the order of the source.
    Union(Vec<LiteralType>),
}

/// The plain types (`flyteidl.core.SimpleType`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum SimpleType {
    /// No value.
    None,
    /// A signed 64-bit integer.
    Integer,
    /// A double.
    Float,
    /// UTF-8 text.
    String,
    /// `true` or `false`.
    Boolean,
    /// An instant, to the nanosecond.
    Datetime,
    /// A span of time, to the nanosecond.
    Duration,
    /// Bytes with a tag that says what they are.
    Binary,
    /// The error of a failed node, as failure handlers receive it.
    Error,
    /// A structure: a dataclass, a model or an untyped dictionary.
    Struct,
}

/// A table of the older kind (`flyteidl.core.SchemaType`).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SchemaType {
    /// The columns; none means any.
    pub columns: Vec<SchemaColumn>,
}

/// A column of a [`SchemaType`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SchemaColumn {
    /// The column's name.
    pub name: String,
    /// What the column holds.
    pub kind: SchemaColumnType,
}

/// What a column of a [`SchemaType`] holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SchemaColumnType {
    /// Signed 64-bit integers.
    Integer,
    /// Doubles.
    Float,
    /// Text.
    String,
    /// Booleans.
    Boolean,
    /// Instants.
    Datetime,
    /// Spans of time.
    Duration,
}

/// A file or a directory in an object store (`flyteidl.core.BlobType`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BlobType {
    /// The extension without a dot, or another name of the format; empty means any.
    pub format: String,
    /// One object or many.
    pub dimensionality: BlobDimensionality,
}

/// Whether a blob is one object or many.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum BlobDimensionality {
    /// One object: a file.
    Single,
    /// Many objects under one prefix: a directory.
    Multipart,
}

/// A table (`flyteidl.core.StructuredDatasetType`).
#[derive(Debug, Clone, PartialEq, Default)]
pub struct StructuredDatasetType {
    /// The columns; none means any.
    pub columns: Vec<DatasetColumn>,
    /// The storage format, such as `parquet`; empty means any.
    pub format: String,
    /// What kind of schema `external_schema_bytes` is, such as `arrow`.
    pub external_schema_type: String,
    /// A schema of another system, for that system to read.
    pub external_schema_bytes: Vec<u8>,
}

/// A column of a [`StructuredDatasetType`].
#[derive(Debug, Clone, PartialEq)]
pub struct DatasetColumn {
    /// The column's name; nested columns are joined by dots.
    pub name: String,
    /// The type of the column's values.
    pub literal_type: LiteralType,
}

/// What unions match variants by, and the fields of a struct (`flyteidl.core.TypeStructure`).
#[derive(Debug, Clone, PartialEq, Default)]
pub struct TypeStructure {
    /// The name of the codec that writes the type, such as `int`; empty where it says nothing.
    pub tag: String,
    /// The type of each field of a struct, which attribute access on promises needs.
    pub dataclass_type: BTreeMap<String, LiteralType>,
}

impl LiteralType {
    /// Makes a type of its kind alone, without metadata, annotation and structure.
    #[must_use]
    pub fn new(kind: TypeKind) -> Self {
        Self { kind, metadata: None, annotation: None, structure: None }
    }

    /// Makes a plain type.
    #[must_use]
    pub fn simple(simple: SimpleType) -> Self {
        Self::new(TypeKind::Simple(simple))
    }

    /// Makes the type of lists of `element`.
    #[must_use]
    pub fn collection(element: Self) -> Self {
        Self::new(TypeKind::Collection(Box::new(element)))
    }

    /// Makes the type of maps from strings to `value`.
    #[must_use]
    pub fn map(value: Self) -> Self {
        Self::new(TypeKind::Map(Box::new(value)))
    }

    /// Makes the union of `variants`, in this order.
    #[must_use]
    pub fn union(variants: Vec<Self>) -> Self {
        Self::new(TypeKind::Union(variants))
    }

    /// Makes the type of the given texts, in this order.
    #[must_use]
    pub fn enumeration(values: Vec<String>) -> Self {
        Self::new(TypeKind::Enum(values))
    }

    /// Makes the type of files (or directories) of a format; an empty format means any.
    #[must_use]
    pub fn blob(format: impl Into<String>, dimensionality: BlobDimensionality) -> Self {
        Self::new(TypeKind::Blob(BlobType { format: format.into(), dimensionality }))
    }

    /// Sets the structure to the tag alone, as a variant of a union has it; a structure that was there is lost.
    #[must_use]
    pub fn with_tag(mut self, tag: &str) -> Self {
        self.structure = Some(TypeStructure { tag: tag.to_owned(), dataclass_type: BTreeMap::new() });
        self
    }

    /// The tag that unions match by; empty where there is none.
    #[must_use]
    pub fn tag(&self) -> &str {
        self.structure.as_ref().map_or("", |structure| &structure.tag)
    }
}

impl fmt::Display for LiteralType {
    /// Writes the short form for people: `list[int]`, `dict[str, float]`, `int | none`, `struct Point`, `file[csv]`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.kind {
            TypeKind::Simple(SimpleType::Struct) => match self.metadata.as_ref().and_then(|schema| schema.get("title")) {
                Some(Value::String(title)) if !title.is_empty() => write!(f, "struct {title}"),
                _ => f.write_str("struct"),
            },
            TypeKind::Simple(simple) => f.write_str(simple.as_str()),
            TypeKind::Schema(_) => f.write_str("schema"),
            TypeKind::Collection(element) => write!(f, "list[{element}]"),
            TypeKind::Map(value) => write!(f, "dict[str, {value}]"),
            TypeKind::Blob(blob) => {
                f.write_str(match blob.dimensionality {
                    BlobDimensionality::Single => "file",
                    BlobDimensionality::Multipart => "directory",
                })?;
                bracketed(f, &blob.format)
            }
            TypeKind::Enum(values) => write!(f, "enum({})", values.join(", ")),
            TypeKind::StructuredDataset(dataset) => {
                f.write_str("dataset")?;
                bracketed(f, &dataset.format)
            }
            TypeKind::Union(variants) => {
                for (index, variant) in variants.iter().enumerate() {
                    if index > 0 {
                        f.write_str(" | ")?;
                    }
                    write!(f, "{variant}")?;
                }
                Ok(())
            }
        }
    }
}

fn bracketed(f: &mut fmt::Formatter<'_>, format: &str) -> fmt::Result {
    if format.is_empty() { Ok(()) } else { write!(f, "[{format}]") }
}

impl SimpleType {
    /// The short name for people, as `int` and `timedelta`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Integer => "int",
            Self::Float => "float",
            Self::String => "str",
            Self::Boolean => "bool",
            Self::Datetime => "datetime",
            Self::Duration => "timedelta",
            Self::Binary => "binary",
            Self::Error => "error",
            Self::Struct => "struct",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_read_like_signatures() {
        let int = || LiteralType::simple(SimpleType::Integer);
        let mut point = LiteralType::simple(SimpleType::Struct);
        point.metadata = serde_json::json!({"title": "Point"}).as_object().cloned();
        for (shown, expected) in [
            (LiteralType::collection(int()), "list[int]"),
            (LiteralType::map(LiteralType::simple(SimpleType::Duration)), "dict[str, timedelta]"),
            (LiteralType::union(vec![int().with_tag("int"), LiteralType::simple(SimpleType::None)]), "int | none"),
            (LiteralType::enumeration(vec!["red".into(), "green".into()]), "enum(red, green)"),
            (LiteralType::blob("csv", BlobDimensionality::Single), "file[csv]"),
            (LiteralType::blob("", BlobDimensionality::Multipart), "directory"),
            (LiteralType::new(TypeKind::StructuredDataset(StructuredDatasetType::default())), "dataset"),
            (LiteralType::simple(SimpleType::Struct), "struct"),
            (point, "struct Point"),
        ] {
            assert_eq!(shown.to_string(), expected);
        }
    }
}
