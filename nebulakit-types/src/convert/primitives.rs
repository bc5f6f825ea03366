//! Integers of every width, floats, strings, booleans, bytes, and the unit type.

use std::sync::LazyLock;

use base64::alphabet;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};
use base64::engine::{DecodePaddingMode, Engine as _};
use bytes::Bytes;
use serde_json::json;

use super::NebulaType;
use super::msgpack::{Leniency, Packed, Packer, Unpacker, whole};
use super::pickle::{self, Pickle};
use super::reader::{LiteralRef, LiteralView, PYTHON_PICKLE, Place, copied};
use super::writer::Encoder;
use crate::dialect::StructStructure;
use crate::literal_type::SimpleType;
use crate::storage::shown;
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

/// The one `bytes` object of a pickle.
fn from_pickle(bytes: &[u8]) -> Result<Bytes> {
    let found = match pickle::read(bytes) {
        Some(Pickle::Bytes(content)) => return Ok(Bytes::from(content.into_owned())),
        Some(Pickle::Other(Some(class))) => format!("a pickle of something else than `bytes` (`{class}`)"),
        Some(Pickle::Other(None)) => "a pickle of something else than `bytes`".to_owned(),
        None => "a file of Python's that is not a pickle".to_owned(),
    };
    Err(Error::new(ErrorKind::Mismatch, format!("expected bytes, found {found}")))
}

/// Both alphabets, with padding or without.
static BASE64: LazyLock<GeneralPurpose> = LazyLock::new(|| {
    GeneralPurpose::new(&alphabet::STANDARD, GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent))
});

/// The bytes that JSON-based senders write as base64: Python's `encodebytes` breaks the lines, others have the alphabet of URLs.
fn from_base64(text: &str) -> Result<Bytes> {
    let plain = |byte: u8| match byte {
        b'-' => b'+',
        b'_' => b'/',
        byte => byte,
    };
    let joined: Vec<_> = text.bytes().filter(|byte| !matches!(byte, b'\n' | b'\r')).map(plain).collect();
    BASE64
        .decode(joined)
        .map(Bytes::from)
        .map_err(|error| Error::new(ErrorKind::Mismatch, "expected bytes or base64 text").with_source(error))
}

/// Plain bytes: a binary literal with an empty tag, msgpack's own bytes inside structs (where base64 text is read too), text in UTF-8 inside
/// pydantic models.
impl NebulaType for Bytes {
    const TAG: &'static str = "bytes";

    fn literal_type(_: &Dialect) -> LiteralType {
        LiteralType::simple(SimpleType::Binary)
    }

    /// Bytes that would be read as a pickle go out as the pickle of them.
    fn encode(&self, encoder: &mut Encoder) -> Result<()> {
        match pickle::read(self) {
            None => encoder.binary(self, ""),
            Some(_) => encoder.binary(&pickle::write(self), ""),
        }
        Ok(())
    }

    fn decode(literal: LiteralRef<'_>) -> Result<Self> {
        match literal.view()? {
            LiteralView::Binary(bytes, "") => match pickle::read(bytes) {
                Some(_) => from_pickle(bytes),
                None => Ok(Self::copy_from_slice(bytes)),
            },
            // A large one of Python's.
            LiteralView::Blob(blob) if Place::of(blob)?.format == PYTHON_PICKLE => {
                let uri = Place::of(blob)?.uri;
                let missing =
                    || Error::new(ErrorKind::NotFetched, format!("the value is pickled in `{}`, which has not been fetched", shown(uri)));
                from_pickle(literal.references().get(uri).ok_or_else(missing)?)
            }
            LiteralView::Binary(bytes, "msgpack") => whole(bytes, Self::unpack),
            LiteralView::Binary(_, tag) => {
                Err(Error::new(ErrorKind::Mismatch, format!("expected plain bytes, found binary data with the tag `{tag}`")))
            }
            other => Err(other.mismatch("bytes")),
        }
    }

    /// # Errors
    /// Bytes that are not UTF-8, in a pydantic model on Flyte 1: neither it nor its reader has a form for them.
    fn pack(&self, packer: &mut Packer) -> Result<()> {
        if !packer.is_pydantic() {
            return packer.binary(self);
        }
        match std::str::from_utf8(self) {
            Ok(text) => packer.string(text),
            Err(_) if packer.dialect().struct_structure == StructStructure::Tag => packer.binary(self),
            Err(error) => Err(Error::new(
                ErrorKind::Unencodable,
                format!("a pydantic model holds bytes as UTF-8 text, which these are not from byte {} on", error.valid_up_to()),
            )),
        }
    }

    fn unpack(unpacker: &mut Unpacker<'_>) -> Result<Self> {
        match unpacker.next()? {
            Packed::Binary(bytes) => Ok(Self::copy_from_slice(bytes)),
            Packed::String(text) if unpacker.is_pydantic => Ok(Self::copy_from_slice(text.as_bytes())),
            Packed::String(text) => from_base64(text),
            other => Err(other.mismatch("bytes")),
        }
    }

    fn schema(_: &Dialect) -> serde_json::Value {
        json!({ "type": "string", "format": "base64" })
    }
}
