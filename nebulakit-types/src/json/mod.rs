//! Proto3 JSON, as Python's protobuf library writes it: to and from wire bytes, with no tree of messages between.

mod read;
mod text;
mod tree;
mod walk;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::error::Result;
use crate::message::MAX_NESTED_MESSAGES;
use crate::wire::describe::MessageFields;
use crate::wire::fields;

/// The messages that have a JSON form here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Message {
    /// `flyteidl.core.Literal`.
    Literal,
    /// `flyteidl.core.LiteralMap`.
    LiteralMap,
    /// `flyteidl.core.LiteralType`.
    LiteralType,
    /// `flyteidl.core.TypedInterface`.
    TypedInterface,
    /// `flyteidl.core.TaskTemplate`.
    TaskTemplate,
    /// `flyteidl.core.ErrorDocument`.
    ErrorDocument,
}

impl Message {
    fn fields(self) -> &'static MessageFields {
        match self {
            Self::Literal => &fields::LITERAL,
            Self::LiteralMap => &fields::LITERAL_MAP,
            Self::LiteralType => &fields::LITERAL_TYPE,
            Self::TypedInterface => &fields::TYPED_INTERFACE,
            Self::TaskTemplate => &fields::TASK_TEMPLATE,
            Self::ErrorDocument => &fields::ERROR_DOCUMENT,
        }
    }
}

/// Turns an encoded message into its proto3 JSON.
///
/// Names are in lowerCamelCase, 64-bit integers are texts, bytes are standard base64, enum values go by their names (unknown ones by
/// their numbers), and fields at their defaults are left out. Doubles that JSON cannot hold are the texts `NaN`, `Infinity` and
/// `-Infinity`.
///
/// ```
/// use nebulakit_types::json::{Message, to_json};
/// use nebulakit_types::literal_type::{LiteralType, SimpleType};
///
/// let type_of_counts = LiteralType::map(LiteralType::simple(SimpleType::Integer));
/// let json = to_json(Message::LiteralType, &type_of_counts.encode())?;
/// assert_eq!(json, serde_json::json!({"mapValueType": {"simple": "INTEGER"}}));
/// # Ok::<(), nebulakit_types::Error>(())
/// ```
///
/// # Errors
///
/// [`Corrupt`](crate::ErrorKind::Corrupt) where the bytes are not that message, [`TooDeep`](crate::ErrorKind::TooDeep) where messages nest
/// beyond [`MAX_NESTED_MESSAGES`], [`OutOfRange`](crate::ErrorKind::OutOfRange) for times outside what proto3 JSON allows (years 1 to
/// 9999, durations of 10,000 years).
pub fn to_json(message: Message, bytes: &[u8]) -> Result<Value> {
    let mut tree = tree::Tree::default();
    walk::message(bytes, message.fields(), MAX_NESTED_MESSAGES, &mut tree)?;
    Ok(tree.into_value())
}

/// Turns the proto3 JSON of a message into its bytes: what [`to_json`] writes, and numbers as texts or texts as numbers where proto3 JSON
/// allows both. Names are in lowerCamelCase.
///
/// ```
/// use nebulakit_types::json::{Message, from_json};
/// use nebulakit_types::literal::{Literal, Primitive};
///
/// let json = serde_json::json!({"scalar": {"primitive": {"integer": "7"}}});
/// assert_eq!(Literal::decode(&from_json(Message::Literal, &json)?)?, Primitive::Integer(7).into());
/// # Ok::<(), nebulakit_types::Error>(())
/// ```
///
/// # Errors
///
/// [`Mismatch`](crate::ErrorKind::Mismatch) where the JSON is not that message, a name that the message does not have included,
/// [`OutOfRange`](crate::ErrorKind::OutOfRange) for numbers and times that do not fit, [`TooDeep`](crate::ErrorKind::TooDeep) where messages
/// nest beyond [`MAX_NESTED_MESSAGES`].
pub fn from_json(message: Message, json: &Value) -> Result<Vec<u8>> {
    read::message(json, message.fields(), MAX_NESTED_MESSAGES)
}

/// The same for bytes that this crate has just encoded from a tree of types: they are well formed, hold no times, and are as deep as the
/// tree.
pub(crate) fn own_to_json(message: Message, bytes: &[u8]) -> Value {
    let mut tree = tree::Tree::default();
    walk::message(bytes, message.fields(), usize::MAX, &mut tree).expect("bytes that were encoded here are well formed");
    tree.into_value()
}

/// Computes the hash that a literal without a hash of its own gets when it is written to a file of its own.
///
/// It is the standard base64 of SHA-256 over the literal's proto3 JSON in the form that flytekit hashes: keys sorted, no blanks, everything
/// outside ASCII escaped, numbers as Python prints them (Flyte task contract, offloaded literals). The JSON is hashed as it is produced,
/// so that it takes no memory of its own.
///
/// ```
/// // The literal `{scalar: {primitive: {integer: 1}}}`.
/// let hash = nebulakit_types::json::offload_hash(&[0x0a, 0x04, 0x0a, 0x02, 0x08, 0x01])?;
/// assert_eq!(hash, "aJB6fp0kDrfAZt22e/IFnT8IJIlobjxcweiZA8I7/dA=");
/// # Ok::<(), nebulakit_types::Error>(())
/// ```
///
/// # Errors
///
/// Those of [`to_json`].
pub fn offload_hash(literal_bytes: &[u8]) -> Result<String> {
    let mut hasher = Sha256::new();
    let mut text = text::Text::new(|bytes: &[u8]| hasher.update(bytes));
    walk::message(literal_bytes, Message::Literal.fields(), MAX_NESTED_MESSAGES, &mut text)?;
    text.finish();
    Ok(STANDARD.encode(hasher.finalize()))
}
