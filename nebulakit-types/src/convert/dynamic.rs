//! Values without a declared type as a Flyte type: [`Untyped`], and JSON.

use super::msgpack::{Packer, Unpacker};
use super::reader::{LiteralRef, LiteralView, MAX_DEPTH, deeper};
use super::structlike::unpack_literal;
use super::untyped::Untyped;
use super::writer::Encoder;
use super::{NebulaType, untyped_type};
use crate::convert::kind::Kind;
use crate::{Dialect, LiteralType, Result};

impl NebulaType for Untyped {
    const TAG: &'static str = "Typed Dict";
    const KIND: Kind = Kind::Struct;

    fn literal_type(_: &Dialect) -> LiteralType {
        untyped_type()
    }

    fn encode(&self, encoder: &mut Encoder) -> Result<()> {
        encoder.msgpack(|packer| self.pack_into(packer))
    }

    fn decode(literal: LiteralRef<'_>) -> Result<Self> {
        decode_at(literal, MAX_DEPTH)
    }

    fn pack(&self, packer: &mut Packer) -> Result<()> {
        self.pack_into(packer)
    }

    fn unpack(unpacker: &mut Unpacker<'_>) -> Result<Self> {
        Self::unpack_at(unpacker, MAX_DEPTH)
    }

    fn schema(_: &Dialect) -> serde_json::Value {
        serde_json::json!({ "type": "object" })
    }
}

/// JSON of no declared type; travels as [`Untyped`] does.
impl NebulaType for serde_json::Value {
    const TAG: &'static str = "Typed Dict";
    const KIND: Kind = Kind::Struct;

    fn literal_type(dialect: &Dialect) -> LiteralType {
        Untyped::literal_type(dialect)
    }

    fn encode(&self, encoder: &mut Encoder) -> Result<()> {
        encoder.msgpack(|packer| self.pack(packer))
    }

    fn decode(literal: LiteralRef<'_>) -> Result<Self> {
        Self::try_from(Untyped::decode(literal)?)
    }

    fn pack(&self, packer: &mut Packer) -> Result<()> {
        Untyped::from(self.clone()).pack_into(packer)
    }

    fn unpack(unpacker: &mut Unpacker<'_>) -> Result<Self> {
        Self::try_from(Untyped::unpack(unpacker)?)
    }

    fn schema(dialect: &Dialect) -> serde_json::Value {
        Untyped::schema(dialect)
    }
}

fn decode_at(literal: LiteralRef<'_>, depth: usize) -> Result<Untyped> {
    Ok(match literal.view()? {
        // What attribute access on an untyped value gives: plain values as they are, lists as lists of msgpack.
        LiteralView::None => Untyped::Null,
        LiteralView::Boolean(value) => Untyped::Bool(value),
        LiteralView::Integer(value) => Untyped::Int(value),
        LiteralView::Float(value) => Untyped::Float(value),
        LiteralView::String(value) => Untyped::String(value.to_owned()),
        LiteralView::Collection(mut elements) => {
            let depth = deeper(depth)?;
            let mut values = Vec::new();
            while let Some(element) = elements.next()? {
                values.push(decode_at(element, depth).map_err(|error| error.at_index(values.len()))?);
            }
            Untyped::List(values)
        }
        _ => unpack_literal(literal, "an untyped value", |unpacker| Untyped::unpack_at(unpacker, depth))?,
    })
}
