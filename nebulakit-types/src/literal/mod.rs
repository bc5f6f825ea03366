//! The value model: a literal as a tree that owns all of itself, for values that are inspected or passed on as they are.
//!
//! Rust values and wire bytes convert directly, without this tree between them.

mod encoding;

use std::collections::BTreeMap;
use std::fmt;

use prost::Message as _;
use serde_json::Value;

use self::encoding::map_to_wire;
use crate::error::Result;
use crate::field_order;
use crate::json::{self, Message};
use crate::literal_type::{BlobType, LiteralType, SchemaType, StructuredDatasetType, decode_message};
use crate::storage::shown;
use crate::wire::fields;
use crate::wire::flyteidl::core as pb;

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

    /// Encodes the literal as `flyteidl.core.Literal`. Map keys are sorted, so equal literals give equal bytes.
    ///
    /// Literals nested deeper than [`MAX_NESTED_MESSAGES`](crate::literal_type::MAX_NESTED_MESSAGES) are encoded, but hardly any reader
    /// takes them.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        field_order::sorted(&self.to_wire().encode_to_vec(), &fields::LITERAL)
    }

    /// Decodes a `flyteidl.core.Literal`. Fields that this crate does not know are skipped.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Corrupt`] where the bytes are no such message or hold an unknown enum number, [`ErrorKind::Missing`] where a part has
    /// no value, [`ErrorKind::TooDeep`] beyond [`MAX_NESTED_MESSAGES`](crate::literal_type::MAX_NESTED_MESSAGES).
    ///
    /// [`ErrorKind::Corrupt`]: crate::ErrorKind::Corrupt
    /// [`ErrorKind::Missing`]: crate::ErrorKind::Missing
    /// [`ErrorKind::TooDeep`]: crate::ErrorKind::TooDeep
    pub fn decode(bytes: &[u8]) -> Result<Self> {
        Self::from_wire(decode_message(bytes, "a literal")?)
    }

    /// Encodes named literals as `flyteidl.core.LiteralMap`, the message of `inputs.pb` and `outputs.pb`, sorted by name.
    #[must_use]
    pub fn encode_map(literals: &BTreeMap<String, Self>) -> Vec<u8> {
        field_order::sorted(&map_to_wire(literals).encode_to_vec(), &fields::LITERAL_MAP)
    }

    /// Decodes a `flyteidl.core.LiteralMap`.
    ///
    /// # Errors
    ///
    /// Those of [`Literal::decode`].
    pub fn decode_map(bytes: &[u8]) -> Result<BTreeMap<String, Self>> {
        decode_message::<pb::LiteralMap>(bytes, "a map of literals")?
            .literals
            .into_iter()
            .map(|(name, literal)| match Self::from_wire(literal) {
                Ok(literal) => Ok((name, literal)),
                Err(error) => Err(error.at_field(&name)),
            })
            .collect()
    }

    /// Turns the literal into the proto3 JSON of `flyteidl.core.Literal`, such as `{"scalar": {"primitive": {"integer": "1"}}}`.
    ///
    /// # Errors
    ///
    /// Those of [`json::to_json`], of which times out of range are the likely one.
    pub fn to_json(&self) -> Result<Value> {
        json::to_json(Message::Literal, &self.encode())
    }
}

impl From<Primitive> for Literal {
    fn from(primitive: Primitive) -> Self {
        Self::new(LiteralValue::Primitive(primitive))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ErrorKind;

    /// Lists of lists; a level takes a literal and a collection.
    fn nested(levels: usize) -> Literal {
        (0..levels).fold(Literal::collection(Vec::new()), |inner, _| Literal::collection(vec![inner]))
    }

    #[test]
    fn nesting_is_read_up_to_its_limit() {
        let fits = nested(49);
        assert_eq!(Literal::decode(&fits.encode()).unwrap(), fits);
        assert!(fits.to_json().is_ok());
        let too_deep = nested(50);
        assert_eq!(Literal::decode(&too_deep.encode()).unwrap_err().kind(), ErrorKind::TooDeep);
        assert_eq!(too_deep.to_json().unwrap_err().kind(), ErrorKind::TooDeep);
    }

    #[test]
    fn an_unknown_enum_number_is_named() {
        // A blob of dimensionality 7.
        let error = Literal::decode(&[0x0a, 0x08, 0x12, 0x06, 0x0a, 0x04, 0x0a, 0x02, 0x10, 0x07]).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Corrupt);
        assert_eq!(error.to_string(), "`BlobDimensionality` has no value 7");
    }

    #[test]
    fn what_is_empty_says_where() {
        let error = Literal::decode_map(&[0x0a, 0x07, 0x0a, 0x01, b'a', 0x12, 0x02, 0x0a, 0x00]).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Missing);
        assert_eq!(error.to_string(), "`a`: a scalar without a value");
    }

    #[test]
    fn damage_is_an_error() {
        assert_eq!(Literal::decode(&[0x0a, 0x20, 0x0a]).unwrap_err().kind(), ErrorKind::Corrupt);
        assert_eq!(json::to_json(Message::Literal, &[0x0a, 0x20, 0x0a]).unwrap_err().kind(), ErrorKind::Corrupt);
        assert_eq!(json::to_json(Message::Literal, &[0x22, 0x01, 0xff]).unwrap_err().kind(), ErrorKind::Corrupt);
    }
}
