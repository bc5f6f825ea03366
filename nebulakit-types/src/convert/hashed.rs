//! A value together with the hash that caches know it by.

use super::NebulaType;
use super::msgpack::{Packer, Unpacker};
use super::reader::LiteralRef;
use super::shapes::Shapes;
use super::writer::Encoder;
use crate::convert::kind::Kind;
use crate::{Dialect, LiteralType, Result};

/// A value that caches tell from others by `hash` alone, as Python's `Annotated[T, HashMethod(..)]`.
///
/// The platform replaces the literal by its hash when it computes a cache key, also for elements of lists and maps. The type stays
/// that of `T`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hashed<T> {
    /// The value.
    pub value: T,
    /// Its hash; [`None`] when a sender gave none.
    pub hash: Option<String>,
}

impl<T> Hashed<T> {
    /// A value and its hash.
    pub fn new(value: T, hash: impl Into<String>) -> Self {
        Self { value, hash: Some(hash.into()) }
    }
}

impl<T: NebulaType> NebulaType for Hashed<T> {
    const TAG: &'static str = T::TAG;
    const IS_UNION: bool = T::IS_UNION;
    const HAS_NONE: bool = T::HAS_NONE;
    const MERGES_NONE: bool = T::MERGES_NONE;
    const KIND: Kind = T::KIND;

    fn tag(dialect: &Dialect) -> &'static str {
        T::tag(dialect)
    }

    fn literal_type(dialect: &Dialect) -> LiteralType {
        T::literal_type(dialect)
    }

    fn encode(&self, encoder: &mut Encoder) -> Result<()> {
        match &self.hash {
            Some(hash) => encoder.hashed(hash, |encoder| self.value.encode(encoder)),
            None => self.value.encode(encoder),
        }
    }

    fn decode(literal: LiteralRef<'_>) -> Result<Self> {
        Ok(Self { value: T::decode(literal)?, hash: literal.hash()?.map(str::to_owned) })
    }

    /// A field has no hash of its own: only the value is written.
    fn pack(&self, packer: &mut Packer) -> Result<()> {
        self.value.pack(packer)
    }

    fn unpack(unpacker: &mut Unpacker<'_>) -> Result<Self> {
        Ok(Self { value: T::unpack(unpacker)?, hash: None })
    }

    fn schema(dialect: &Dialect) -> serde_json::Value {
        T::schema(dialect)
    }

    fn absent() -> Option<Self> {
        T::absent().map(|value| Self { value, hash: None })
    }

    fn shapes(shapes: &mut Shapes) {
        T::shapes(shapes);
    }
}
