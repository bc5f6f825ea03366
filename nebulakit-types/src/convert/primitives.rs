//! Integers of every width, floats, strings, booleans, and the unit type.

use super::kind::Kind;
use serde_json::json;

use super::NebulaType;
use super::msgpack::{Leniency, Packed, Packer, Unpacker, whole};
use super::reader::{LiteralRef, LiteralView, copied};
use super::writer::Encoder;
use crate::literal_type::SimpleType;
use crate::{Dialect, Error, ErrorKind, LiteralType, Result};

/// Where every integer passes, so that each width adds only its own range.
fn wide(view: LiteralView<'_>) -> Result<i128> {
    match view {
        LiteralView::Integer(value) => Ok(value.into()),
        LiteralView::Float(value) => integral(value),
        LiteralView::Binary(bytes, "msgpack") => whole(bytes, wide_packed),
        other => Err(other.mismatch("an integer")),
    }
}

fn wide_packed(unpacker: &mut Unpacker<'_>) -> Result<i128> {
    let leniency = unpacker.leniency();
    match unpacker.next()? {
        Packed::Integer(value) => Ok(value.into()),
        Packed::Unsigned(value) => Ok(value.into()),
        Packed::Float(value) if leniency >= Leniency::Numbers => integral(value),
        Packed::String(text) if leniency >= Leniency::Fields => {
            text.trim().parse().map_err(|_| Packed::String(text).mismatch("an integer"))
        }
        other => Err(other.mismatch("an integer")),
    }
}

#[expect(clippy::cast_possible_truncation, reason = "the range is checked by the line before")]
fn integral(value: f64) -> Result<i128> {
    if value.fract() == 0.0 && value.abs() <= 2_f64.powi(64) {
        return Ok(value as i128);
    }
    Err(Error::new(ErrorKind::Mismatch, format!("expected an integer, found the float {value}; nothing is rounded")))
}

#[cold]
fn out_of_range(value: impl std::fmt::Display, least: impl std::fmt::Display, most: impl std::fmt::Display) -> Error {
    Error::new(ErrorKind::OutOfRange, format!("expected an integer from {least} to {most}, found {value}"))
}

macro_rules! integers {
    ($($integer:ty),*) => {$(
        impl NebulaType for $integer {
            const TAG: &'static str = "int";
            const KIND: Kind = Kind::Plain;

            fn literal_type(_: &Dialect) -> LiteralType {
                LiteralType::simple(SimpleType::Integer)
            }

            #[inline]
            fn encode(&self, encoder: &mut Encoder) -> Result<()> {
                encoder.integer(i64::try_from(*self).map_err(|_| out_of_range(self, i64::MIN, i64::MAX))?);
                Ok(())
            }

            #[inline]
            fn decode(literal: LiteralRef<'_>) -> Result<Self> {
                let view = literal.view()?;
                if let LiteralView::Integer(value) = view
                    && let Ok(value) = Self::try_from(value)
                {
                    return Ok(value);
                }
                let value = wide(view)?;
                Self::try_from(value).map_err(|_| out_of_range(value, Self::MIN, Self::MAX))
            }

            #[inline]
            fn pack(&self, packer: &mut Packer) -> Result<()> {
                match i64::try_from(*self) {
                    Ok(value) => packer.integer(value),
                    Err(_) => packer.unsigned(u64::try_from(*self).map_err(|_| out_of_range(self, i64::MIN, u64::MAX))?),
                }
                Ok(())
            }

            #[inline]
            fn unpack(unpacker: &mut Unpacker<'_>) -> Result<Self> {
                if let Some(value) = unpacker.small_integer() {
                    return Ok(value);
                }
                let value = wide_packed(unpacker)?;
                Self::try_from(value).map_err(|_| out_of_range(value, Self::MIN, Self::MAX))
            }

            fn schema(_: &Dialect) -> serde_json::Value {
                json!({ "type": "integer" })
            }
        }
    )*};
}

integers!(i8, i16, i32, i64, isize, u8, u16, u32, u64, usize);

impl NebulaType for f64 {
    const TAG: &'static str = "float";
    const KIND: Kind = Kind::Plain;

    fn literal_type(_: &Dialect) -> LiteralType {
        LiteralType::simple(SimpleType::Float)
    }

    #[inline]
    fn encode(&self, encoder: &mut Encoder) -> Result<()> {
        encoder.float(*self);
        Ok(())
    }

    #[inline]
    fn decode(literal: LiteralRef<'_>) -> Result<Self> {
        match literal.view()? {
            LiteralView::Float(value) => Ok(value),
            LiteralView::Integer(value) => exact_float(value.into()),
            LiteralView::Binary(bytes, "msgpack") => whole(bytes, Self::unpack),
            other => Err(other.mismatch("a float")),
        }
    }

    #[inline]
    fn pack(&self, packer: &mut Packer) -> Result<()> {
        packer.float(*self);
        Ok(())
    }

    #[inline]
    fn unpack(unpacker: &mut Unpacker<'_>) -> Result<Self> {
        let leniency = unpacker.leniency();
        match unpacker.next()? {
            Packed::Float(value) => Ok(value),
            Packed::Integer(value) if leniency >= Leniency::Numbers => exact_float(value.into()),
            Packed::Unsigned(value) if leniency >= Leniency::Numbers => exact_float(value.into()),
            other => special(other, leniency),
        }
    }

    fn schema(_: &Dialect) -> serde_json::Value {
        json!({ "type": "number" })
    }
}

/// The floats that JSON has no numbers for, as far as their text says which one they are.
fn special(packed: Packed<'_>, leniency: Leniency) -> Result<f64> {
    match packed {
        Packed::String("NaN") if leniency >= Leniency::Fields => Ok(f64::NAN),
        Packed::String("Infinity") if leniency >= Leniency::Fields => Ok(f64::INFINITY),
        Packed::String("-Infinity") if leniency >= Leniency::Fields => Ok(f64::NEG_INFINITY),
        Packed::Nil => Err(Error::new(
            ErrorKind::Mismatch,
            "expected a float, found none, which pydantic also writes for NaN and infinities; declare it an `Option` to take them",
        )),
        other => Err(other.mismatch("a float")),
    }
}

#[expect(clippy::cast_precision_loss, clippy::cast_possible_truncation, reason = "the way back shows whether anything was lost")]
fn exact_float(value: i128) -> Result<f64> {
    let float = value as f64;
    if float as i128 == value {
        return Ok(float);
    }
    Err(Error::new(ErrorKind::OutOfRange, format!("the integer {value} has no exact 64-bit float")))
}

#[expect(clippy::cast_precision_loss, clippy::cast_possible_truncation, reason = "the way back shows whether anything was lost")]
fn exact_narrow(value: i128) -> Result<f32> {
    let float = value as f32;
    if float as i128 == value {
        return Ok(float);
    }
    Err(Error::new(ErrorKind::OutOfRange, format!("the integer {value} has no exact 32-bit float")))
}

/// Written as the 64-bit float of the same value. Reading rounds a float to the nearest 32-bit float; an integer that has no exact one is an
/// error.
impl NebulaType for f32 {
    const TAG: &'static str = f64::TAG;
    const KIND: Kind = Kind::Plain;

    fn literal_type(dialect: &Dialect) -> LiteralType {
        f64::literal_type(dialect)
    }

    fn encode(&self, encoder: &mut Encoder) -> Result<()> {
        f64::from(*self).encode(encoder)
    }

    fn decode(literal: LiteralRef<'_>) -> Result<Self> {
        match literal.view()? {
            LiteralView::Float(value) => narrow(value),
            LiteralView::Integer(value) => exact_narrow(value.into()),
            LiteralView::Binary(bytes, "msgpack") => whole(bytes, Self::unpack),
            other => Err(other.mismatch("a float")),
        }
    }

    fn pack(&self, packer: &mut Packer) -> Result<()> {
        f64::from(*self).pack(packer)
    }

    fn unpack(unpacker: &mut Unpacker<'_>) -> Result<Self> {
        let leniency = unpacker.leniency();
        match unpacker.next()? {
            Packed::Float(value) => narrow(value),
            Packed::Integer(value) if leniency >= Leniency::Numbers => exact_narrow(value.into()),
            Packed::Unsigned(value) if leniency >= Leniency::Numbers => exact_narrow(value.into()),
            other => special(other, leniency).and_then(narrow),
        }
    }

    fn schema(dialect: &Dialect) -> serde_json::Value {
        f64::schema(dialect)
    }
}

#[expect(clippy::cast_possible_truncation, reason = "rounding is what an f32 parameter asks for; overflow is checked")]
fn narrow(value: f64) -> Result<f32> {
    let narrow = value as f32;
    if narrow.is_infinite() && value.is_finite() {
        return Err(Error::new(ErrorKind::OutOfRange, format!("expected a float from {} to {}, found {value}", f32::MIN, f32::MAX)));
    }
    Ok(narrow)
}

impl NebulaType for bool {
    const TAG: &'static str = "bool";
    const KIND: Kind = Kind::Plain;

    fn literal_type(_: &Dialect) -> LiteralType {
        LiteralType::simple(SimpleType::Boolean)
    }

    fn encode(&self, encoder: &mut Encoder) -> Result<()> {
        encoder.boolean(*self);
        Ok(())
    }

    fn decode(literal: LiteralRef<'_>) -> Result<Self> {
        match literal.view()? {
            LiteralView::Boolean(value) => Ok(value),
            LiteralView::Binary(bytes, "msgpack") => whole(bytes, Self::unpack),
            other => Err(other.mismatch("a boolean")),
        }
    }

    fn pack(&self, packer: &mut Packer) -> Result<()> {
        packer.boolean(*self);
        Ok(())
    }

    fn unpack(unpacker: &mut Unpacker<'_>) -> Result<Self> {
        let leniency = unpacker.leniency();
        match unpacker.next()? {
            Packed::Boolean(value) => Ok(value),
            Packed::Integer(value @ (0 | 1)) if leniency >= Leniency::Fields => Ok(value == 1),
            other => Err(other.mismatch("a boolean")),
        }
    }

    fn schema(_: &Dialect) -> serde_json::Value {
        json!({ "type": "boolean" })
    }
}

impl NebulaType for String {
    const TAG: &'static str = "str";
    const KIND: Kind = Kind::Plain;

    fn literal_type(_: &Dialect) -> LiteralType {
        LiteralType::simple(SimpleType::String)
    }

    fn encode(&self, encoder: &mut Encoder) -> Result<()> {
        encoder.string(self);
        Ok(())
    }

    fn decode(literal: LiteralRef<'_>) -> Result<Self> {
        if let Some(text) = literal.long_text() {
            return copied(text);
        }
        match literal.view()? {
            LiteralView::String(value) => Ok(value.to_owned()),
            LiteralView::Binary(bytes, "msgpack") => whole(bytes, Self::unpack),
            other => Err(other.mismatch("a string")),
        }
    }

    fn pack(&self, packer: &mut Packer) -> Result<()> {
        packer.string(self)
    }

    fn unpack(unpacker: &mut Unpacker<'_>) -> Result<Self> {
        match unpacker.next()? {
            Packed::String(value) => Ok(value.to_owned()),
            other => Err(other.mismatch("a string")),
        }
    }

    fn schema(_: &Dialect) -> serde_json::Value {
        json!({ "type": "string" })
    }
}

/// No value: what Python calls `None` as a type.
impl NebulaType for () {
    const TAG: &'static str = "none";
    const HAS_NONE: bool = true;
    const IS_NOTHING: bool = true;
    const KIND: Kind = Kind::None;

    fn literal_type(_: &Dialect) -> LiteralType {
        LiteralType::simple(SimpleType::None)
    }

    fn encode(&self, encoder: &mut Encoder) -> Result<()> {
        encoder.none();
        Ok(())
    }

    fn decode(literal: LiteralRef<'_>) -> Result<Self> {
        match literal.view()? {
            LiteralView::None => Ok(()),
            LiteralView::Binary(bytes, "msgpack") => whole(bytes, Self::unpack),
            other => Err(other.mismatch("none")),
        }
    }

    fn pack(&self, packer: &mut Packer) -> Result<()> {
        packer.nil();
        Ok(())
    }

    fn unpack(unpacker: &mut Unpacker<'_>) -> Result<Self> {
        match unpacker.next()? {
            Packed::Nil => Ok(()),
            other => Err(other.mismatch("none")),
        }
    }

    fn schema(_: &Dialect) -> serde_json::Value {
        json!({ "type": "null" })
    }
}
