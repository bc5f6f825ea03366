//! The value model: a literal as a tree that owns all of itself, for values that are inspected or passed on as they are.
//!
//! Rust values and wire bytes convert directly, without this tree between them.

mod encoding;

use std::collections::BTreeMap;
use std::fmt;

use crate::literal_type::{BlobType, LiteralType, SchemaType, StructuredDatasetType};
use crate::storage::shown;

/// A value on the wire (`flyteidl.core.Literal`).
///
/// ```
/// use nebulakit_types::literal::{Literal, Primitive};
///
/// let literal = Literal::collection(vec![Primitive::Integer(1).into(), Primitive::Integer(2).into()]);
/// assert_eq!(Literal::decode(&literal.encode())?, literal);
/// # Ok::<(), nebulakit_types::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Literal {
    /// The value itself.
    pub value: LiteralValue,
    /// What the platform's cache keys take in place of the value; never empty.
    pub hash: Option<String>,
    /// Free-form details. They take part in cache keys.
    pub metadata: BTreeMap<String, String>,
}

/// The forms that a value can have.
#[derive(Clone, PartialEq)]
#[non_exhaustive]
pub enum LiteralValue {
    /// A plain value.
    Primitive(Primitive),
    /// A file or a directory in an object store.
    Blob {
        /// Where it is.
        uri: String,
        /// What it is; a blob that came without a type is a single one of any format.
        blob_type: BlobType,
    },
    /// Bytes, and a tag that says what they are, such as `msgpack`.
    Binary {
        /// The bytes.
        value: Vec<u8>,
        /// What the bytes are.
        tag: String,
    },
    /// A table of the older kind.
    Schema {
        /// Where it is.
        uri: String,
        /// Its columns.
        schema_type: SchemaType,
    },
    /// No value.
    None,
    /// The error of a failed node.
    Error {
        /// Which node failed.
        failed_node_id: String,
        /// What went wrong.
        message: String,
    },
    /// An untyped structure, as the console sends it; all its numbers are doubles.
    Generic(BTreeMap<String, GenericValue>),
    /// A table.
    StructuredDataset {
        /// Where it is.
        uri: String,
        /// Its columns and its format.
        dataset_type: StructuredDatasetType,
    },
    /// A value of a union.
    Union {
        /// The value.
        value: Box<Literal>,
        /// The variant that it is of, if the sender says so.
        variant: Option<Box<LiteralType>>,
    },
    /// A list.
    Collection(Vec<Literal>),
    /// A map.
    Map(BTreeMap<String, Literal>),
    /// A value in a file of its own.
    Offloaded {
        /// Where the file is.
        uri: String,
        /// The size of the literal in it, in bytes.
        size_bytes: u64,
        /// The type of the literal in it, if the sender says so.
        inferred_type: Option<Box<LiteralType>>,
    },
}

/// URIs are shown without what is secret in them.
impl fmt::Debug for LiteralValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Primitive(value) => f.debug_tuple("Primitive").field(value).finish(),
            Self::Blob { uri, blob_type } => f.debug_struct("Blob").field("uri", &shown(uri)).field("blob_type", blob_type).finish(),
            Self::Binary { value, tag } => f.debug_struct("Binary").field("value", value).field("tag", tag).finish(),
            Self::Schema { uri, schema_type } => {
                f.debug_struct("Schema").field("uri", &shown(uri)).field("schema_type", schema_type).finish()
            }
            Self::None => f.write_str("None"),
            Self::Error { failed_node_id, message } => {
                f.debug_struct("Error").field("failed_node_id", failed_node_id).field("message", message).finish()
            }
            Self::Generic(fields) => f.debug_tuple("Generic").field(fields).finish(),
            Self::StructuredDataset { uri, dataset_type } => {
                f.debug_struct("StructuredDataset").field("uri", &shown(uri)).field("dataset_type", dataset_type).finish()
            }
            Self::Union { value, variant } => f.debug_struct("Union").field("value", value).field("variant", variant).finish(),
            Self::Collection(elements) => f.debug_tuple("Collection").field(elements).finish(),
            Self::Map(entries) => f.debug_tuple("Map").field(entries).finish(),
            Self::Offloaded { uri, size_bytes, inferred_type } => {
                let mut shown_as = f.debug_struct("Offloaded");
                shown_as.field("uri", &shown(uri)).field("size_bytes", size_bytes).field("inferred_type", inferred_type).finish()
            }
        }
    }
}

/// A plain value.
#[derive(Debug, Clone, PartialEq)]
pub enum Primitive {
    /// A signed 64-bit integer.
    Integer(i64),
    /// A double.
    Float(f64),
    /// UTF-8 text.
    String(String),
    /// `true` or `false`.
    Boolean(bool),
    /// An instant.
    Datetime(Timestamp),
    /// A span of time.
    Duration(TimeDelta),
}

/// An instant as the wire holds it, whether or not it is a valid one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct Timestamp {
    /// Seconds since 1970-01-01T00:00:00Z, rounded down. Years 1 to 9999 are valid.
    pub seconds: i64,
    /// Nanoseconds after those; 0 to 999,999,999 are valid.
    pub nanos: i32,
}

/// A span of time as the wire holds it, whether or not it is a valid one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct TimeDelta {
    /// Whole seconds, rounded towards zero.
    pub seconds: i64,
    /// Nanoseconds beside those; of the same sign in a valid span, and less than a second.
    pub nanos: i32,
}

/// A part of an untyped structure (`google.protobuf.Value`).
#[derive(Debug, Clone, PartialEq)]
pub enum GenericValue {
    /// Nothing.
    Null,
    /// A number; unlike JSON's it may be infinite or NaN.
    Number(f64),
    /// A text.
    String(String),
    /// A boolean.
    Boolean(bool),
    /// A list.
    List(Vec<GenericValue>),
    /// A structure.
    Struct(BTreeMap<String, GenericValue>),
}

impl Literal {
    /// Makes a literal without hash and metadata.
    #[must_use]
    pub fn new(value: LiteralValue) -> Self {
        Self { value, hash: None, metadata: BTreeMap::new() }
    }

    /// Makes the literal for no value.
    #[must_use]
    pub fn none() -> Self {
        Self::new(LiteralValue::None)
    }

    /// Makes a list.
    #[must_use]
    pub fn collection(literals: Vec<Self>) -> Self {
        Self::new(LiteralValue::Collection(literals))
    }

    /// Makes a map.
    #[must_use]
    pub fn map(literals: BTreeMap<String, Self>) -> Self {
        Self::new(LiteralValue::Map(literals))
    }
}

impl From<Primitive> for Literal {
    fn from(primitive: Primitive) -> Self {
        Self::new(LiteralValue::Primitive(primitive))
    }
}
