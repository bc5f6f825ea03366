//! Proto3 JSON to wire bytes: the way back.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use prost::encoding::{encode_key, encode_varint};
use serde_json::{Map, Value};

use crate::error::{Error, ErrorKind, Result};
use crate::instant::Instant;
use crate::message::MAX_NESTED_MESSAGES;
use crate::wire::describe::{Field, Form, Kind, MessageFields, Shape};

/// Encodes a message; `deeper` is how many levels of messages may be in it.
pub(super) fn message(value: &Value, message: &'static MessageFields, deeper: usize) -> Result<Vec<u8>> {
    let reading = Reading { message, deeper };
    let mut out = Vec::new();
    match message.form {
        Form::Object => reading.object(object(value, message.name)?, &mut out)?,
        Form::Timestamp => {
            let instant = Instant::parse(text(value, "an instant as text")?)?;
            reading.times(instant.seconds(), instant.nanos().into(), &mut out);
        }
        Form::Duration => {
            let (seconds, nanos) = duration(text(value, "a duration as text")?)?;
            reading.times(seconds, nanos, &mut out);
        }
        Form::Struct => reading.map(&message.fields[0], value, &mut out)?,
        Form::List => reading.list(&message.fields[0], value, &mut out)?,
        Form::Wrapper => reading.value(&message.fields[0], value, &mut out)?,
        Form::Value => reading.any(value, &mut out)?,
    }
    Ok(out)
}

#[derive(Clone, Copy)]
struct Reading {
    message: &'static MessageFields,
    deeper: usize,
}

impl Reading {
    fn object(self, given: &Map<String, Value>, out: &mut Vec<u8>) -> Result<()> {
        let mut chosen: Vec<(u8, &str)> = Vec::new();
        for (key, value) in given {
            let field = self.message.fields.iter().find(|field| field.json_name == key);
            let field = field.ok_or_else(|| mismatch(format!("`{}` has no field `{key}`", self.message.name)))?;
            // Null stands for what is not there, except where it is a value.
            if value.is_null() && !matches!(field.kind, Kind::Message(MessageFields { form: Form::Value, .. })) {
                continue;
            }
            if let Shape::OneOf(oneof) = field.shape {
                if let Some((_, other)) = chosen.iter().find(|(known, _)| *known == oneof) {
                    return Err(mismatch(format!("`{}` is one of `{other}` and `{key}`, not both", self.message.name)));
                }
                chosen.push((oneof, field.json_name));
            }
            let written = match field.shape {
                Shape::Map => self.map(field, value, out),
                Shape::Repeated => self.list(field, value, out),
                Shape::Single | Shape::OneOf(_) => self.value(field, value, out),
            };
            written.map_err(|error| error.at_field(key))?;
        }
        Ok(())
    }

    fn map(self, field: &Field, value: &Value, out: &mut Vec<u8>) -> Result<()> {
        let inside = self.inside()?;
        for (key, value) in object(value, self.message.name)? {
            let mut entry = Vec::new();
            delimited(1, key.as_bytes(), &mut entry);
            let held = Field { number: 2, json_name: field.json_name, shape: Shape::OneOf(0), kind: field.kind };
            inside.value(&held, value, &mut entry).map_err(|error| error.at_key(key))?;
            delimited(field.number, &entry, out);
        }
        Ok(())
    }

    fn list(self, field: &Field, value: &Value, out: &mut Vec<u8>) -> Result<()> {
        let Value::Array(elements) = value else { return Err(mismatch("expected a list".to_owned())) };
        for (index, element) in elements.iter().enumerate() {
            self.value(field, element, out).map_err(|error| error.at_index(index))?;
        }
        Ok(())
    }

    fn inside(self) -> Result<Self> {
        let deeper = self.deeper.checked_sub(1).ok_or_else(|| {
            Error::new(ErrorKind::TooDeep, format!("`{}` nested deeper than {MAX_NESTED_MESSAGES} messages", self.message.name))
        })?;
        Ok(Self { deeper, ..self })
    }

    /// A value of `google.protobuf.Value`: the field that JSON's own types choose.
    fn any(self, value: &Value, out: &mut Vec<u8>) -> Result<()> {
        let name = match value {
            Value::Null => "nullValue",
            Value::Bool(_) => "boolValue",
            Value::Number(_) => "numberValue",
            Value::String(_) => "stringValue",
            Value::Array(_) => "listValue",
            Value::Object(_) => "structValue",
        };
        let field = self.message.fields.iter().find(|field| field.json_name == name).expect("`Value` has a field for each type of JSON");
        if value.is_null() {
            varint(field.number, 0, out);
            return Ok(());
        }
        self.value(field, value, out)
    }

    fn value(self, field: &Field, value: &Value, out: &mut Vec<u8>) -> Result<()> {
        let number = field.number;
        match field.kind {
            Kind::Bool => {
                let value = value.as_bool().ok_or_else(|| mismatch("expected `true` or `false`".to_owned()))?;
                varint(number, value.into(), out);
            }
            Kind::Int32 => varint(number, i64::from(integer::<i32>(value)?).cast_unsigned(), out),
            Kind::Int64 => varint(number, integer::<i64>(value)?.cast_unsigned(), out),
            Kind::Uint32 => varint(number, integer::<u32>(value)?.into(), out),
            Kind::Uint64 => varint(number, integer::<u64>(value)?, out),
            Kind::Double => {
                encode_key(number, prost::encoding::WireType::SixtyFourBit, out);
                out.extend_from_slice(&double(value)?.to_le_bytes());
            }
            Kind::String => delimited(number, text(value, "a text")?.as_bytes(), out),
            Kind::Bytes => {
                let bytes = STANDARD.decode(text(value, "bytes in base64")?);
                delimited(number, &bytes.map_err(|source| mismatch("expected bytes in base64".to_owned()).with_source(source))?, out);
            }
            Kind::Enum(names) => {
                let value = match value {
                    Value::String(name) => names.iter().find(|(_, known)| known == name).map(|(number, _)| *number),
                    value => Some(integer::<i32>(value)?),
                };
                let value = value.ok_or_else(|| {
                    let known: Vec<_> = names.iter().map(|(_, name)| *name).collect();
                    mismatch(format!("expected one of {}", known.join(", ")))
                })?;
                varint(number, i64::from(value).cast_unsigned(), out);
            }
            Kind::Message(inner) => delimited(number, &message(value, inner, self.inside()?.deeper)?, out),
        }
        Ok(())
    }

    /// The parts of a point in time or a duration.
    fn times(self, seconds: i64, nanos: i64, out: &mut Vec<u8>) {
        varint(1, seconds.cast_unsigned(), out);
        varint(2, nanos.cast_unsigned(), out);
    }
}

fn varint(number: u32, value: u64, out: &mut Vec<u8>) {
    encode_key(number, prost::encoding::WireType::Varint, out);
    encode_varint(value, out);
}

fn delimited(number: u32, bytes: &[u8], out: &mut Vec<u8>) {
    encode_key(number, prost::encoding::WireType::LengthDelimited, out);
    encode_varint(bytes.len() as u64, out);
    out.extend_from_slice(bytes);
}

fn mismatch(message: String) -> Error {
    Error::new(ErrorKind::Mismatch, message)
}

fn object<'v>(value: &'v Value, name: &str) -> Result<&'v Map<String, Value>> {
    value.as_object().ok_or_else(|| mismatch(format!("expected an object for `{name}`")))
}

fn text<'v>(value: &'v Value, what: &str) -> Result<&'v str> {
    value.as_str().ok_or_else(|| mismatch(format!("expected {what}")))
}

/// An integer as a number, also one with a fraction of zero, or as text.
fn integer<T: TryFrom<i128>>(value: &Value) -> Result<T> {
    let integer = match value {
        Value::String(text) => text.parse().ok(),
        #[expect(clippy::cast_possible_truncation, reason = "the number is whole, and of no more than 2^63")]
        Value::Number(number) => number.as_i64().map(i128::from).or_else(|| number.as_u64().map(i128::from)).or_else(|| {
            let number = number.as_f64()?;
            (number.fract() == 0.0 && number.abs() <= 9.3e18).then_some(number as i128)
        }),
        _ => None,
    };
    let integer = integer.ok_or_else(|| mismatch("expected a whole number".to_owned()))?;
    T::try_from(integer).map_err(|_| Error::new(ErrorKind::OutOfRange, format!("{integer} is too large or too small")))
}

fn double(value: &Value) -> Result<f64> {
    let double = match value {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => match text.as_str() {
            "NaN" => Some(f64::NAN),
            "Infinity" => Some(f64::INFINITY),
            "-Infinity" => Some(f64::NEG_INFINITY),
            text => text.parse().ok().filter(|number: &f64| number.is_finite()),
        },
        _ => None,
    };
    double.ok_or_else(|| mismatch("expected a number".to_owned()))
}

/// `-1.5s`: whole seconds, up to nine digits of a second, both of one sign.
fn duration(text: &str) -> Result<(i64, i64)> {
    let wrong = || mismatch("expected a duration such as `1.5s`".to_owned());
    let is_digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let number = text.strip_suffix('s').ok_or_else(wrong)?;
    let (sign, number) = number.strip_prefix('-').map_or((1, number), |number| (-1, number));
    let (seconds, fraction) = number.split_once('.').unwrap_or((number, "0"));
    if !is_digits(seconds) || !is_digits(fraction) || fraction.len() > 9 {
        return Err(wrong());
    }
    let seconds: i64 = seconds.parse().map_err(|_| wrong())?;
    let nanos: i64 = format!("{fraction:0<9}").parse().map_err(|_| wrong())?;
    Ok((sign * seconds, sign * nanos))
}
