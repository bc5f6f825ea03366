//! Rust values to and from literals, straight between wire bytes and the value.
//!
//! [`NebulaType`] is implemented here for every type that a task may take or give, one file per family: [`primitives`], [`time`], `binary`,
//! [`collections`], [`union`], [`structs`], [`enums`], [`untyped`], [`mod@json`], [`hashed`], [`raw`], [`failure`], boxes and arrays; files,
//! directories and tables have modules of their own. [`reader`] and [`writer`] hold the wire,
//! [`msgpack`] the inside of structs, [`check`] the comparison of finished bytes with a declared type.

mod binary;
pub(crate) mod blob;
pub mod check;
pub mod collections;
mod dynamic;
mod endless;
pub mod enums;
pub mod failure;
pub mod hashed;
mod holders;
pub mod json;
pub mod kind;
mod model;
pub mod msgpack;
mod pickle;
pub mod places;
pub mod primitives;
pub mod raw;
pub mod reader;
pub mod relocate;
pub mod shapes;
mod structlike;
pub mod structs;
pub mod time;
pub mod union;
mod union_writer;
pub mod untyped;
pub mod writer;

use serde_json::json;

use crate::literal_type::SimpleType;
use crate::{Dialect, LiteralType, Result};
use kind::Kind;
use msgpack::{Packer, Unpacker};
use reader::LiteralRef;
use shapes::Shapes;
use writer::Encoder;

/// A Rust type whose values travel between tasks.
///
/// `#[derive(NebulaType)]` implements it for structs, for unit enums, and for enums with one value in each variant. Every value has two
/// forms: a *literal* of its own (an input, an output, an element of a list), and *msgpack* as a field of a struct.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot travel between tasks",
    label = "not a type that Flyte knows",
    note = "numbers, bool, String, times, `Bytes`, `Vec`, maps, `Option`, `File`, `Directory` and `Untyped` do; a struct or an enum of your own does with `#[derive(NebulaType)]`, and what serde reads and writes as a `nebulakit::Json<T>`"
)]
pub trait NebulaType: Sized + 'static {
    /// The name by which flytekit tells this type from others inside a union.
    const TAG: &'static str;

    /// The name by which the Python SDK of the platform tells this type from others inside a union: [`NebulaType::TAG`] unless that SDK
    /// has another.
    #[must_use]
    fn tag(_dialect: &Dialect) -> &'static str {
        Self::TAG
    }

    /// Whether the type is itself a union, so that [`Option`] adds to its variants instead of wrapping it.
    const IS_UNION: bool = false;

    /// Whether there is nothing to store: a task that returns such a value has no outputs. Only the unit type is so.
    const IS_NOTHING: bool = false;

    /// Whether one of the values travels as none: an [`Option`] of such a type could not be told from it.
    const HAS_NONE: bool = false;

    /// Whether the type holds an [`Option`] of a type that itself can be none, so that two of its values are the same on the wire.
    const MERGES_NONE: bool = false;

    /// What kind of literal it travels as, as far as the compiler can tell.
    const KIND: Kind = Kind::Unknown;

    /// The Flyte type, as interfaces declare it.
    fn literal_type(dialect: &Dialect) -> LiteralType;

    /// Writes the value as exactly one literal.
    ///
    /// # Errors
    /// When the value is outside what the type can say on the wire, with the path to it.
    fn encode(&self, encoder: &mut Encoder) -> Result<()>;

    /// Reads a value from a literal of any sender: Python, consoles, command lines, or the platform itself.
    ///
    /// # Errors
    /// When the bytes are broken, of another type, or out of range, with the path to what is wrong.
    fn decode(literal: LiteralRef<'_>) -> Result<Self>;

    /// Writes the value as a field of a struct.
    ///
    /// # Errors
    /// As [`NebulaType::encode`].
    fn pack(&self, packer: &mut Packer) -> Result<()>;

    /// Reads the value from a field of a struct.
    ///
    /// # Errors
    /// As [`NebulaType::decode`].
    fn unpack(unpacker: &mut Unpacker<'_>) -> Result<Self>;

    /// The JSON schema of the value as a field of a struct.
    fn schema(dialect: &Dialect) -> serde_json::Value;

    /// The value that stands for an input or a field that is not there; only [`Option`] has one.
    #[must_use]
    fn absent() -> Option<Self> {
        None
    }

    /// Adds what people are shown of the type: the struct or enum that it is, and those that it holds. Plain types have nothing to add.
    fn shapes(_shapes: &mut Shapes) {}
}

/// Why a type that [merges](NebulaType::MERGES_NONE) two kinds of none is refused.
pub const MERGED: &str = "an `Option` of what can itself be none (`()`, another `Option`, a union with a variant of `()`) comes back \
     as another value, since both are none on the wire; use an enum whose variants have names";

/// Encodes one value as the bytes of a literal.
///
/// # Errors
/// Those of the type's own [`NebulaType::encode`].
///
/// # Examples
/// ```
/// use nebulakit_types::{Dialect, decode, encode};
///
/// let bytes = encode(&vec![1_i64, 2], &Dialect::FLYTE_1)?;
/// assert_eq!(decode::<Vec<i64>>(&bytes)?, [1, 2]);
/// # Ok::<_, nebulakit_types::Error>(())
/// ```
pub fn encode<T: NebulaType>(value: &T, dialect: &'static Dialect) -> Result<Vec<u8>> {
    let mut encoder = Encoder::new(dialect);
    value.encode(&mut encoder)?;
    Ok(encoder.finish())
}

/// Decodes one value from the bytes of a literal.
///
/// # Errors
/// Those of the type's own [`NebulaType::decode`].
pub fn decode<T: NebulaType>(literal: &[u8]) -> Result<T> {
    T::decode(LiteralRef::new(literal, reader::References::none()))
}

/// What types whose values are msgpack say about their form: the platform hashes it into cache keys.
pub(crate) fn msgpack_annotation() -> serde_json::Map<String, serde_json::Value> {
    let mut annotation = serde_json::Map::new();
    annotation.insert("cache-key-metadata".to_owned(), json!({ "serialization-format": "msgpack" }));
    annotation
}

/// The type of untyped values and of maps whose keys are not strings.
pub(crate) fn untyped_type() -> LiteralType {
    LiteralType { annotation: Some(msgpack_annotation()), ..LiteralType::simple(SimpleType::Struct) }
}
